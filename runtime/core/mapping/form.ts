/**
 * The form of a field at the vendor: one place, or parts in several. A place is a path, the steps to the
 * vendor's form, a value table, and what stands for cleared there.
 */
import { same } from '../value.ts';
import type { Value } from '../value.ts';
import { isRecord, refused } from '../values/kind.ts';
import type { Refused } from '../values/kind.ts';
import { parse } from '../values/kinds.ts';
import type { MoneyOptions } from '../values/numbers.ts';
import type { Note } from '../reasons.ts';
import type { KindSpec, SetOptions } from '../values/structures.ts';
import { partSpecs } from './config.ts';
import type { FieldConfig, PlaceConfig } from './config.ts';
import { transformOf } from './transforms.ts';
import type { Moved, Transform } from './transforms.ts';

export interface Form {
  readonly paths: readonly string[];
  /** What the kind has to parse. Undefined when it was not in the read; a raw `null` means cleared. */
  read(item: unknown): FormRead | undefined;
  /** `raw` is a canonical value, or a part of one. */
  write(raw: unknown, current: unknown): FormWrite;
}

export type FormRead =
  | { readonly ok: true; readonly raw: unknown; readonly note?: Note }
  | (Refused & { readonly raw: unknown });

/** Checked first and put in later, so that a value in parts is written whole or not at all. */
export type FormWrite =
  | {
      readonly ok: true;
      into(item: Record<string, unknown>): void;
      /** Nothing is put in: what is there stays. */
      readonly leaves?: true;
    }
  | Refused;

export interface FormContext {
  readonly absent: 'unknown' | 'cleared';
  /** Paths of objects whose neighbours have to be sent along. */
  readonly replacedWhole: readonly string[];
}

export type Report = (path: string, what: string, next: string) => void;

/** `spec` is the kind of what stands there; mistakes in the value table are reported. */
export function formInPlace(
  config: PlaceConfig,
  spec: KindSpec,
  { absent, replacedWhole }: FormContext,
  report: Report,
): Form {
  const names = config.path.split('.');
  const element = spec.kind === 'set' ? (spec.options as SetOptions).element : spec;
  const parseElement = (raw: unknown) => parse(element, raw);
  const steps = (config.transforms ?? []).map((one) => transformOf(one, parseElement));
  const table = config.values === undefined ? undefined : tableOf(config, element, report);
  const isSet = spec.kind === 'set';
  const cleared = clearedTest(config, spec);
  const absentIsCleared = absent === 'cleared' || config.clearedBy?.includes('absent') === true;

  return {
    paths: [config.path],
    read(item) {
      const found = lookUp(item, names);
      if (found === WRONG_SHAPE) {
        const raw = lookUp(item, names.slice(0, 1));
        return { ...refused('shape-changed', `no object on the way to ${config.path}`), raw };
      }
      if (found === undefined) return absentIsCleared ? { ok: true, raw: null } : undefined;
      if (cleared(found)) return { ok: true, raw: null };
      const moved = readSteps(steps, found);
      if (!moved.ok) return { ...moved, raw: found };
      if (table === undefined || moved.raw === null) return { ok: true, raw: moved.raw };
      const translated = isSet
        ? eachOf(moved.raw, (one) => table.read(one))
        : table.read(moved.raw);
      return translated.ok ? translated : { ...translated, raw: found };
    },
    write(raw, current) {
      const now = lookUp(current, names);
      const held = now === WRONG_SHAPE ? undefined : now;
      const moved = raw === null ? clear(config, steps, held) : outwards(raw, held);
      if (moved === LEAVE) return { ok: true, into: () => undefined, leaves: true };
      if (!moved.ok) return moved;
      return { ok: true, into: (item) => put(item, names, moved.raw, current, replacedWhole) };
    },
  };

  function outwards(raw: unknown, held: unknown): Moved {
    if (table === undefined) return writeSteps(steps, raw, held);
    const translated = isSet ? eachOf(raw, (one) => table.write(one)) : table.write(raw);
    return translated.ok ? writeSteps(steps, translated.raw, held) : translated;
  }
}

/** A value of which every part has a place of its own. It is read and written whole or not at all. */
export function formInParts(
  { parts, transforms }: Pick<FieldConfig, 'transforms'> & { parts: Record<string, PlaceConfig> },
  spec: KindSpec,
  context: FormContext,
  report: Report,
): Form {
  const specs = partSpecs(spec);
  const steps = (transforms ?? []).map((one) => transformOf(one, (raw) => parse(spec, raw)));
  const forms = Object.entries(parts).map(([part, place]) => {
    const reportPart: Report = (at, what, next) => report(`.parts.${part}${at}`, what, next);
    return { part, form: formInPlace(place, specs[part] ?? { kind: 'text' }, context, reportPart) };
  });

  return {
    paths: forms.flatMap(({ form }) => form.paths),
    read(item) {
      const members: Record<string, unknown> = {};
      let note: Note | undefined;
      for (const { part, form } of forms) {
        const found = form.read(item);
        if (found === undefined || !found.ok) return found;
        members[part] = found.raw;
        note ??= found.note;
      }
      const cleared = Object.values(members).every((member) => member === null);
      const moved = readSteps(steps, cleared ? null : members);
      if (!moved.ok) return { ...moved, raw: members };
      return note === undefined ? moved : { ...moved, note };
    },
    write(raw, current) {
      if (losesCurrency(spec, raw, parts)) {
        return refused('not-reversible', 'the amounts there are of another currency');
      }
      const moved = raw === null ? { ok: true as const, raw } : writeSteps(steps, raw, undefined);
      if (!moved.ok) return moved;
      const members = isRecord(moved.raw) ? moved.raw : {};
      const puts: ((item: Record<string, unknown>) => void)[] = [];
      for (const { part, form } of forms) {
        const write = form.write(members[part] ?? null, current);
        if (!write.ok) return write;
        if (write.leaves && raw !== null) {
          return refused('not-reversible', `the part ${part} cannot be cleared alone there`);
        }
        puts.push((item) => write.into(item));
      }
      return { ok: true, into: (item) => puts.forEach((step) => step(item)) };
    },
  };
}

/** An amount without its currency would be another amount. */
function losesCurrency(spec: KindSpec, raw: unknown, parts: object): boolean {
  if (spec.kind !== 'money' || 'currency' in parts || !isRecord(raw)) return false;
  return raw['currency'] !== (spec.options as MoneyOptions).currency;
}

function clearedTest(config: PlaceConfig, spec: KindSpec): (raw: unknown) => boolean {
  const emptyList = config.clearedBy?.includes('emptyList') === true;
  const emptyObject = config.clearedBy?.includes('emptyObject') === true;
  const keepsBlank = isRecord(spec.options) && spec.options['blank'] === 'kept';
  return (raw) => {
    if (raw === null) return true;
    if (typeof raw === 'string') return !keepsBlank && raw.trim() === '';
    if (emptyList && Array.isArray(raw)) return raw.length === 0;
    return emptyObject && isRecord(raw) && Object.keys(raw).length === 0;
  };
}

const LEAVE = Symbol('leave what is there');

function clear(
  config: PlaceConfig,
  steps: readonly Transform[],
  held: unknown,
): Moved | typeof LEAVE {
  const { writeCleared = null } = config;
  if (isRecord(writeCleared) && 'leave' in writeCleared) return LEAVE;
  // The step next to the vendor knows whether its place holds more than the value.
  const outer = steps[0];
  return outer?.clear !== undefined && held !== undefined && held !== null
    ? outer.clear(held)
    : { ok: true, raw: writeCleared };
}

function readSteps(steps: readonly Transform[], found: unknown): Moved {
  let raw = found;
  for (const step of steps) {
    if (raw === null) break;
    const moved = step.read(raw);
    if (!moved.ok) return moved;
    raw = moved.raw;
  }
  return { ok: true, raw };
}

/** Each step sees what stands there now in its own form. */
function writeSteps(steps: readonly Transform[], value: unknown, held: unknown): Moved {
  const [step, ...inner] = steps;
  if (step === undefined) return { ok: true, raw: value };
  const inside = held === undefined || held === null ? undefined : step.read(held);
  const moved = writeSteps(inner, value, inside?.ok === true ? inside.raw : undefined);
  return moved.ok ? step.write(moved.raw, held) : moved;
}

interface Table {
  read(raw: unknown): Translated;
  write(value: unknown): Translated;
}

type Translated = { readonly ok: true; readonly raw: unknown; readonly note?: Note } | Refused;

/** One of theirs means one of ours; one of ours is written as one of theirs. Everything else is reported. */
function tableOf(config: PlaceConfig, spec: KindSpec, report: Report): Table {
  const rows = config.values ?? [];
  const passes = config.otherValues === 'pass';
  const inwards = new Map<string, Value>();
  const outwards = new Map<string, unknown>();
  for (const [index, { remote, value, write }] of rows.entries()) {
    const at = `.values.${index}`;
    const parsed = parse(spec, value);
    if (!parsed.ok || !same(parsed.value, value)) {
      report(at, `${JSON.stringify(value)} is not a canonical ${spec.kind}`, 'Correct the row.');
    }
    if (inwards.has(nameOf(remote))) {
      report(at, `${JSON.stringify(remote)} has two rows`, 'Keep one of them.');
    }
    inwards.set(nameOf(remote), value);
    const alike = rows.filter((row) => same(row.value, value));
    const writers = alike.filter((row) => row.write === true);
    if (alike.length > 1 && writers.length !== 1 && alike[0] === rows[index]) {
      const what = `${alike.length} of the vendor's values mean ${JSON.stringify(value)}, and ${writers.length} of them are marked to be written`;
      report(at, what, 'Mark one of these rows with write: true.');
    }
    if (alike.length === 1 || write === true) outwards.set(nameOf(value), remote);
  }
  return {
    read(raw) {
      const value = inwards.get(nameOf(raw));
      if (value !== undefined) return { ok: true, raw: value };
      // A vendor's value without a row that reads like one of ours would be written as another one.
      if (!passes || outwards.has(nameOf(raw))) {
        return refused('value-not-in-table', "no row has this value of the vendor's");
      }
      return { ok: true, raw, note: 'value-passed-through' };
    },
    write(value) {
      if (outwards.has(nameOf(value))) return { ok: true, raw: outwards.get(nameOf(value)) };
      if (!passes || inwards.has(nameOf(value))) {
        return refused('value-not-in-table', 'no row has this value of ours');
      }
      return { ok: true, raw: value };
    },
  };
}

/** Text and number stay apart: option 12 and option "12" are two. Objects are in no table. */
function nameOf(raw: unknown): string {
  if (typeof raw === 'string' || typeof raw === 'boolean') return `${typeof raw} ${raw}`;
  return typeof raw === 'number' || typeof raw === 'bigint' ? `number ${raw}` : 'none';
}

function eachOf(raw: unknown, translate: (one: unknown) => Translated): Translated {
  if (!Array.isArray(raw)) return refused('shape-changed', 'a list expected');
  const list: unknown[] = [];
  let note: Note | undefined;
  for (const one of raw as readonly unknown[]) {
    const translated =
      one === null || one === '' ? { ok: true as const, raw: null } : translate(one);
    if (!translated.ok) return translated;
    if ('note' in translated) note = translated.note;
    list.push(translated.raw);
  }
  return note === undefined ? { ok: true, raw: list } : { ok: true, raw: list, note };
}

const WRONG_SHAPE = Symbol('something else than an object');

/** Undefined when the path is not there; an object on the way that is `null` takes all below it along. */
function lookUp(item: unknown, names: readonly string[]): unknown {
  let found = item;
  for (const name of names) {
    if (found === undefined || found === null) return found;
    if (!isRecord(found)) return WRONG_SHAPE;
    found = Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}

/** Makes the objects on the way; those that are replaced as a whole start as they are at the vendor. */
function put(
  item: Record<string, unknown>,
  names: readonly string[],
  raw: unknown,
  current: unknown,
  replacedWhole: readonly string[],
): void {
  let target = item;
  for (let depth = 1; depth < names.length; depth += 1) {
    const way = names.slice(0, depth);
    const name = way.at(-1) ?? '';
    if (!isRecord(target[name])) {
      const whole = replacedWhole.some((path) => `${way.join('.')}.`.startsWith(`${path}.`));
      const held = whole ? lookUp(current, way) : undefined;
      target[name] = isRecord(held) ? copyOf(held) : {};
    }
    target = target[name] as Record<string, unknown>;
  }
  target[names.at(-1) ?? ''] = raw;
}

/** The item that was read belongs to the caller and is never changed. */
function copyOf(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(copyOf);
  if (!isRecord(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).map(([name, member]) => [name, copyOf(member)]));
}
