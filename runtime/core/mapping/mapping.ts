/**
 * The mapping of one collection at one account: vendor items to canonical fields and back.
 *
 * Reading never drops or blanks a value. What is not understood becomes a problem, with the raw value,
 * and the field stays out of `fields`: unknown in that read. `null` in `fields` means cleared.
 *
 * Writing takes whole canonical values of the changed fields. What it lets through reads back as
 * `normalize` says: for nearly all forms as the very same value. What the vendor has no form for is a
 * problem, and the rest of the patch goes out.
 */
import { same } from '../value.ts';
import type { Value, Values } from '../value.ts';
import { isRecord } from '../values/kind.ts';
import type { Refused } from '../values/kind.ts';
import { parse } from '../values/kinds.ts';
import type { Explanation, Note, Problem } from '../reasons.ts';
import type { EnumOptions, KindSpec } from '../values/structures.ts';
import { explains, predictReadBack } from '../values/vendor-text.ts';
import { MappingError, partSpecs, readConfig } from './config.ts';
import type { ConfigProblem, FieldConfig, MappingConfig } from './config.ts';
import { formInParts, formInPlace } from './form.ts';
import type { Form, Report } from './form.ts';

export interface Mapping {
  /** All mapped fields but those that are off. A field that is not here is *not mapped*. */
  readonly fields: readonly MappedField[];
  /** Objects of the vendor's that are sent with all that is in them. */
  readonly replacedWhole: readonly string[];
  read(item: unknown): ItemRead;
  /** `current` is the item as it was last read, for updates: some neighbours can only be sent along. */
  write(patch: Values, current?: unknown): ItemWrite;
  /** What will be read back after writing this value. Idempotent. */
  normalize(field: string, value: Value): Value;
  /** Why a read-back may be the vendor's spelling of what was sent; undefined: somebody edited it. */
  explains(field: string, sent: Value, readBack: Value): Explanation | undefined;
}

export interface MappedField {
  readonly name: string;
  readonly spec: KindSpec;
  readonly direction: 'both' | 'in' | 'out';
  /** The vendor's members it is made of, to ask for in a read and to look up in a schema. */
  readonly paths: readonly string[];
}

export interface ItemRead {
  readonly fields: Values;
  readonly problems: readonly FieldProblem[];
  readonly notes: readonly FieldNote[];
}

export interface ItemWrite {
  /** The members to send; what is not in it stays as it is at the vendor. */
  readonly item: Readonly<Record<string, unknown>>;
  readonly problems: readonly FieldProblem[];
}

export interface FieldProblem {
  readonly field: string;
  readonly reason: Problem;
  readonly detail: string;
  /** What was read, or what should have been written. Customer data: not for logs. */
  readonly raw: unknown;
}

export interface FieldNote {
  readonly field: string;
  readonly note: Note;
}

/** What a field of a read means; the four ways to be without a value are not the same. */
export type Meaning = 'value' | 'cleared' | 'unknown' | 'not-understood' | 'not-mapped';

export function meaningOf(mapping: Mapping, read: ItemRead, field: string): Meaning {
  if (!mapping.fields.some(({ name }) => name === field)) return 'not-mapped';
  if (read.problems.some((problem) => problem.field === field)) return 'not-understood';
  const value = read.fields[field];
  if (value === undefined) return 'unknown';
  return value === null ? 'cleared' : 'value';
}

/** Throws a `MappingError` that lists everything that is wrong. */
export function compileMapping(config: unknown): Mapping {
  const checked = readConfig(config);
  if (!('fields' in checked)) throw new MappingError(checked);
  const problems: ConfigProblem[] = [];
  const compiled = new Map<string, CompiledField>();
  for (const [name, field] of Object.entries(checked.fields)) {
    if (field.direction === 'off') continue;
    const before = problems.length;
    const report = (path: string, what: string, next: string): void => {
      problems.push({ path: `fields.${name}${path}`, what, next });
    };
    const one = compileField(name, field, checked, report);
    compiled.set(name, one);
    if (problems.length === before) checkRoundTrip(one, field, report);
  }
  problems.push(...pathsWrittenTwice([...compiled.values()]));
  if (problems.length > 0) throw new MappingError(problems);
  return mappingOf(compiled, checked.replacedWhole ?? []);
}

interface CompiledField extends MappedField {
  readonly form: Form;
  /** The vendor's form holds less than the value, so what comes back has to be worked out. */
  readonly lossy: boolean;
  readonly vendor: NonNullable<FieldConfig['vendor']>;
}

const LOSSY = new Set(['fullName', 'e164', 'instant']);

function mappingOf(
  compiled: ReadonlyMap<string, CompiledField>,
  replacedWhole: readonly string[],
): Mapping {
  const all = [...compiled.values()];
  return {
    fields: all.map(({ name, spec, direction, paths }) => ({ name, spec, direction, paths })),
    replacedWhole,
    read: (item) => readItem(all, item),
    write: (patch, current) => writeItem(compiled, patch, current),
    normalize: (name, value) => {
      const field = compiled.get(name);
      return field === undefined ? value : readBackOf(field, value);
    },
    explains: (name, sent, readBack) => {
      if (same(sent, readBack)) return 'same';
      const field = compiled.get(name);
      if (field === undefined) return undefined;
      const predicted = readBackOf(field, sent);
      if (same(predicted, readBack)) return 'predicted';
      return explains(predicted, readBack, field.spec, field.vendor);
    },
  };
}

function readItem(all: readonly CompiledField[], item: unknown): ItemRead {
  const fields: Record<string, Value> = {};
  const problems: FieldProblem[] = [];
  const fieldNotes: FieldNote[] = [];
  for (const { name: field, spec, form } of all) {
    const found = form.read(item);
    if (found === undefined) continue;
    if (!found.ok) {
      problems.push({ field, reason: found.reason, detail: found.detail, raw: found.raw });
      continue;
    }
    const parsed = parse(spec, found.raw);
    if (!parsed.ok) {
      problems.push({ field, reason: parsed.reason, detail: parsed.detail, raw: found.raw });
      continue;
    }
    fields[field] = parsed.value;
    if (found.note !== undefined) fieldNotes.push({ field, note: found.note });
    if (parsed.note !== undefined) fieldNotes.push({ field, note: parsed.note });
  }
  return { fields, problems, notes: fieldNotes };
}

function writeItem(
  compiled: ReadonlyMap<string, CompiledField>,
  patch: Values,
  current: unknown,
): ItemWrite {
  const item: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const field = compiled.get(name);
    const refusal =
      field === undefined
        ? { reason: 'not-mapped' as const, detail: 'no path leads there' }
        : field.direction === 'in'
          ? { reason: 'not-writable' as const, detail: 'the direction is in' }
          : writeField(field, value, item, current);
    if (refusal !== undefined) {
      problems.push({ field: name, reason: refusal.reason, detail: refusal.detail, raw: value });
    }
  }
  return { item, problems };
}

/** Puts the value into `item`, or nothing at all when it is refused. */
function writeField(
  { spec, form }: CompiledField,
  value: Value,
  item: Record<string, unknown>,
  current: unknown,
): Refused | undefined {
  const parsed = parse(spec, withAllParts(spec, value));
  if (!parsed.ok) return parsed;
  const write = form.write(parsed.value, current);
  if (!write.ok) return write;
  write.into(item);
  return undefined;
}

/** A value that was put together from parts has left out the cleared ones. */
function withAllParts(spec: KindSpec, value: Value): Value {
  if (spec.kind !== 'composite' || !isRecord(value)) return value;
  const blank = Object.fromEntries(Object.keys(partSpecs(spec)).map((part) => [part, null]));
  return { ...blank, ...(value as Readonly<Record<string, Value>>) };
}

/** Respelling may make room for more respelling, but every round leaves less, so this ends. */
const ROUNDS_MAX = 5;

function readBackOf(field: CompiledField, value: Value): Value {
  const parsed = parse(field.spec, withAllParts(field.spec, value));
  if (!parsed.ok) return value;
  let settled = parsed.value;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = settled;
    settled = thereAndBack(field, predictReadBack(before, field.vendor, field.spec));
    if (same(before, settled)) break;
  }
  return settled;
}

function thereAndBack(field: CompiledField, value: Value): Value {
  if (!field.lossy) return value;
  const item: Record<string, unknown> = {};
  if (writeField(field, value, item, undefined) !== undefined) return value;
  const back = readItem([field], item).fields[field.name];
  return back === undefined ? value : back;
}

function compileField(
  name: string,
  field: FieldConfig,
  config: MappingConfig,
  report: Report,
): CompiledField {
  const spec: KindSpec = { kind: field.kind, options: field.options };
  const context = { absent: config.absent ?? 'unknown', replacedWhole: config.replacedWhole ?? [] };
  const { path, parts = {}, transforms = [], direction = 'both' } = field;
  const form =
    path === undefined
      ? formInParts({ parts, transforms }, spec, context, report)
      : formInPlace({ ...field, path }, spec, context, report);
  const uses = [...transforms, ...Object.values(parts).flatMap((part) => part.transforms ?? [])];
  return {
    name,
    spec,
    direction: direction === 'off' ? 'both' : direction,
    paths: form.paths,
    form,
    lossy: uses.some(({ use }) => LOSSY.has(use)),
    vendor: field.vendor ?? {},
  };
}

/** Every option and every sample has to come back as it went, or it would be lost on its first trip. */
function checkRoundTrip(compiled: CompiledField, field: FieldConfig, report: Report): void {
  if (compiled.direction === 'in') return;
  const samples = (field.samples ?? []) as readonly Value[];
  for (const [index, sample] of samples.entries()) {
    const at = `.samples.${index}`;
    const parsed = parse(compiled.spec, withAllParts(compiled.spec, sample));
    if (!parsed.ok || !same(parsed.value, withAllParts(compiled.spec, sample))) {
      const spelled = parsed.ok ? `as ${JSON.stringify(parsed.value)}` : `because ${parsed.detail}`;
      report(at, `it is not a canonical ${field.kind}`, `Write it ${spelled}, or correct it.`);
      continue;
    }
    const problem = tripProblem(compiled, parsed.value);
    if (problem !== undefined) {
      report(
        at,
        problem,
        'Change the transforms or the value table, or map the field with direction in.',
      );
    }
  }
  const options = field.kind === 'enum' ? ((field.options ?? {}) as EnumOptions).values : undefined;
  for (const option of options ?? []) {
    const problem = tripProblem(compiled, option);
    if (problem !== undefined) {
      report(
        '.values',
        `option ${option}: ${problem}`,
        'Give the option a row of its own in the value table.',
      );
    }
  }
}

function tripProblem(field: CompiledField, value: Value): string | undefined {
  const item: Record<string, unknown> = {};
  const refusal = writeField(field, value, item, undefined);
  if (refusal !== undefined) return `it cannot be written (${refusal.reason}: ${refusal.detail})`;
  const { fields, problems } = readItem([field], item);
  const [problem] = problems;
  if (problem !== undefined) return `it does not read back (${problem.reason}: ${problem.detail})`;
  const back = fields[field.name] ?? null;
  return same(back, value)
    ? undefined
    : `it reads back as ${JSON.stringify(back)}, so the mapping does not round-trip`;
}

/** Two fields that write one member would overwrite each other for ever. */
function pathsWrittenTwice(all: readonly CompiledField[]): ConfigProblem[] {
  const written = all
    .filter(({ direction }) => direction !== 'in')
    .flatMap(({ name, paths }) => paths.map((path) => ({ name, path })));
  return written.flatMap(({ name, path }, index) =>
    written
      .slice(0, index)
      .filter(
        (other) =>
          `${path}.`.startsWith(`${other.path}.`) || `${other.path}.`.startsWith(`${path}.`),
      )
      .map((other) => ({
        path: `fields.${name}.path`,
        what: `${path} is also written by the field ${other.name}`,
        next: 'Give one of the two the direction in, or another path.',
      })),
  );
}
