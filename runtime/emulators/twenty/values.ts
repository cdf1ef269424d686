/**
 * Values as Twenty keeps them. What is empty is kept as null in every form, because versions only differ
 * in how they show it. Addresses, numbers and links are rebuilt from what was sent, so that a part which
 * is left out is lost; of other composites each part is a column of its own.
 */
import type { FieldOptions, Value } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import { ownOf, PARTS, SOURCES, type NativeType, type Part } from './fields.ts';
import { isId } from './ids.ts';
import { linkOf } from './links.ts';
import { additionalPhone, primaryPhone } from './phones.ts';

export function storedValue(field: FieldOptions, given: unknown, before: Value): Value {
  const { native } = ownOf(field);
  if (given === null || given === undefined) return null;
  const parts = PARTS[native];
  if (parts === undefined) return simple(field, native, given);
  return composite(field, { native, parts, before }, given);
}

/** Of an option that is gone, or a type that does not fit, nothing is left. */
export function retypedValue(field: FieldOptions, value: Value): Value {
  for (const candidate of [
    value,
    typeof value === 'object' ? null : String(value),
    Number(value),
  ]) {
    try {
      return storedValue(field, candidate, null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  return null;
}

function simple(field: FieldOptions, native: NativeType, given: unknown): Value {
  switch (native) {
    case 'NUMBER':
    case 'POSITION':
      if (typeof given === 'number' && Number.isFinite(given)) return given;
      throw wrong(field, given);
    case 'NUMERIC':
      if (typeof given !== 'number' && typeof given !== 'string') throw wrong(field, given);
      if (String(given).trim() === '' || !Number.isFinite(Number(given))) throw wrong(field, given);
      return Number(given);
    case 'BOOLEAN':
      if (typeof given === 'boolean') return given;
      throw wrong(field, given);
    case 'DATE':
      if (typeof given === 'string' && isDay(given)) return given;
      throw wrong(field, given);
    case 'DATE_TIME':
      return timeOf(field, given);
    case 'SELECT':
    case 'RATING':
      if (typeof given === 'string' && field.options?.includes(given) === true) return given;
      throw wrong(field, given);
    case 'MULTI_SELECT': {
      const all = textsOf(field, given);
      const unknown = all.find((one) => field.options?.includes(one) !== true);
      if (unknown !== undefined) throw wrong(field, unknown);
      return all.length === 0 ? null : [...new Set(all)];
    }
    case 'ARRAY': {
      const all = textsOf(field, given);
      return all.length === 0 ? null : all;
    }
    case 'RELATION':
    case 'MORPH_RELATION':
    case 'UUID':
      if (isId(given)) return given.toLowerCase();
      throw new Refused('invalid', `'${String(given)}' is not a valid UUID`, { path: field.path });
    case 'RAW_JSON':
    case 'FILES':
      if (typeof given === 'object') return given as Value;
      throw wrong(field, given);
    case 'TEXT':
    case 'TS_VECTOR':
    case 'ACTOR':
    case 'ADDRESS':
    case 'CURRENCY':
    case 'EMAILS':
    case 'FULL_NAME':
    case 'LINKS':
    case 'PHONES':
    case 'RICH_TEXT':
    case 'RICH_TEXT_V2':
      // Those with parts never come here.
      if (typeof given !== 'string') throw wrong(field, given);
      return given === '' ? null : given;
  }
}

interface Composite {
  readonly native: NativeType;
  readonly parts: Readonly<Record<string, Part>>;
  readonly before: Value;
}

function composite(
  field: FieldOptions,
  { native, parts, before }: Composite,
  given: unknown,
): Value {
  if (!isObject(given)) throw wrong(field, given);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    const message = `Object field "${field.path}" doesn't have any "${unknown}" subfield.`;
    throw new Refused('invalid', message, { path: field.path });
  }
  const isRebuilt = REBUILT.has(native);
  const value: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    const kept = isObject(before) && !isRebuilt ? before[name] : null;
    const sent = Object.hasOwn(given, name) ? partOf(field, part, given[name]) : kept;
    value[name] = sent ?? null;
  }
  const whole = finished(field, native, value, given);
  return Object.values(whole).every((part) => part === null) ? null : whole;
}

const REBUILT: ReadonlySet<NativeType> = new Set([
  'EMAILS',
  'PHONES',
  'LINKS',
  'RICH_TEXT',
  'RICH_TEXT_V2',
]);

function finished(
  field: FieldOptions,
  native: NativeType,
  value: Record<string, unknown>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (native === 'EMAILS') {
    const primary = value['primaryEmail'] as string | null;
    return { ...value, primaryEmail: primary?.toLowerCase() ?? null };
  }
  if (native === 'PHONES') return primaryPhone(field.path, value);
  if (native === 'LINKS') {
    const url = value['primaryLinkUrl'] as string | null;
    return { ...value, primaryLinkUrl: url === null ? null : linkOf(field.path, url) };
  }
  if (native === 'RICH_TEXT' || native === 'RICH_TEXT_V2') return richText(value, given);
  const { source } = value as { source?: string | null };
  if (native === 'ACTOR' && typeof source === 'string' && !SOURCES.includes(source)) {
    throw wrong(field, source);
  }
  return value;
}

function partOf(field: FieldOptions, part: Part, given: unknown): unknown {
  if (given === null || given === undefined) return null;
  switch (part) {
    case 'text':
    case 'nullable':
      if (typeof given !== 'string') throw wrong(field, given);
      return given === '' ? null : given;
    case 'number':
      if (typeof given !== 'number') throw wrong(field, given);
      return given;
    case 'micros': {
      const micros = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given;
      if (!Number.isSafeInteger(micros)) throw wrong(field, given);
      return micros;
    }
    case 'texts':
      return textsOf(field, given);
    case 'phones':
      return listOf(field, given).map((one) => additionalPhone(field.path, one));
    case 'links':
      return listOf(field, given).map(({ url, label = null }) => {
        if (typeof url !== 'string') throw wrong(field, url);
        return { url: linkOf(field.path, url), label };
      });
    case 'json':
      if (typeof given !== 'object') throw wrong(field, given);
      return given;
  }
}

/** Each form follows from the other one; what was sent is believed. */
function richText(
  { blocknote, markdown }: Record<string, unknown>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (typeof markdown === 'string' && typeof given['blocknote'] !== 'string') {
    const blocks = markdown.split('\n\n').map((text) => ({
      type: 'paragraph',
      content: [{ type: 'text', text, styles: {} }],
    }));
    return { blocknote: JSON.stringify(blocks), markdown };
  }
  if (typeof blocknote === 'string' && typeof markdown !== 'string') {
    return { blocknote, markdown: textIn(blocknote) };
  }
  return { blocknote, markdown };
}

function textIn(blocknote: string): string | null {
  const texts = [...blocknote.matchAll(/"text":("(?:[^"\\]|\\.)*")/g)];
  const joined = texts.map(([, text]) => JSON.parse(text!) as string).join('\n\n');
  return joined === '' ? null : joined;
}

function textsOf(field: FieldOptions, given: unknown): string[] {
  if (!Array.isArray(given) || !given.every((one) => typeof one === 'string')) {
    throw wrong(field, given);
  }
  return given;
}

function listOf(field: FieldOptions, given: unknown): Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(given) || !given.every(isObject)) throw wrong(field, given);
  return given;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function timeOf(field: FieldOptions, given: unknown): string {
  const timeMs = typeof given === 'string' ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(timeMs)) throw wrong(field, given);
  return new Date(timeMs).toISOString();
}

function isDay(text: string): boolean {
  const timeMs = Date.parse(`${text}T00:00:00.000Z`);
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(timeMs) &&
    new Date(timeMs).toISOString().startsWith(text)
  );
}

function wrong({ path }: FieldOptions, given: unknown): Refused {
  const said = typeof given === 'string' ? `'${given}'` : JSON.stringify(given);
  return new Refused('invalid', `Invalid value ${said} for field "${path}"`, { path });
}
