/**
 * Brings a record into the shape that today's policy asks for. Whether a field is one cell, or one per
 * element or sub-field, is the policy's choice, and people change it while records exist. Values,
 * stamps and what each system was last seen with survive the change; where parts disagree about when
 * they were last in step, the least is believed, which costs a read or a write and loses nothing.
 */
import type { Value } from '../value.ts';
import type {
  Cell,
  EndpointFacts,
  EndpointId,
  Entity,
  FieldPolicy,
  Intent,
  Link,
  LinkCell,
} from './model.ts';
import { cellNames, cellsOf, inParts, joinParts } from './parts.ts';
import { compareStamps, type Stamp } from './stamp.ts';

/** A whole value as its system gives it. */
type Spell = (field: string, whole: Value) => Value;

export interface Shaped {
  readonly entity: Entity;
  readonly links: readonly Link[];
}

/** The very same objects when they are in shape already. */
export function reshapeRecord(
  record: Shaped,
  fields: readonly FieldPolicy[],
  facts: ReadonlyMap<EndpointId, Pick<EndpointFacts, 'normalize'>>,
): Shaped {
  const links = record.links.map((link) => {
    const spell: Spell = (field, whole) =>
      facts.get(link.endpoint)?.normalize(field, whole) ?? whole;
    return reshapeLink(link, fields, record.entity.cells, spell);
  });
  const isSame = links.every((link, n) => link === record.links[n]);
  return {
    entity: reshapeEntity(record.entity, links, fields),
    links: isSame ? record.links : links,
  };
}

function reshapeEntity(
  entity: Entity,
  links: readonly Link[],
  fields: readonly FieldPolicy[],
): Entity {
  let cells: Readonly<Record<string, Cell>> = entity.cells;
  for (const field of fields) {
    cells = inParts(field) ? split(cells, links, field) : join(cells, field);
  }
  return cells === entity.cells ? entity : { ...entity, cells };
}

function reshapeLink(
  link: Link,
  fields: readonly FieldPolicy[],
  ours: Entity['cells'],
  spell: Spell,
): Link {
  let cells: Readonly<Record<string, LinkCell>> = link.cells;
  for (const field of fields) {
    cells = inParts(field) ? splitBase(cells, field) : joinBase(cells, field, ours, spell);
  }
  return cells === link.cells ? link : { ...link, cells };
}

/** An unsettled write says per cell what it carries; it is compared with what is read in today's cells. */
export function reshapeIntent<I extends Intent>(intent: I, fields: readonly FieldPolicy[]): I {
  let stamps: Readonly<Record<string, Stamp>> = intent.stamps;
  for (const field of fields) {
    const value = intent.patch[field.name];
    if (value === undefined) continue;
    const whole = stamps[field.name];
    const parts = cellNames(field, stamps);
    if (inParts(field) && whole) {
      const names = [...cellsOf(field, value).keys()];
      const carried = Object.fromEntries(names.map((name) => [name, whole]));
      stamps = { ...without(stamps, [field.name]), ...carried };
    } else if (!inParts(field) && parts.length > 0) {
      const latest = parts.map((name) => stamps[name]!).reduce(greatest);
      stamps = { ...without(stamps, parts), [field.name]: latest };
    }
  }
  return stamps === intent.stamps ? intent : { ...intent, stamps };
}

/** A part that only a system shows is one that the whole did not have: it was taken away. */
function split(
  cells: Entity['cells'],
  links: readonly Link[],
  field: FieldPolicy,
): Entity['cells'] {
  const { [field.name]: whole, ...rest } = cells;
  if (!whole) return cells;
  const { value, ...from } = whole;
  const shown = links.flatMap((link) => cellNames(field, link.cells));
  const removed = shown.map((name): [string, Cell] => [name, { ...from, value: null }]);
  const parts = [...cellsOf(field, value)].map(([name, part]): [string, Cell] => [
    name,
    { ...from, value: part },
  ]);
  return { ...Object.fromEntries([...removed, ...parts]), ...rest };
}

function join(cells: Entity['cells'], field: FieldPolicy): Entity['cells'] {
  const names = cellNames(field, cells);
  if (names.length === 0) return cells;
  const parts = names.map((name) => cells[name]!);
  const latest = parts.reduce((a, b) => (compareStamps(a.stamp, b.stamp) < 0 ? b : a));
  const whole: Cell = { ...latest, value: wholeOf(field, names, (name) => cells[name]!.value) };
  return { [field.name]: whole, ...without(cells, names) };
}

/**
 * A link also has a cell under the bare name, which says no more than that the field was read. What was
 * never in agreement counts as typed now: in parts it may be at home beside what others have.
 */
function splitBase(cells: Link['cells'], field: FieldPolicy): Link['cells'] {
  const { [field.name]: whole, ...rest } = cells;
  const isWhole = whole !== undefined && (whole.base !== null || whole.synced !== null);
  if (!isWhole) return cells;
  const { base, synced } = whole;
  const agreed = synced === null ? null : base;
  const parts = [...cellsOf(field, agreed)].map(([name, part]) => [name, { base: part, synced }]);
  return {
    ...(Object.fromEntries(parts) as Record<string, LinkCell>),
    ...rest,
    [field.name]: { base: null, synced: null },
  };
}

/**
 * Parts that were never filled have no cell; in a whole that is read they are empty. A part that we have and
 * the link has not was never in step there.
 */
function joinBase(
  cells: Link['cells'],
  field: FieldPolicy,
  ours: Entity['cells'],
  spell: Spell,
): Link['cells'] {
  const names = cellNames(field, cells);
  if (names.length === 0) return cells;
  const base = spell(
    field.name,
    wholeOf(field, names, (name) => cells[name]!.base),
  );
  const isBehind = cellNames(field, ours).some(
    (name) => !cells[name] && ours[name]?.value !== null,
  );
  const synced = isBehind ? null : names.map((name) => cells[name]!.synced).reduce(least);
  return { ...without(cells, names), [field.name]: { base, synced } };
}

function wholeOf(field: FieldPolicy, names: readonly string[], valueOf: (name: string) => Value) {
  return joinParts(
    field,
    names.map((name) => [name, valueOf(name)] as const),
  );
}

function least(a: Stamp | null, b: Stamp | null): Stamp | null {
  if (a === null || b === null) return null;
  return compareStamps(a, b) < 0 ? a : b;
}

function greatest(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) < 0 ? b : a;
}

function without<T>(
  cells: Readonly<Record<string, T>>,
  names: readonly string[],
): Record<string, T> {
  return Object.fromEntries(Object.entries(cells).filter(([name]) => !names.includes(name)));
}
