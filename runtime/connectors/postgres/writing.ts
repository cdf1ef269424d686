/**
 * Creates, updates, deletes and restores: one transaction per call, one statement per set of members that
 * are written together. Where one row is refused the statement is taken back and its rows are tried one by
 * one, so each gets an outcome of its own and the others are written.
 *
 * Promises. Rows are locked before they are looked at, so nothing comes between a version that was
 * compared and the write; a row that somebody else has locked is not waited for. A create whose marker is
 * there already finds that row and changes nothing in it, whatever people have made of it meanwhile.
 */
import { VendorError, type ItemChange, type Outcome } from '../connector.ts';
import { failureOf, isAboutRow, kindOf, type Complaint } from './complaints.ts';
import { itemOf } from './reading.ts';
import type { Query } from './server.ts';
import {
  amongIds,
  foundBy,
  hasMarker,
  hasUniqueMarker,
  isDeletedSql,
  isPossibleId,
  type Found,
  type Table,
} from './table.ts';
import { quoted } from './values.ts';

export const WRITE_MAX = 500;

export async function write(
  table: Table,
  changes: readonly ItemChange[],
  signal?: AbortSignal,
): Promise<readonly Outcome[]> {
  const { op } = changes[0]!;
  const call = { request: `${op} in ${table.config.name}`, writes: true, signal };
  return table.server.transaction(call, async (query) => {
    const batch = new Batch(table, query, changes);
    await (op === 'create' ? batch.create() : batch.change());
    return batch.outcomes();
  });
}

/** A change and what has become of it. */
interface Entry {
  readonly change: ItemChange;
  id?: string;
  failure?: VendorError;
  existing?: string;
}

class Batch {
  readonly #table: Table;
  readonly #query: Query;
  readonly #entries: readonly Entry[];

  constructor(table: Table, query: Query, changes: readonly ItemChange[]) {
    this.#table = table;
    this.#query = query;
    this.#entries = changes.map((change) => ({
      change,
      ...(change.id !== undefined && { id: change.id }),
    }));
    for (const entry of this.#entries) this.#refuseMembers(entry);
  }

  async create(): Promise<void> {
    const isUpsert = hasUniqueMarker(this.#table);
    const together = (entry: Entry): boolean => isUpsert && entry.change.marker !== undefined;
    for (const entries of groupsOf(this.#open().filter(together))) {
      await this.#savely(entries, (rows) => this.#upsert(rows));
    }
    // Without a marker nothing tells which of several new rows is which.
    for (const entry of this.#open().filter((each) => !together(each))) {
      await this.#savely([entry], () => this.#insert(entry));
    }
  }

  async change(): Promise<void> {
    await this.#admit();
    for (const entries of groupsOf(this.#open())) {
      await this.#savely(entries, (rows) => this.#change(rows));
    }
  }

  /** With the rows as they are now, what triggers have made of them included. */
  async outcomes(): Promise<readonly Outcome[]> {
    const ids = this.#open().map(({ id }) => id!);
    const found = ids.length === 0 ? [] : await this.#found(ids);
    const byId = new Map(found.map((each) => [each.id, each]));
    return this.#entries.map(({ id, failure, existing }): Outcome => {
      if (failure !== undefined) {
        return { kind: 'failed', error: failure, ...(existing !== undefined && { existing }) };
      }
      const row = byId.get(id!);
      const version = row?.version;
      return {
        kind: 'done',
        id: id!,
        ...(version !== undefined && { version }),
        ...(row !== undefined && !row.isDeleted && { item: itemOf(row) }),
      };
    });
  }

  #open(): readonly Entry[] {
    return this.#entries.filter(({ failure }) => failure === undefined);
  }

  #found(ids: readonly string[]): Promise<Found[]> {
    return foundBy(this.#query, this.#table, amongIds(this.#table, '$1'), [ids]);
  }

  /** What the table itself would not tell so well: members that are not there, or not ours to write. */
  #refuseMembers(entry: Entry): void {
    const { byName, isReadOnly, config } = this.#table;
    for (const path of Object.keys(entry.change.raw ?? {})) {
      const column = byName.get(path);
      const flaw =
        column === undefined
          ? ['there is no such column', 'Take the field out of the mapping, or add the column.']
          : isReadOnly(column) || (path === config.key && entry.change.op !== 'create')
            ? ['it is only for reading', 'Take the field out of the mapping, or only read it.']
            : undefined;
      if (flaw !== undefined) this.#refuse(entry, 'rejected', [flaw[0]!, flaw[1]!], path);
    }
  }

  #refuse(
    entry: Entry,
    kind: VendorError['kind'],
    [reason, next]: readonly [reason: string, next: string],
    path?: string,
  ): void {
    const { account, config } = this.#table;
    const { op, id } = entry.change;
    const item = id === undefined ? 'an item' : `item ${id}`;
    const where = path === undefined ? '' : ` because of "${path}"`;
    const what = `postgres refused to ${op} ${item} of ${config.name} in account '${account}'${where} (${reason}).`;
    entry.failure = new VendorError(kind, { what, next }, path === undefined ? {} : { path });
  }

  /** Locks the rows, in one order so that two batches do not wait for each other, and looks at them. */
  async #admit(): Promise<void> {
    const table = this.#table;
    const ids = this.#open().flatMap(({ id }) => (isPossibleId(id!, table) ? [id!] : []));
    const key = `t.${quoted(table.config.key)}`;
    const locked = new Set(
      (
        await this.#query(
          `select ${key} from ${table.name} t where ${amongIds(table, '$1')}
           order by ${key} for update skip locked`,
          [ids],
        )
      ).map(([id]) => id),
    );
    // A statement of its own: it sees what the last owner of the lock has committed.
    const found = new Map((await this.#found(ids)).map((each) => [each.id, each]));
    for (const entry of this.#open()) {
      const { op, ifVersion } = entry.change;
      const row = found.get(entry.id!);
      const isThere = row !== undefined && (op !== 'update' || !row.isDeleted);
      if (!isThere) {
        this.#refuse(entry, 'missing', [
          'it is not there',
          'It is looked for again; nothing needs to be done.',
        ]);
      } else if (!locked.has(entry.id)) {
        this.#refuse(entry, 'transient', [
          'somebody else is writing it',
          'It is tried again later; nothing needs to be done.',
        ]);
      } else if (ifVersion !== undefined && row.version !== ifVersion) {
        this.#refuse(entry, 'outdated', [
          `it has version ${row.version}, not ${ifVersion}`,
          'It is read again; nothing needs to be done.',
        ]);
      }
    }
  }

  /** All together, or where that fails because of a row, each on its own. */
  async #savely(
    entries: readonly Entry[],
    work: (entries: readonly Entry[]) => Promise<void>,
  ): Promise<void> {
    const failure = await this.#attempt(() => work(entries));
    if (failure === undefined) return;
    if (entries.length > 1) {
      for (const entry of entries) await this.#savely([entry], work);
      return;
    }
    await this.#explain(entries[0]!, failure);
  }

  async #attempt(work: () => Promise<void>): Promise<Complaint | undefined> {
    await this.#query('savepoint attempt');
    try {
      await work();
      await this.#query('release savepoint attempt');
      return undefined;
    } catch (error) {
      if (!isAboutRow(error as Complaint)) throw error;
      await this.#query('rollback to savepoint attempt');
      return error as Complaint;
    }
  }

  async #upsert(entries: readonly Entry[]): Promise<void> {
    const { name, config } = this.#table;
    const marker = quoted(config.marker!);
    const { columns, rows } = this.#rowsOf(entries);
    const made = await this.#query(
      `insert into ${name} as t (${columns}) select ${columns}
       from json_populate_recordset(null::${name}, $1::json)
       on conflict (${marker}) where ${marker} is not null do nothing
       returning t.${marker}, t.${quoted(config.key)}`,
      [rows],
    );
    const ids = new Map(made.map(([mark, id]) => [mark!, id!]));
    const others = entries.map(({ change }) => change.marker!).filter((mark) => !ids.has(mark));
    if (others.length > 0) {
      const condition = `t.${marker} = any ($1::text[])`;
      for (const { marker: mark, id } of await foundBy(this.#query, this.#table, condition, [
        others,
      ])) {
        ids.set(mark!, id);
      }
    }
    for (const entry of entries) this.#isMade(entry, ids.get(entry.change.marker!));
  }

  async #insert(entry: Entry): Promise<void> {
    const { name, config } = this.#table;
    const { columns, rows } = this.#rowsOf([entry]);
    const source =
      columns === ''
        ? 'default values'
        : `(${columns}) select ${columns} from json_populate_recordset(null::${name}, $1::json)`;
    const sql = `insert into ${name} as t ${source} returning t.${quoted(config.key)}`;
    const [row] = await this.#query(sql, columns === '' ? [] : [rows]);
    this.#isMade(entry, row?.[0] ?? undefined);
  }

  #isMade(entry: Entry, id: string | undefined): void {
    if (id !== undefined) entry.id = id;
    else this.#refuse(entry, 'rejected', ['a trigger keeps it out', 'Correct the values.']);
  }

  async #change(entries: readonly Entry[]): Promise<void> {
    const table = this.#table;
    const { name, config, byName } = table;
    const { op } = entries[0]!.change;
    const ids = entries.map(({ id }) => id!);
    if (op === 'delete' && config.deleted === undefined) {
      await this.#query(`delete from ${name} t where ${amongIds(table, '$1')}`, [ids]);
      return;
    }
    const touched =
      config.updatedAt === undefined ? [] : [`${quoted(config.updatedAt)} = clock_timestamp()`];
    if (op !== 'update') {
      const isFlag = byName.get(config.deleted!)?.type === 'bool';
      const gone = isFlag ? 'true' : 'clock_timestamp()';
      const there = isFlag ? 'false' : 'null';
      const set = [`${quoted(config.deleted!)} = ${op === 'delete' ? gone : there}`, ...touched];
      // What is deleted already stays deleted since when it was.
      const condition = `${amongIds(table, '$1')} and ${op === 'delete' ? 'not ' : ''}${isDeletedSql(table)}`;
      await this.#query(`update ${name} t set ${set.join(', ')} where ${condition}`, [ids]);
      return;
    }
    const members = Object.keys(entries[0]!.change.raw ?? {});
    if (members.length === 0) return;
    const { rows } = this.#rowsOf(entries);
    const set = [...members.map((path) => `${quoted(path)} = n.${quoted(path)}`), ...touched];
    await this.#query(
      `update ${name} t set ${set.join(', ')}
       from json_populate_recordset(null::${name}, $1::json) n
       where t.${quoted(config.key)} = n.${quoted(config.key)}`,
      [rows],
    );
  }

  /** The rows of a group as JSON, which the table's own types read; and their columns. */
  #rowsOf(entries: readonly Entry[]): { columns: string; rows: string } {
    const { config } = this.#table;
    const rows = entries.map(({ change: { op, id, raw, marker } }) => ({
      ...raw,
      ...(op !== 'create' && { [config.key]: id }),
      ...(op === 'create' &&
        marker !== undefined &&
        hasMarker(this.#table) && { [config.marker!]: marker }),
    }));
    const columns = Object.keys(rows[0]!).map(quoted).join(', ');
    return { columns, rows: JSON.stringify(rows) };
  }

  async #explain(entry: Entry, complaint: Complaint): Promise<void> {
    const { rules, server, config } = this.#table;
    const kind = kindOf(complaint);
    const rule = rules.find(({ name }) => name === complaint.constraint);
    const members = Object.keys(entry.change.raw ?? {});
    const path =
      complaint.column ??
      rule?.columns.find((column) => members.includes(column)) ??
      rule?.columns[0] ??
      (await this.#blame(entry));
    const name = server.nameOf(`${entry.change.op} in ${config.name}`);
    const { next } = failureOf(complaint, name, { mayHaveLanded: false });
    const said = name.words(`${complaint.code} ${complaint.message}`);
    this.#refuse(entry, kind, [said, next], path);
    if (kind !== 'duplicate' || rule === undefined) return;
    const existing = await this.#whoHas(entry, rule.columns);
    if (existing !== undefined) entry.existing = existing;
  }

  /** The server does not say which value its type does not take, so each is tried alone. */
  async #blame({ change }: Entry): Promise<string | undefined> {
    const { name } = this.#table;
    for (const [path, value] of Object.entries(change.raw ?? {})) {
      const one = JSON.stringify({ [path]: value });
      const failure = await this.#attempt(async () => {
        await this.#query(`select json_populate_record(null::${name}, $1::json)`, [one]);
      });
      if (failure !== undefined) return path;
    }
    return undefined;
  }

  async #whoHas({ change }: Entry, columns: readonly string[]): Promise<string | undefined> {
    const { name, config } = this.#table;
    if (columns.some((column) => change.raw?.[column] === undefined)) return undefined;
    const same = columns.map((column) => `t.${quoted(column)} = n.${quoted(column)}`);
    const [row] = await this.#query(
      `select t.${quoted(config.key)} from ${name} t, json_populate_record(null::${name}, $1::json) n
       where ${same.join(' and ')} limit 1`,
      [JSON.stringify(change.raw)],
    );
    return row?.[0] ?? undefined;
  }
}

/** Those that write the same members: a row without a member would lose it. No row twice in one group. */
function groupsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const members = Object.keys(entry.change.raw ?? {}).toSorted();
    for (let turn = 0; ; turn += 1) {
      const name = JSON.stringify([turn, ...members]);
      const group = groups.get(name) ?? [];
      const isTwice =
        entry.change.op !== 'create' && group.some(({ id }) => id !== undefined && id === entry.id);
      if (isTwice) continue;
      groups.set(name, [...group, entry]);
      break;
    }
  }
  return [...groups.values()];
}
