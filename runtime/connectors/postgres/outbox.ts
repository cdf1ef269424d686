/**
 * The outbox: a table of ours in the user's database in which a trigger notes which row has changed, when
 * and by whom. Nothing of what a row holds is kept there. `installSql` is all that is ever installed, and
 * may be run by hand; repeating it is harmless, and `removeSql` takes it away again without a trace.
 *
 * Rights: the trigger runs with those of whoever installed it, so the user's programs need none. The login
 * that reads needs to see the notes, to add and forget looks, and to forget old notes; no more.
 *
 * Why there are looks. A note carries the time when the row was written, and its transaction may commit
 * much later; who has read up to that time in between would never see it. So every reading leaves a look:
 * what was visible when (`pg_snapshot`). Later changes are those written since, and those that were not
 * visible at a look from before; so nothing is skipped, however late it is committed.
 *
 * Traps: TRUNCATE fires no trigger for rows. Needs PostgreSQL 13.
 */
import { channelOf } from './listening.ts';
import { OUR_ORIGIN } from './server.ts';
import { literal, quoted } from './values.ts';

export interface Captured {
  readonly schema: string;
  readonly table: string;
  readonly key: string;
  /** Columns that change with every write and mean nothing by themselves. */
  readonly ignored: readonly string[];
}

const TRIGGER = 'tributary_capture';

/** One statement each, to be run in one transaction. `reader` is the role that will read, the one that installs unless told. */
export function installSql(
  outbox: string,
  tables: readonly Captured[],
  reader?: string,
): readonly string[] {
  const schema = quoted(outbox);
  const role = reader === undefined ? 'current_user' : quoted(reader);
  return [
    `create schema if not exists ${schema}`,
    `create table if not exists ${schema}.outbox (
  seq bigint generated always as identity primary key,
  tbl text not null,
  pk text not null,
  op text not null check (op in ('I', 'U', 'D')),
  txid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  origin text)`,
    `create index if not exists outbox_latest on ${schema}.outbox (tbl, pk, seq)`,
    `create index if not exists outbox_order on ${schema}.outbox (tbl, at, seq)`,
    `create index if not exists outbox_transaction on ${schema}.outbox (tbl, txid)`,
    `create table if not exists ${schema}.look (
  tbl text not null,
  at timestamptz not null default clock_timestamp(),
  seen pg_snapshot not null default pg_current_snapshot(),
  primary key (tbl, at))`,
    // The arguments: the column of the key; the table, since of a partitioned one a part fires the trigger;
    // then the columns that mean nothing by themselves.
    `create or replace function ${schema}.capture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $capture$
declare
  before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  afterwards jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  changed_by text := nullif(current_setting('tributary.origin', true), '');
  name text := tg_argv[1];
begin
  if tg_op = 'UPDATE' and before - tg_argv[2:] = afterwards - tg_argv[2:] then return null; end if;
  if tg_op = 'DELETE' or (tg_op = 'UPDATE' and before ->> tg_argv[0] <> afterwards ->> tg_argv[0]) then
    insert into ${schema}.outbox (tbl, pk, op, origin) values (name, before ->> tg_argv[0], 'D', changed_by);
  end if;
  if tg_op <> 'DELETE' then
    insert into ${schema}.outbox (tbl, pk, op, origin)
    values (name, afterwards ->> tg_argv[0], left(tg_op, 1), changed_by);
  end if;
  if changed_by is distinct from '${OUR_ORIGIN}' then
    -- A transaction says it once, however many rows it writes.
    perform pg_notify(${literal(channelOf(outbox))}, name);
  end if;
  return null;
end $capture$`,
    `revoke all on schema ${schema} from public`,
    `revoke all on function ${schema}.capture() from public`,
    `grant usage on schema ${schema} to ${role}`,
    `grant select, delete on ${schema}.outbox to ${role}`,
    `grant select, insert, delete on ${schema}.look to ${role}`,
    ...tables.flatMap(({ schema: home, table, key, ignored }) => {
      const name = `${quoted(home)}.${quoted(table)}`;
      const given = [key, `${home}.${table}`, ...ignored].map(literal).join(', ');
      return [
        `drop trigger if exists ${TRIGGER} on ${name}`,
        `create trigger ${TRIGGER} after insert or update or delete on ${name}
for each row execute function ${schema}.capture(${given})`,
      ];
    }),
  ];
}

/** With the triggers first, so that writing never meets a table that is gone. */
export function removeSql(outbox: string, tables: readonly Captured[]): readonly string[] {
  const schema = quoted(outbox);
  return [
    ...tables.map(
      ({ schema: home, table }) =>
        `drop trigger if exists ${TRIGGER} on ${quoted(home)}.${quoted(table)}`,
    ),
    // Without `cascade`: while another table is still captured, this fails and nothing is removed.
    `drop function if exists ${schema}.capture()`,
    `drop table if exists ${schema}.outbox, ${schema}.look`,
    `drop schema if exists ${schema}`,
  ];
}

/**
 * What was visible at the last look that is not later than `$2`, in ms, by `$1`, the table. Where there is
 * none so old, the first counts: whoever begins there has read the whole table after it.
 */
export function seenSql(outbox: string): string {
  const look = `${quoted(outbox)}.look`;
  return `select coalesce(
    (select seen from ${look} where tbl = $1 and at <= to_timestamp($2::float8 / 1000) order by at desc limit 1),
    (select seen from ${look} where tbl = $1 order by at limit 1))`;
}

/** Leaves a look, unless the latest one saw all that is there. */
export function lookSql(outbox: string): string {
  const schema = quoted(outbox);
  return `insert into ${schema}.look (tbl)
  select $1 where not exists (
    select from (select seen from ${schema}.look where tbl = $1 order by at desc limit 1) latest
    where not exists (
      select from ${schema}.outbox where tbl = $1
        and txid >= pg_snapshot_xmin(latest.seen) and not pg_visible_in_snapshot(txid, latest.seen)))
  on conflict do nothing`;
}

/** How long a deletion, and what was visible when, are remembered. The latest note on a row stays. */
const KEPT = `interval '30 days'`;
const FORGOTTEN_AT_ONCE = 500;

export function forgetSql(outbox: string): readonly string[] {
  const schema = quoted(outbox);
  return [
    `delete from ${schema}.outbox where seq in (
    select o.seq from ${schema}.outbox o
    where o.tbl = $1 and o.at < clock_timestamp() - ${KEPT}
      and (o.op = 'D' or exists (
        select from ${schema}.outbox later where later.tbl = o.tbl and later.pk = o.pk and later.seq > o.seq))
    order by o.at limit ${FORGOTTEN_AT_ONCE})`,
    `delete from ${schema}.look where tbl = $1 and at < clock_timestamp() - ${KEPT}`,
  ];
}
