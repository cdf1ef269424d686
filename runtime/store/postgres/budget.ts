/**
 * Token buckets in the database: one statement per call, and the same arithmetic as in budget.ts. A
 * row is found by its key even where it was locked, because a place read before the wait for the lock
 * may be that of an older version. The time is that of the database, unless the caller gives one.
 */
import {
  inOne,
  RATE_MIN,
  RECOVERY_PER_MINUTE,
  ROUNDING,
  type SlowDown,
  type Spend,
  type SpendOutcome,
} from '../budget.ts';
import type { TenantId } from '../store.ts';
import type { Query } from './database.ts';
import { toJson } from './json.ts';

export async function spend(
  query: Query,
  tenant: TenantId,
  requests: readonly Spend[],
  now?: number,
): Promise<SpendOutcome> {
  if (requests.length === 0) return { granted: true };
  const values = [tenant, now, toJson(inOne(requests))];
  const [{ granted, waitMs }] = (await query(SPEND, values)) as [
    { granted: boolean; waitMs: number },
  ];
  return granted ? { granted } : { granted, waitMs };
}

/** The same throughout a statement. */
const NOW = `
  coalesce($2::float8, floor(extract(epoch from statement_timestamp()) * 1000)::float8)`;

const RATE = `
  least(1, b.rate + greatest(0, ${NOW} - b.rate_at) * ${RECOVERY_PER_MINUTE}::float8 / 60000)`;

/** Two that open the same bucket at once collide on its key, and one of them is run again. */
const SPEND = {
  name: 'spend',
  text: `
    with known as materialized (
      select a.*, b.bucket is not null as is_known, b.tokens as had, b.rate,
             greatest(0, ${NOW} - coalesce(b.updated_at, ${NOW})) as elapsed,
             coalesce(b.blocked_until, 0) as blocked_until
        from (select *
                from jsonb_to_recordset($3::jsonb)
                  as a (bucket text collate "C", capacity float8, "perMs" float8, amount float8,
                        keep float8)
               order by a.bucket) a
        left join lateral (
          select b.bucket, b.tokens, b.updated_at, b.blocked_until, ${RATE} as rate
            from budget b
           where b.tenant_id = $1::uuid and b.bucket = a.bucket
             for update) b on true
    ), filled as (
      select *, coalesce(rate, 1) as speed,
             least(capacity, coalesce(had, capacity)
               + (elapsed * coalesce(rate, 1) * capacity) / "perMs") as tokens
        from known
    ), judged as (
      select *, greatest(blocked_until, ${NOW} + case
               when least(capacity, amount + keep) - tokens <= ${ROUNDING}::float8 then 0
               else ceil(((least(capacity, amount + keep) - tokens) * "perMs")
                      / (speed * capacity))
             end) as ready_at
        from filled
    ), verdict as materialized (
      select bool_and(ready_at <= ${NOW}) as granted, max(ready_at) as ready_at from judged
    ), spent as (
      update budget b
         set tokens = j.tokens - j.amount,
             updated_at = greatest(b.updated_at, ${NOW})
        from judged j
       cross join verdict v
       where v.granted and j.is_known and b.tenant_id = $1::uuid and b.bucket = j.bucket
    ), opened as (
      insert into budget (tenant_id, bucket, tokens, updated_at, rate_at)
      select $1::uuid, j.bucket, j.tokens - j.amount, ${NOW}, ${NOW}
        from judged j
       cross join verdict v
       where v.granted and not j.is_known
    )
    select granted, ready_at - ${NOW} as "waitMs" from verdict`,
};

export async function slowDown(
  query: Query,
  tenant: TenantId,
  { bucket, forMs = 0, factor = 1 }: SlowDown,
  now?: number,
): Promise<void> {
  await query(SLOW_DOWN, [tenant, now, bucket, forMs, factor]);
}

const SLOW_DOWN = {
  name: 'slow-down',
  text: `
    insert into budget as b (tenant_id, bucket, updated_at, blocked_until, rate, rate_at)
    values ($1::uuid, $3::text, ${NOW}, ${NOW} + $4::float8,
            least(1, greatest(${RATE_MIN}::float8, $5::float8)), ${NOW})
    on conflict (tenant_id, bucket) do update
      set blocked_until = greatest(b.blocked_until, excluded.blocked_until),
          rate = least(1, greatest(${RATE_MIN}::float8,
            ${RATE} * case when b.blocked_until > ${NOW} then 1 else $5::float8 end)),
          rate_at = greatest(b.rate_at, excluded.rate_at)`,
};
