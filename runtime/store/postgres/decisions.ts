/**
 * What people are asked and what they decide: conflicts, reviews and dead letters. A decision is noted
 * on its row and the key is marked; the next plan carries it out.
 */
import type { Conflict, EntityId } from '../../core/planner/model.ts';
import type { Value } from '../../core/value.ts';
import type {
  DeadLetterAnswer,
  DecidedBy,
  DecisionBatch,
  Page,
  StoredConflict,
  StoredDeadLetter,
  StoredReview,
  SyncId,
  TenantId,
  Waiting,
} from '../store.ts';
import { keyOf, keyOfName, nameOfKey, nameOfReview, urgent } from '../work-key.ts';
import type { Query } from './database.ts';
import { toJson } from './json.ts';
import { mark } from './work.ts';

export const CONFLICT_COLUMNS = `
  c.sync_id as sync, c.entity_id as entity, c.fingerprint, c.cell, c.kind, c.state, c.at, c.body,
  c.decision`;

export const REVIEW_COLUMNS = `
  r.sync_id as sync, r.endpoint_id as endpoint, r.remote_id as "remoteId", r.reason,
  r.entity_id as entity, r.candidates, r.state, r.at, r.decision`;

export interface ConflictRow extends Omit<StoredConflict, 'id' | 'decision'> {
  readonly body: Pick<Conflict, 'losing' | 'values' | 'winner' | 'clockTie'>;
  readonly decision: DecidedBy<Value> | null;
}

export function conflictOf({ body, decision, ...row }: ConflictRow): StoredConflict {
  return {
    id: `${row.entity}/${row.fingerprint}`,
    ...row,
    ...body,
    ...(decision === null ? {} : { decision }),
  };
}

export interface ReviewRow extends Omit<StoredReview, 'id' | 'entity' | 'decision'> {
  readonly entity: EntityId | null;
  readonly decision: DecidedBy<Value> | null;
}

export function reviewOf({ entity, decision, ...row }: ReviewRow): StoredReview {
  return {
    id: nameOfReview(row),
    ...row,
    ...(entity === null ? {} : { entity }),
    ...(decision === null ? {} : { decision }),
  };
}

interface Timed {
  readonly at: number;
  readonly id: string;
}

export function byTime(a: Timed, b: Timed): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}

export async function listConflicts(
  query: Query,
  tenant: TenantId,
  page: Page<Conflict['state']>,
): Promise<StoredConflict[]> {
  const rows = await query<ConflictRow>(LIST_CONFLICTS, pageValues(tenant, page));
  return rows.map(conflictOf);
}

const LIST_CONFLICTS = {
  name: 'list-conflicts',
  text: `
    select ${CONFLICT_COLUMNS}
      from conflict c
     where c.tenant_id = $1::uuid and c.state = $2::text
       and ($3::uuid is null or c.sync_id = $3::uuid)
       and c.at >= 0 and c.at >= $4::bigint
       and (c.at > $4::bigint or concat_ws('/', c.entity_id, c.fingerprint) > $5::text collate "C")
     order by c.at, concat_ws('/', c.entity_id, c.fingerprint) collate "C"
     limit $6::int`,
};

export async function listReviews(
  query: Query,
  tenant: TenantId,
  page: Page<StoredReview['state']>,
): Promise<StoredReview[]> {
  const rows = await query<ReviewRow>(LIST_REVIEWS, pageValues(tenant, page));
  return rows.map(reviewOf);
}

const LIST_REVIEWS = {
  name: 'list-reviews',
  text: `
    select ${REVIEW_COLUMNS}
      from review r
     cross join lateral (
       values (concat_ws('/', r.reason, r.sync_id, r.endpoint_id, r.remote_id) collate "C")) as own (id)
     where r.tenant_id = $1::uuid and r.state = $2::text
       and ($3::uuid is null or r.sync_id = $3::uuid)
       and r.at >= 0 and r.at >= $4::bigint
       and (r.at > $4::bigint or own.id > $5::text)
     order by r.at, own.id
     limit $6::int`,
};

export async function listDeadLetters(
  query: Query,
  tenant: TenantId,
  page: Page<StoredDeadLetter['state']>,
): Promise<StoredDeadLetter[]> {
  const rows = await query<DeadLetterRow>(LIST_DEAD_LETTERS, pageValues(tenant, page));
  return rows.map(({ sync, name, ...row }) => ({
    id: `${sync}/${name}`,
    key: keyOfName(sync, name),
    ...row,
  }));
}

interface DeadLetterRow extends Omit<StoredDeadLetter, 'id' | 'key'> {
  readonly sync: SyncId;
  readonly name: string;
}

const LIST_DEAD_LETTERS = {
  name: 'list-dead-letters',
  text: `
    select d.sync_id as sync, d.key as name, d.code, d.message, d.payload, d.attempts,
           d.first_at as "firstAt", d.at, d.state
      from dead_letter d
     where d.tenant_id = $1::uuid and d.state = $2::text
       and ($3::uuid is null or d.sync_id = $3::uuid)
       and d.at >= $4::bigint
       and (d.at > $4::bigint or concat_ws('/', d.sync_id, d.key) > $5::text collate "C")
     order by d.at, concat_ws('/', d.sync_id, d.key) collate "C"
     limit $6::int`,
};

function pageValues<State>(
  tenant: TenantId,
  { state, sync, after, limit }: Page<State>,
): readonly unknown[] {
  return [tenant, state, sync ?? null, after?.at ?? -1, after?.id ?? '', limit];
}

export async function decide(
  query: Query,
  tenant: TenantId,
  { now, actor, decisions }: Omit<DecisionBatch, 'audit'>,
  left: Waiting[],
): Promise<boolean[]> {
  // Marks first, because commits lock a key before its conflicts, too.
  await mark(query, tenant, { now, marks: decisions.map((each) => urgent(keyOf(each))) }, left);
  const noted = new Set<number>();
  for (const [kind, statement] of [
    ['conflict', DECIDE_CONFLICTS],
    ['review', DECIDE_REVIEWS],
  ] as const) {
    const rows = decisions
      .map((each, n) => ({ ...each, n, decision: { choice: each.choice, actor, at: now } }))
      .filter((each) => each.kind === kind)
      .map((each) => (each.kind === 'review' ? { ...each, ...each.review } : each));
    if (rows.length === 0) continue;
    const found = await query<{ n: number }>(statement, [tenant, toJson(rows)]);
    for (const { n } of found) noted.add(n);
  }
  return decisions.map((_, n) => noted.has(n));
}

const DECIDE_CONFLICTS = {
  name: 'decide-conflicts',
  text: `
    update conflict own
       set decision = found.decision
      from (select d.n, d.decision, known.place
              from jsonb_to_recordset($2::jsonb)
                as d (n int, entity uuid, fingerprint text collate "C", decision jsonb)
             cross join lateral (
               select c.ctid as place
                 from conflict c
                where c.tenant_id = $1::uuid and c.entity_id = d.entity
                  and c.fingerprint = d.fingerprint
                  for update) known) found
     where own.ctid = found.place and own.state = 'open'
    returning found.n`,
};

const DECIDE_REVIEWS = {
  name: 'decide-reviews',
  text: `
    update review own
       set state = 'decided', decision = found.decision
      from (select d.n, d.decision, known.place
              from jsonb_to_recordset($2::jsonb)
                as d (n int, sync uuid, endpoint uuid, "remoteId" text collate "C",
                      reason text collate "C", decision jsonb)
             cross join lateral (
               select r.ctid as place
                 from review r
                where r.tenant_id = $1::uuid and r.sync_id = d.sync
                  and r.endpoint_id = d.endpoint and r.remote_id = d."remoteId"
                  and r.reason = d.reason
                  for update) known) found
     where own.ctid = found.place and own.state <> 'closed'
    returning found.n`,
};

export async function answerDeadLetters(
  query: Query,
  tenant: TenantId,
  { now, keys, answer }: Omit<DeadLetterAnswer, 'audit'>,
  left: Waiting[],
): Promise<boolean[]> {
  const rows = keys.map((key, n) => ({ n, sync: key.sync, key: nameOfKey(key) }));
  const state = answer === 'replay' ? 'replayed' : 'dropped';
  const found = await query<{ n: number }>(ANSWER_DEAD_LETTERS, [tenant, toJson(rows), state]);
  const answered = new Set(found.map(({ n }) => n));
  const again = answer === 'replay' ? keys.filter((_, n) => answered.has(n)) : [];
  await mark(query, tenant, { now, marks: again.map(urgent) }, left);
  return keys.map((_, n) => answered.has(n));
}

const ANSWER_DEAD_LETTERS = {
  name: 'answer-dead-letters',
  text: `
    update dead_letter own
       set state = $3::text
      from (select a.n, known.place
              from jsonb_to_recordset($2::jsonb) as a (n int, sync uuid, key text collate "C")
             cross join lateral (
               select d.ctid as place
                 from dead_letter d
                where d.tenant_id = $1::uuid and d.sync_id = a.sync and d.key = a.key
                  for update) known) found
     where own.ctid = found.place and own.state = 'open'
    returning found.n`,
};
