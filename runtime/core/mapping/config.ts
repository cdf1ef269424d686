/**
 * What a person configures about the fields of one collection at one account, and everything that can
 * be wrong with it before the first value is read. All mistakes are told at once.
 */
import { z } from 'zod';

import { TributaryError } from '../errors.ts';
import { isName } from '../values/kind.ts';
import { kinds, kindSpec } from '../values/kinds.ts';
import type { KindName } from '../values/kinds.ts';
import type { MoneyOptions } from '../values/numbers.ts';
import type { CompositeOptions, KindSpec } from '../values/structures.ts';
import { vendorText } from '../values/vendor-text.ts';
import { transformConfig } from './transforms.ts';
import type { TransformConfig } from './transforms.ts';

const PATH_EXPECTED = 'a path is names with dots between them, such as emails.primaryEmail';

/** Where a value stands at the vendor, and in which form. */
const place = {
  /** Names with dots between them: `emails.primaryEmail`. */
  path: z.string(),
  /** In the order of reading. */
  transforms: z.array(transformConfig).optional(),
  /** The vendor's values and ours. Where several of theirs mean one of ours, one has `write: true`. */
  values: z
    .array(
      z.strictObject({
        remote: z.union([z.string(), z.number(), z.boolean()]),
        value: z.union([z.string(), z.boolean()]),
        write: z.literal(true).optional(),
      }),
    )
    .min(1)
    .optional(),
  /** For values without a row: report them and leave the field alone, or let them through as they are. */
  otherValues: z.enum(['hold', 'pass']).optional(),
  /** What besides `null` and blank text counts as cleared here. */
  clearedBy: z.array(z.enum(['emptyList', 'emptyObject', 'absent'])).optional(),
  /** What is written to clear it; `leave` writes nothing, for parts such as a currency. */
  writeCleared: z
    .union([
      z.null(),
      z.literal(''),
      z.tuple([]),
      z.strictObject({}),
      z.strictObject({ leave: z.literal(true) }),
    ])
    .optional(),
};

const placeConfig = z.strictObject({ ...place, path: place.path.refine(isPath, PATH_EXPECTED) });

const fieldConfig = z
  .strictObject({
    ...place,
    path: place.path.refine(isPath, PATH_EXPECTED).optional(),
    /** Instead of a path: where each part of the value stands. */
    parts: z.record(z.string(), placeConfig).optional(),
    kind: z.enum(Object.keys(kinds) as [KindName, ...KindName[]]),
    options: z.unknown().optional(),
    /** `both` ways · `in` only read here · `out` only written here · `off`. */
    direction: z.enum(['both', 'in', 'out', 'off']).optional(),
    /** How the vendor respells what it is sent. */
    vendor: vendorText.optional(),
    /** Canonical values that must survive the way there and back. */
    samples: z.array(z.json()).optional(),
  })
  .superRefine((field, context) => {
    const { kind, options, path, parts } = field;
    const checked = kindSpec.safeParse({ kind, options });
    for (const { path: at, message } of checked.error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: [...at], message });
    }
    if ((path === undefined) === (parts === undefined)) {
      const message = 'a field has either a path or parts';
      context.addIssue({ code: 'custom', path: ['path'], message });
    }
    for (const setting of ['values', 'otherValues', 'clearedBy', 'writeCleared'] as const) {
      if (parts === undefined || field[setting] === undefined) continue;
      const message = 'of a field in parts, each part has its own';
      context.addIssue({ code: 'custom', path: [setting], message });
    }
    if (!checked.success) return;
    for (const { at, what } of problemsWithForm(field)) {
      context.addIssue({ code: 'custom', path: at, message: what });
    }
  });

export const mappingConfig = z.strictObject({
  /** What it means that a mapped path is not in a read. Vendors that leave empty members out: `cleared`. */
  absent: z.enum(['unknown', 'cleared']).optional(),
  /** Objects that the vendor replaces as a whole, so that neighbours have to be sent along. */
  replacedWhole: z.array(z.string().refine(isPath, PATH_EXPECTED)).optional(),
  fields: z.record(z.string().refine(isName, 'a field is named by a word'), fieldConfig),
});

export type MappingConfig = z.infer<typeof mappingConfig>;
export type FieldConfig = z.infer<typeof fieldConfig>;
export type PlaceConfig = z.infer<typeof placeConfig>;

/** One mistake in a configuration. */
export interface ConfigProblem {
  /** Where: `fields.email.path`. */
  readonly path: string;
  readonly what: string;
  readonly next: string;
}

export class MappingError extends TributaryError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const list = problems.map(({ path, what, next }) => `${path}: ${what}. ${next}`).join('\n');
    super('mapping-invalid', {
      what: `The field mapping cannot be used; ${problems.length} to correct:\n${list}\n`,
      next: 'Correct the mapping of the sync. Until then nothing is read or written with it.',
    });
    this.name = 'MappingError';
    this.problems = problems;
  }
}

/** The configuration as it should be, or all that is wrong with its form. */
export function readConfig(config: unknown): MappingConfig | readonly ConfigProblem[] {
  const checked = mappingConfig.safeParse(config);
  if (checked.success) return checked.data;
  return checked.error.issues.map((issue) => ({
    path: issue.path.map(String).join('.') || 'mapping',
    what:
      issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message,
    next:
      issue.code === 'unrecognized_keys'
        ? 'Remove it, or correct its name.'
        : 'Correct the setting, or leave it out if it is optional.',
  }));
}

/** The parts that a field of this kind has, by name. */
export function partSpecs({ kind, options }: KindSpec): Readonly<Record<string, KindSpec>> {
  if (kind === 'composite') return (options as CompositeOptions).parts;
  if (kind === 'money') return { amount: { kind: 'number' }, currency: { kind: 'text' } };
  if (kind === 'zonedDateTime') return { instant: { kind: 'text' }, zone: { kind: 'text' } };
  return {};
}

interface FieldForm extends KindSpec {
  readonly direction?: string | undefined;
  readonly transforms?: readonly TransformConfig[] | undefined;
  readonly parts?: Readonly<Record<string, Pick<PlaceConfig, 'transforms'>>> | undefined;
}

interface FormProblem {
  readonly at: string[];
  readonly what: string;
}

/** Which kinds a step can serve; the others serve any. */
const KINDS_SERVED: Partial<Record<TransformConfig['use'], readonly string[]>> = {
  scale: ['number'],
  jsonNumber: ['number', 'enum', 'reference'],
  jsonText: ['json', 'composite', 'set'],
  list: ['set'],
  items: ['set'],
  case: ['text', 'enum'],
  fullName: ['composite'],
  phoneParts: ['phone'],
  e164: ['phone'],
  dayStart: ['date'],
  instant: ['date', 'dateTime'],
};

function problemsWithForm(field: FieldForm): FormProblem[] {
  const specs = partSpecs(field);
  const atParts = Object.entries(field.parts ?? {}).flatMap(([name, part]) => {
    const at = ['parts', name, 'transforms'];
    return problemsWithSteps(part.transforms, specs[name]?.kind ?? 'text', at);
  });
  return [
    ...problemsWithSteps(field.transforms, field.kind, ['transforms']),
    ...problemsWithNames(field, specs),
    ...problemsWithParts(field, specs),
    ...atParts,
  ];
}

function problemsWithSteps(
  steps: readonly TransformConfig[] = [],
  kind: string,
  at: string[],
): FormProblem[] {
  return steps.flatMap(({ use }, index) => {
    const served = KINDS_SERVED[use];
    if (served === undefined || served.includes(kind)) return [];
    return [
      { at: [...at, String(index)], what: `${use} is for ${served.join(', ')}, not for ${kind}` },
    ];
  });
}

function problemsWithNames(field: FieldForm, specs: object): FormProblem[] {
  const splits = field.transforms?.some(({ use }) => use === 'fullName') === true;
  const names = Object.keys(specs).toSorted().join(', ');
  if (!splits || names === 'family, given') return [];
  return [{ at: ['options', 'parts'], what: 'fullName needs exactly the parts given and family' }];
}

function problemsWithParts(field: FieldForm, specs: object): FormProblem[] {
  const at = ['parts'];
  if (field.parts === undefined) {
    if (field.kind !== 'money' || field.direction === 'in') return [];
    return [{ at, what: 'a money that is written needs parts, amount and currency' }];
  }
  const names = Object.keys(field.parts);
  const joins = field.transforms?.some(({ use }) => use === 'phoneParts') === true;
  const all = joins ? ['number', 'callingCode', 'country'] : Object.keys(specs);
  if (all.length === 0) return [{ at, what: `a ${field.kind} has no parts; give it a path` }];
  const optional = joins ? 'country' : hasFixedCurrency(field) ? 'currency' : undefined;
  const fits =
    names.every((name) => all.includes(name)) &&
    all.every((name) => names.includes(name) || name === optional);
  return fits ? [] : [{ at, what: `the parts have to be ${all.join(', ')}` }];
}

/** Where the vendor has amounts of one currency only, and does not say which. */
function hasFixedCurrency({ kind, options }: KindSpec): boolean {
  return kind === 'money' && (options as MoneyOptions | undefined)?.currency !== undefined;
}

function isPath(path: string): boolean {
  const names = path.split('.');
  return names.every((name) => name.trim() !== '' && !DANGEROUS_NAMES.has(name));
}

const DANGEROUS_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
