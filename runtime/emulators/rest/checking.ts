/**
 * Checks values against the schemas of a document, as far as those have words for it, and says where the
 * first thing is that does not fit. Of a schema that is shared, what is read only is not for writing.
 */
import type { Schema } from './schemas.ts';

export interface Misfit {
  /** With dots; empty for the whole. */
  readonly path: string;
  readonly said: string;
}

export type Resolve = (reference: string) => Schema;

export function misfit(
  schema: Schema,
  value: unknown,
  resolve: Resolve,
  path = '',
): Misfit | undefined {
  const { $ref: reference, allOf } = schema;
  if (typeof reference === 'string') return misfit(resolve(reference), value, resolve, path);
  for (const part of (allOf ?? []) as readonly Schema[]) {
    const found = misfit(part, value, resolve, path);
    if (found !== undefined) return found;
  }
  const types = typesOf(schema);
  if (types.length > 0 && !types.some((type) => IS_OF[type]?.(value) === true)) {
    return { path, said: `must be ${types.join(' or ')}` };
  }
  if (value === null) return undefined;
  const options = schema['enum'] as readonly unknown[] | undefined;
  if (options?.includes(value) === false) {
    return {
      path,
      said: `must be one of ${options.filter((one) => typeof one === 'string').join(', ')}`,
    };
  }
  if (typeof value === 'string') return said(path, textMisfit(schema, value));
  if (typeof value === 'number') return said(path, numberMisfit(schema, value));
  if (Array.isArray(value)) return listMisfit(schema, value, resolve, path);
  return typeof value === 'object'
    ? objectMisfit(schema, value as Readonly<Record<string, unknown>>, resolve, path)
    : undefined;
}

/** A parameter comes as text; undefined when it is of no type that it could be. */
export function fromText({ type }: Schema, text: string): unknown {
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (type === 'boolean') return { true: true, false: false }[text];
  return text;
}

function typesOf({ type, nullable }: Schema): readonly string[] {
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]) as string[];
  return nullable === true ? [...types, 'null'] : types;
}

const IS_OF: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

function textMisfit(schema: Schema, text: string): string | undefined {
  const {
    minLength = 0,
    maxLength = Infinity,
    pattern,
    format,
  } = schema as Readonly<{
    minLength?: number;
    maxLength?: number;
    pattern?: string;
    format?: string;
  }>;
  const length = Array.from(text).length;
  if (length < minLength) return `must have ${minLength} characters at least`;
  if (length > maxLength) return `must have ${maxLength} characters at most`;
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text))
    return `must be like ${pattern}`;
  if (format !== undefined && FORMATS[format]?.(text) === false)
    return `must be of the format ${format}`;
  return undefined;
}

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  email: (text) => /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isDay(text),
  'date-time': (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text) &&
    isDay(text.slice(0, 10)) &&
    !Number.isNaN(Date.parse(text)),
};

function isDay(text: string): boolean {
  const timeMs = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}

function numberMisfit({ minimum, maximum }: Schema, value: number): string | undefined {
  if (typeof minimum === 'number' && value < minimum) return `must be ${minimum} at least`;
  if (typeof maximum === 'number' && value > maximum) return `must be ${maximum} at most`;
  return undefined;
}

function listMisfit(
  { items, uniqueItems }: Schema,
  values: readonly unknown[],
  resolve: Resolve,
  path: string,
): Misfit | undefined {
  for (const [index, value] of values.entries()) {
    const found = misfit((items ?? {}) as Schema, value, resolve, within(path, String(index)));
    if (found !== undefined) return found;
  }
  const isTwice = uniqueItems === true && new Set(values).size < values.length;
  return isTwice ? { path, said: 'must not have the same twice' } : undefined;
}

function objectMisfit(
  schema: Schema,
  object: Readonly<Record<string, unknown>>,
  resolve: Resolve,
  path: string,
): Misfit | undefined {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  for (const name of (schema['required'] ?? []) as readonly string[]) {
    if (!Object.hasOwn(object, name)) return { path: within(path, name), said: 'is required' };
  }
  for (const [name, value] of Object.entries(object)) {
    const its = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const place = within(path, name);
    const isClosed = schema['additionalProperties'] === false;
    if (isClosed && its === undefined) return { path: place, said: 'is not known' };
    if (isClosed && its!['readOnly'] === true) return { path: place, said: 'is only to read' };
    const found = its && its['readOnly'] !== true && misfit(its, value, resolve, place);
    if (found) return found;
  }
  return undefined;
}

function within(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function said(path: string, text: string | undefined): Misfit | undefined {
  return text === undefined ? undefined : { path, said: text };
}
