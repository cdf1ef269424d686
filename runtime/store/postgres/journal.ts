/** Deliveries of vendors and the record of runs: what came in and what was done about it. */
import type {
  Delivery,
  DeliveryKey,
  HistoryPage,
  InboxRequest,
  Run,
  RunItem,
  RunItemPage,
  RunPage,
  TenantId,
} from '../store.ts';
import { lastOfEach, type Query } from './database.ts';
import { toJson } from './json.ts';
import { RUN_ITEMS } from './save.ts';

export async function appendInbox(
  query: Query,
  tenant: TenantId,
  deliveries: readonly Delivery[],
): Promise<boolean[]> {
  const rows = deliveries.map((delivery, n) => ({ ...delivery, n }));
  const added = await query<DeliveryKey>(APPEND_INBOX, [tenant, toJson(rows)]);
  const fresh = new Set(added.map(nameOfDelivery));
  // Of several with one id in a batch the first is the new one.
  return deliveries.map((delivery) => fresh.delete(nameOfDelivery(delivery)));
}

function nameOfDelivery({ endpoint, id }: DeliveryKey): string {
  return `${endpoint}/${id}`;
}

const APPEND_INBOX = {
  name: 'append-inbox',
  text: `
    insert into inbox (tenant_id, endpoint_id, delivery_id, received_at, hint)
    select $1::uuid, d.endpoint, d.id, d."receivedAt", coalesce(d.hint, 'null')
      from jsonb_to_recordset($2::jsonb)
        as d (n int, endpoint uuid, id text collate "C", "receivedAt" bigint, hint jsonb)
     order by d.endpoint, d.id, d.n
    on conflict (tenant_id, endpoint_id, delivery_id) do nothing
    returning endpoint_id as endpoint, delivery_id as id`,
};

export function takeInbox(
  query: Query,
  tenant: TenantId,
  { now, until, limit }: InboxRequest,
): Promise<Delivery[]> {
  return query<Delivery>(TAKE_INBOX, [tenant, now, until, limit]);
}

const TAKE_INBOX = {
  name: 'take-inbox',
  text: `
    with next as materialized (
      select i.ctid as place
        from inbox i
       where i.tenant_id = $1::uuid and i.processed_at is null and i.taken_until <= $2::bigint
       order by i.received_at, i.endpoint_id, i.delivery_id
       limit $4::int
         for update skip locked
    ), taken as (
      update inbox i
         set taken_until = $3::bigint
        from next
       where i.ctid = next.place
      returning i.endpoint_id, i.delivery_id, i.received_at, i.hint
    )
    select endpoint_id as endpoint, delivery_id as id, received_at as "receivedAt", hint
      from taken
     order by received_at, endpoint_id, delivery_id`,
};

export async function settleInbox(
  query: Query,
  tenant: TenantId,
  now: number,
  deliveries: readonly DeliveryKey[],
): Promise<void> {
  await query(SETTLE_INBOX, [tenant, toJson(deliveries), now]);
}

const SETTLE_INBOX = {
  name: 'settle-inbox',
  text: `
    update inbox
       set processed_at = $3::bigint
     where ctid = any (array(
       select known.place
         from jsonb_to_recordset($2::jsonb) as d (endpoint uuid, id text collate "C")
        cross join lateral (
          select i.ctid as place
            from inbox i
           where i.tenant_id = $1::uuid and i.endpoint_id = d.endpoint and i.delivery_id = d.id
             for update) known))`,
};

export async function saveRuns(
  query: Query,
  tenant: TenantId,
  runs: readonly Run[],
): Promise<void> {
  await query(SAVE_RUNS, [tenant, toJson(lastOfEach(runs, ({ id }) => id))]);
}

const SAVE_RUNS = {
  name: 'save-runs',
  text: `
    insert into run (tenant_id, run_id, sync_id, trigger, started_at, ended_at, counts)
    select $1::uuid, r.id, r.sync, r.trigger, r."startedAt", r."endedAt", r.counts
      from jsonb_to_recordset($2::jsonb)
        as r (id uuid, sync uuid, trigger text, "startedAt" bigint, "endedAt" bigint,
              counts jsonb)
     order by r.id
    on conflict (tenant_id, run_id) do update
      set sync_id = excluded.sync_id, trigger = excluded.trigger,
          started_at = excluded.started_at, ended_at = excluded.ended_at,
          counts = excluded.counts`,
};

export async function listRuns(
  query: Query,
  tenant: TenantId,
  { sync, limit, before }: RunPage,
): Promise<Run[]> {
  const place = [before?.startedAt ?? null, before?.id ?? null];
  const rows = await query<RunRow>(LIST_RUNS, [tenant, sync ?? null, ...place, limit]);
  return rows.map(({ endedAt, ...run }) => (endedAt === null ? run : { ...run, endedAt }));
}

interface RunRow extends Omit<Run, 'endedAt'> {
  readonly endedAt: number | null;
}

const LIST_RUNS = {
  name: 'list-runs',
  text: `
    select run_id as id, sync_id as sync, trigger, started_at as "startedAt",
           ended_at as "endedAt", counts
      from run
     where tenant_id = $1::uuid
       and ($2::uuid is null or sync_id = $2::uuid)
       and ($3::bigint is null or (started_at, run_id) < ($3::bigint, $4::uuid))
     order by started_at desc, run_id desc
     limit $5::int`,
};

export async function appendRunItems(
  query: Query,
  tenant: TenantId,
  items: readonly RunItem[],
): Promise<void> {
  if (items.length > 0) await query(RUN_ITEMS, [tenant, toJson(items)]);
}

export async function listRunItems(
  query: Query,
  tenant: TenantId,
  { run, limit, after }: RunItemPage,
): Promise<RunItem[]> {
  const rows = await query<RunItemRow>(LIST_RUN_ITEMS, [tenant, run, after ?? NIL, limit]);
  return rows.map(runItemOf);
}

/** Before all ids. */
const NIL = '00000000-0000-0000-0000-000000000000';

interface RunItemRow extends Omit<RunItem, 'entity' | 'endpoint'> {
  readonly entity: NonNullable<RunItem['entity']> | null;
  readonly endpoint: NonNullable<RunItem['endpoint']> | null;
}

function runItemOf({ entity, endpoint, ...item }: RunItemRow): RunItem {
  return {
    ...item,
    ...(entity === null ? {} : { entity }),
    ...(endpoint === null ? {} : { endpoint }),
  };
}

const RUN_ITEM_COLUMNS = `
  item_id as id, run_id as run, at, outcome, entity_id as entity, endpoint_id as endpoint, detail`;

const LIST_RUN_ITEMS = {
  name: 'list-run-items',
  text: `
    select ${RUN_ITEM_COLUMNS}
      from run_item
     where tenant_id = $1::uuid and run_id = $2::uuid and item_id > $3::uuid
     order by item_id
     limit $4::int`,
};

export async function listHistory(
  query: Query,
  tenant: TenantId,
  { entity, limit, before }: HistoryPage,
): Promise<RunItem[]> {
  const rows = await query<RunItemRow>(LIST_HISTORY, [tenant, entity, before ?? LAST, limit]);
  return rows.map(runItemOf);
}

/** After all ids. */
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const LIST_HISTORY = {
  name: 'list-history',
  text: `
    select ${RUN_ITEM_COLUMNS}
      from run_item
     where tenant_id = $1::uuid and entity_id is not null and entity_id = $2::uuid
       and item_id < $3::uuid
     order by item_id desc
     limit $4::int`,
};

/** Items before their runs, so that a run is forgotten last; each statement up to the limit. */
export async function purge(
  query: Query,
  tenant: TenantId,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  let count = 0;
  for (const statement of [PURGE_RUN_ITEMS, PURGE_INBOX, PURGE_DEAD_LETTERS, PURGE_RUNS]) {
    count += (await query(statement, [tenant, before, limit])).length;
  }
  return count;
}

const PURGE_RUN_ITEMS = {
  name: 'purge-run-items',
  text: `
    delete from run_item
     where ctid = any (array(
       select item.ctid
         from run r
         join run_item item on item.tenant_id = $1::uuid and item.run_id = r.run_id
        where r.tenant_id = $1::uuid and r.ended_at < $2::bigint
        order by item.run_id, item.item_id
        limit $3::int))
    returning item_id`,
};

const PURGE_INBOX = {
  name: 'purge-inbox',
  text: `
    delete from inbox
     where ctid = any (array(
       select i.ctid
         from inbox i
        where i.tenant_id = $1::uuid and i.processed_at < $2::bigint
        order by i.processed_at, i.endpoint_id, i.delivery_id
        limit $3::int))
    returning delivery_id`,
};

const PURGE_DEAD_LETTERS = {
  name: 'purge-dead-letters',
  text: `
    delete from dead_letter
     where ctid = any (array(
       select d.ctid
         from dead_letter d
        where d.tenant_id = $1::uuid and d.state in ('replayed', 'dropped') and d.at < $2::bigint
        order by d.at, d.sync_id, d.key
        limit $3::int))
    returning key`,
};

const PURGE_RUNS = {
  name: 'purge-runs',
  text: `
    delete from run
     where ctid = any (array(
       select r.ctid
         from run r
        where r.tenant_id = $1::uuid and r.ended_at < $2::bigint
          and not exists (
            select from run_item i where i.tenant_id = $1::uuid and i.run_id = r.run_id)
        order by r.ended_at, r.run_id
        limit $3::int))
    returning run_id`,
};
