/**
 * Rows that say what the planner does with one field of one record. A row reads
 *
 *     ours : base at each member : what was read there | ours afterwards : what is written there | conflicts
 *
 * A letter is a value, a dot is a cleared field, a dash is "nothing": no value of ours, no base (never
 * in agreement), not written. `?` was not read, `_` was read without this field, `x` is gone. In a
 * field that merges as a set a word is a set of its letters. What a member is created with is marked `+`,
 * a deletion is `x`.
 */
import assert from 'node:assert/strict';
import type {
  Cell,
  Conflict,
  EndpointFacts,
  EndpointId,
  EntityId,
  FieldPolicy,
  Link,
  LinkCell,
  LinkId,
  Observation,
  Plan,
  Policy,
  Write,
} from '../../../runtime/core/planner/model.ts';
import { assemble, cellsOf, inParts } from '../../../runtime/core/planner/parts.ts';
import { plan } from '../../../runtime/core/planner/plan.ts';
import type { Stamp } from '../../../runtime/core/planner/stamp.ts';
import { isList, type Value } from '../../../runtime/core/value.ts';
import { textOf, type Item, type Scenario, type Vendor } from './laws/harness.ts';

export interface Table {
  /** The most trusted first. */
  readonly members: readonly string[];
  readonly field: Omit<FieldPolicy, 'name'>;
  /** When the members were last edited, in their order. */
  readonly editedAt: readonly number[];
  readonly policy?: Partial<Policy>;
}

/** Checks every row. The line that starts with "ours" is the heading; a fourth column is a remark. */
export function checkTable(table: Table, rows: string): void {
  const lines = rows.split('\n').filter((line) => line.includes('|') && !/^\s*ours/.test(line));
  assert.ok(lines.length > 0, 'a table without rows proves nothing');
  const parts = lines.map((line) => line.split('|').map(squeezed));
  const given = parts.map(([question = '']) => {
    return `${question} | ${told(table, plan(asked(table, question).input))}`;
  });
  const expected = parts.map(([question = '', answer = '', conflicts = '']) => {
    return `${question} | ${answer} | ${conflicts}`.trim();
  });
  assert.deepEqual(given, expected);
}

function squeezed(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

const NOW = 1000;
const OURS: Stamp = [0, 100, 1];
const OLDER: Stamp = [0, 50, 1];

const plainFacts: EndpointFacts = {
  clockOffsetMs: 0,
  clockUncertaintyMs: 0,
  answersLagMs: 0,
  absenceHorizonMs: 100,
  normalize: (_field, value) => value,
  explains: () => false,
};

/** The question of a row: `ours : bases : reads`. */
export function asked(table: Table, question: string): Scenario {
  const [ours = '', bases = '', reads = ''] = question.split(':').map((part) => part.trim());
  const field: FieldPolicy = { name: 'f', ...table.field };
  const items = new Map<LinkId, Item>();
  const observed = new Map<LinkId, Observation>();
  const read = reads.split(/\s+/);
  const based = bases.split(/\s+/);
  const links = table.members.map((member, index): Link => {
    const id = `${member}:0` as LinkId;
    const base = based[index] ?? '-';
    const seen = read[index] ?? '?';
    const changedAt = table.editedAt[index] ?? 0;
    const stood = valueOf(field, '?_'.includes(seen) ? base : seen) ?? null;
    if (seen !== 'x') items.set(id, { fields: { f: stood }, version: 2, changedAt });
    if (seen === 'x') observed.set(id, { kind: 'gone', takenAt: NOW, proven: true });
    else if (seen !== '?') {
      const fields = seen === '_' ? {} : { f: stood };
      observed.set(id, { kind: 'present', fields, takenAt: NOW, changedAt, version: 2 });
    }
    return {
      id,
      endpoint: member as EndpointId,
      remoteId: member,
      state: 'live',
      generation: 0,
      version: 1,
      cells: basedOn(field, base, ours),
    };
  });
  const endpoints = table.members as readonly EndpointId[];
  const vendors = endpoints.map((endpoint): [EndpointId, Vendor] => [
    endpoint,
    { versions: true, returnsItem: true },
  ]);
  return {
    input: {
      entity: {
        id: 'e' as EntityId,
        life: 'live',
        epoch: 0,
        cells: ourCells(field, ours, endpoints),
      },
      links,
      observed,
      intents: [],
      conflicts: [],
      resolutions: [],
      policy: policyOf(field, endpoints, table.policy),
      facts: new Map(endpoints.map((endpoint) => [endpoint, plainFacts])),
      reach: () => 'live',
    },
    items,
    vendors: new Map(vendors),
    unprovable: new Set(),
  };
}

function policyOf(
  field: FieldPolicy,
  endpoints: readonly EndpointId[],
  policy: Partial<Policy> = {},
): Policy {
  return {
    version: 1,
    members: endpoints.map((endpoint) => ({
      endpoint,
      create: true,
      delete: true,
      onFilterLeft: 'hold',
    })),
    fields: [field],
    deleteAuthority: endpoints.slice(0, 1),
    onRemoteDelete: 'recreate',
    onDeleteAndEdit: 'deleteWins',
    onRemoteRestore: 'ask',
    ...policy,
  };
}

function ourCells(
  field: FieldPolicy,
  ours: string,
  [first]: readonly EndpointId[],
): Record<string, Cell> {
  const value = valueOf(field, ours);
  if (value === undefined || !first) return {};
  const cells = inParts(field) ? cellsOf(field, value) : new Map([[field.name, value]]);
  return Object.fromEntries(
    [...cells].map(([name, part]) => [name, { value: part, stamp: OURS, origin: first }]),
  );
}

/** A base equal to ours is in line with it; another one is behind. */
function basedOn(field: FieldPolicy, base: string, ours: string): Record<string, LinkCell> {
  const value = valueOf(field, base);
  if (value === undefined) return {};
  const synced = base === ours ? OURS : ours === '-' ? null : OLDER;
  if (!inParts(field)) return { [field.name]: { base: value, synced } };
  const cells = [...cellsOf(field, value)].map(([name, part]) => [name, { base: part, synced }]);
  return { [field.name]: { base: null, synced: null }, ...Object.fromEntries(cells) };
}

function valueOf(field: FieldPolicy, text: string): Value | undefined {
  if (text === '-') return undefined;
  if (text === '.') return null;
  return inParts(field) ? text.split('') : text;
}

function textFor(value: Value | undefined): string {
  if (value === undefined) return '-';
  if (value === null) return '.';
  if (typeof value === 'string') return value;
  return isList(value) ? value.map(textFor).join('') : textOf(value);
}

/** The answer of a row: `ours : writes | conflicts`. */
function told(table: Table, made: Plan): string {
  const field: FieldPolicy = { name: 'f', ...table.field };
  const writes = table.members.map((member) => {
    const write = made.writes.find(({ endpoint }) => endpoint === member);
    return write ? writeText(write) : '-';
  });
  const ours = made.entity.life === 'dead' ? 'dead' : textFor(assemble(made.entity.cells, field));
  return `${ours} : ${writes.join(' ')} | ${made.conflicts.map(conflictText).toSorted().join(' ')}`.trim();
}

function writeText({ op, patch }: Write): string {
  if (op === 'delete') return 'x';
  return `${op === 'create' ? '+' : ''}${textFor(patch.f)}`;
}

function conflictText({ kind, losing, values }: Conflict): string {
  const all = values?.map(({ value }) => textFor(value)).toSorted();
  if (all) return `${kind}(${[...new Set(all)].join()})`;
  const lost = losing?.value;
  if (
    kind !== 'edited-and-deleted' ||
    lost === null ||
    typeof lost !== 'object' ||
    isList(lost ?? null)
  ) {
    return `${kind}(${textFor(lost)})`;
  }
  return `${kind}(${Object.values(lost as Record<string, Value>)
    .map(textFor)
    .join()})`;
}
