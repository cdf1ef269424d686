/**
 * Values that choose, collect or point: boolean, enum, set, composite and reference.
 *
 * Sets and composites are made of other kinds, so they are built by `kinds.ts`, which knows them all.
 */
import { z } from 'zod';

import { canonicalText } from '../value.ts';
import type { Value } from '../value.ts';
import { CLEARED, isName, isRecord, refused, typeName, understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { parseText } from './text.ts';

/** Another kind with its options, as it stands in a configuration. */
export interface KindSpec {
  readonly kind: string;
  readonly options?: unknown;
}

/** `true` and `false`, also as text or as 1 and 0; every other pair of words needs a value table. */
export const boolean: Kind<Record<string, never>> = {
  options: z.strictObject({}),
  parse(raw) {
    if (typeof raw === 'boolean') return understood(raw);
    return parseText(raw, (text) => {
      const word = text.toLowerCase();
      if (word === 'true' || word === '1') return understood(true);
      if (word === 'false' || word === '0') return understood(false);
      return refused('boolean-invalid', 'neither true nor false');
    });
  },
};

export interface EnumOptions {
  /** The options the field knows; any text where not given. */
  readonly values?: readonly string[] | undefined;
  /** Other names for options: alias to option. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
}

/** One option, compared to the letter. */
export const enumeration: Kind<EnumOptions> = {
  options: z
    .strictObject({
      values: z.array(z.string().min(1)).min(1).optional(),
      aliases: z.record(z.string(), z.string()).optional(),
    })
    .refine(
      ({ values, aliases = {} }) =>
        Object.values(aliases).every((option) => values?.includes(option) ?? !(option in aliases)),
      'an alias has to name one of the values',
    ),
  parse(raw, options) {
    return parseText(raw, (text) => {
      const { values, aliases = {} } = options ?? {};
      if (values?.includes(text)) return understood(text);
      if (Object.hasOwn(aliases, text)) return understood(aliases[text] ?? text);
      return values === undefined ? understood(text) : refused('option-unknown', 'no such option');
    });
  },
};

/** The id of another record, to the letter. */
export const reference: Kind<Record<string, never>> = {
  options: z.strictObject({}),
  parse(raw) {
    return parseText(raw, (text) => {
      const isId = text.length <= 200 && !/\s/.test(text);
      return isId
        ? understood(text)
        : refused('reference-invalid', 'blanks in it, or over 200 letters');
    });
  },
};

export interface SetOptions {
  readonly element: KindSpec;
}

/**
 * Elements without order or repetition, sorted by their canonical text. An element that is blank is
 * none, and a set without elements is cleared. One element that is not understood makes the whole set
 * unknown, because a set without it would read as somebody's removal.
 */
export function setOf(
  specs: z.ZodType<KindSpec>,
  parse: (spec: KindSpec, raw: unknown) => Parsed,
): Kind<SetOptions> {
  return {
    options: z.strictObject({ element: specs }),
    parse(raw, options) {
      if (raw === null) return CLEARED;
      if (raw === undefined || options === undefined) return refused('absent', 'nothing was read');
      if (!Array.isArray(raw))
        return refused('wrong-type', `a list expected, ${typeName(raw)} found`);
      const elements = new Map<string, Value>();
      for (const one of raw as readonly unknown[]) {
        const parsed = parse(options.element, one);
        if (!parsed.ok) return parsed;
        if (parsed.value !== null) elements.set(canonicalText(parsed.value), parsed.value);
      }
      if (elements.size === 0) return CLEARED;
      const sorted = [...elements].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return understood(sorted.map(([, element]) => element));
    },
  };
}

export interface CompositeOptions {
  readonly parts: Readonly<Record<string, KindSpec>>;
}

/**
 * Named parts of one value, such as an address. Every part is there, cleared ones as `null`; when all
 * are, the whole is. Members of the vendor's object that are no parts are not mapped, so they are left
 * alone. A part that was not read makes the whole unknown.
 */
export function compositeOf(
  specs: z.ZodType<KindSpec>,
  parse: (spec: KindSpec, raw: unknown) => Parsed,
): Kind<CompositeOptions> {
  return {
    options: z.strictObject({
      parts: z
        .record(z.string().refine(isName, 'a part is named by a word'), specs)
        .refine((parts) => Object.keys(parts).length > 0, 'at least one part is needed'),
    }),
    parse(raw, options) {
      if (raw === null) return CLEARED;
      if (raw === undefined || options === undefined) return refused('absent', 'nothing was read');
      if (typeof raw === 'string' && parseText(raw, (clean) => understood(clean)) === CLEARED)
        return CLEARED;
      if (!isRecord(raw))
        return refused('wrong-type', `an object expected, ${typeName(raw)} found`);
      const parts: [string, Value][] = [];
      for (const [name, spec] of Object.entries(options.parts)) {
        const parsed = parse(spec, Object.hasOwn(raw, name) ? raw[name] : undefined);
        if (!parsed.ok) return { ...parsed, detail: `part ${name}: ${parsed.detail}` };
        parts.push([name, parsed.value]);
      }
      return parts.every(([, part]) => part === null)
        ? CLEARED
        : understood(Object.fromEntries(parts));
    },
  };
}
