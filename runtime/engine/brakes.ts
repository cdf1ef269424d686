/**
 * Brakes against mistakes that would otherwise spread everywhere in seconds: a list that comes back
 * empty, an import that blanks a column, a mapping that changes every record. So many records changed in
 * one way within an hour are unusual; what is beyond waits, and a person is asked once whether to go on.
 */
import type { Write } from '../core/planner/model.ts';
import { wholeValues } from '../core/planner/parts.ts';
import { same } from '../core/value.ts';
import { ask, BRAKE_PREFIX, setBack, type Case } from './case.ts';
import type { Context } from './context.ts';
import { without } from './preparing.ts';

export type Brake = 'delete' | 'create' | 'blank' | 'change';

const HOUR_MS = 3_600_000;
/** How long a released brake stays open. */
export const RELEASE_MS = HOUR_MS;
/** What is held back is looked at again so often. */
const HELD_MS = 60_000;

/** After a member was listed for the first time, missing records are created in it; that is what it is for. */
const FIRST_SYNC_MS = 86_400_000;

/** Holds back what is too much, and adds it to the writes that must not be sent now. */
export async function applyBrakes(
  context: Context,
  cases: readonly Case[],
  refused: Set<Write>,
): Promise<void> {
  if (!context.rules.has('brakes') || context.mode.kind !== 'write' || context.mode.orders) return;
  for (const brake of ['delete', 'create', 'blank', 'change'] as const) {
    const affected = cases.flatMap((one) => {
      const buckets = bucketsOf(brake, one, refused);
      return buckets.size > 0 ? [{ one, buckets }] : [];
    });
    if (affected.length === 0) continue;
    const tooMuch = await overLimit(context, brake, affected);
    if (tooMuch.length === 0 || (await isReleased(context, brake))) continue;
    for (const one of tooMuch) hold(context, one, brake, refused);
  }
}

interface Affected {
  readonly one: Case;
  readonly buckets: ReadonlySet<string>;
}

/** A page is mostly within the limit, and costs one question then. */
async function overLimit(
  context: Context,
  brake: Brake,
  affected: readonly Affected[],
): Promise<readonly Case[]> {
  const isGuarded = brake === 'delete' || brake === 'blank';
  const [guarded, others] = [
    affected.filter(({ one }) => isGuarded && isProtectedOne(context, one)),
    affected.filter(({ one }) => !isGuarded || !isProtectedOne(context, one)),
  ];
  const over = guarded.map(({ one }) => one);
  if (others.length === 0) return over;
  const capacity = await capacityOf(context, brake);
  const total = new Map<string, number>();
  for (const { buckets } of others) {
    for (const bucket of buckets) total.set(bucket, (total.get(bucket) ?? 0) + 1);
  }
  // A budget grants a request that is larger than itself when it is full; a brake must not.
  const fits = [...total.values()].every((amount) => amount <= capacity);
  if (fits && (await spend(context, total, capacity))) return over;
  for (const { one, buckets } of others) {
    const amounts = new Map(Array.from(buckets, (bucket) => [bucket, 1]));
    if (!(await spend(context, amounts, capacity))) over.push(one);
  }
  return over;
}

/**
 * What the record takes one of, in however many systems it is written: one that is larger than the limit
 * by itself could never pass. Changes are counted for each field.
 */
function bucketsOf(brake: Brake, { plan }: Case, refused: ReadonlySet<Write>): ReadonlySet<string> {
  const writes = (plan?.writes ?? []).filter((write) => !refused.has(write) && isOf(brake, write));
  if (brake === 'change') {
    const fields = writes.flatMap(({ patch }) => Object.keys(patch));
    return new Set(fields.map((field) => `${brake}/${field}`));
  }
  const isDeath = brake === 'delete' && plan?.tombstone && plan.tombstone.cause !== 'decided';
  return new Set(isDeath || writes.length > 0 ? [brake] : []);
}

/** The fields that it empties. */
function blankedBy({ op, patch, before }: Write): readonly string[] {
  if (op !== 'update') return [];
  return Object.keys(patch).filter((field) => patch[field] === null && before[field] !== null);
}

function isProtectedOne({ sync }: Context, { entity }: Case): boolean {
  const conditions = sync.settings.brakes.protected;
  if (conditions.length === 0) return false;
  const values = wholeValues(sync.policy.fields, entity.cells);
  return conditions.every(({ field, in: accepted }) =>
    accepted.some((value) => same(value, values[field] ?? null)),
  );
}

/** A person has said that it is meant, or it is the first sync with the systems that get new records. */
async function isReleased({ store, sync, world }: Context, brake: Brake): Promise<boolean> {
  const now = world.clock.now();
  const cursors = await store.readCursors(sync.tenant, sync.id);
  const isOpen = cursors.some(
    ({ channel, value }) =>
      channel === BRAKE_PREFIX + brake && typeof value === 'number' && value > now,
  );
  if (isOpen || brake !== 'create') return isOpen;
  return cursors.some(({ channel, value }) => {
    const { firstAt } = (channel === 'enumerated' ? value : {}) as { firstAt?: number };
    return firstAt !== undefined && now - firstAt < FIRST_SYNC_MS;
  });
}

async function capacityOf({ sync, countLive }: Context, brake: Brake): Promise<number> {
  const { least, share } = sync.settings.brakes[brake];
  const live = await countLive();
  return Math.max(1, least, Math.ceil(live * share));
}

async function spend(
  { store, sync }: Context,
  amounts: ReadonlyMap<string, number>,
  capacity: number,
): Promise<boolean> {
  const requests = [...amounts].map(([bucket, amount]) => ({
    bucket: `${BRAKE_PREFIX}${sync.id}/${bucket}`,
    capacity,
    perMs: HOUR_MS,
    amount,
    keep: 0,
  }));
  const { granted } = await store.spend(sync.tenant, requests);
  return granted;
}

/**
 * A death is not stored at all, so that nothing follows from it; other writes are only not sent. What is
 * not emptied goes on: others may wait for the value that it gives up.
 */
function hold(context: Context, one: Case, brake: Brake, refused: Set<Write>): void {
  const { sync, world, run } = context;
  const endpoint = sync.policy.members[0]!.endpoint;
  ask(one, {
    sync: sync.id,
    endpoint,
    remoteId: `${BRAKE_PREFIX}${brake}`,
    reason: 'mass-change',
    candidates: [],
  });
  run.count(`held by the brake: ${brake}`);
  const at = world.clock.now() + HELD_MS;
  setBack(one, { kind: 'again', why: `The brake for the kind "${brake}" holds it back.`, at });
  const { plan } = one;
  if (!plan) return;
  const held = plan.writes.filter(
    (write) => !refused.has(write) && (brake === 'delete' || isOf(brake, write)),
  );
  for (const write of held) {
    refused.add(write);
    one.held.push({ reason: 'brake', endpoint: write.endpoint });
  }
  if (brake === 'delete') one.plan = undefined;
  if (brake !== 'blank') return;
  const rest = held
    .map((write) => without(write, blankedBy(write)))
    .filter(({ patch }) => Object.keys(patch).length > 0);
  one.plan = { ...plan, writes: [...plan.writes, ...rest] };
}

function isOf(brake: Brake, write: Write): boolean {
  return (
    (brake === 'create' && write.op === 'create') ||
    (brake === 'blank' && blankedBy(write).length > 0) ||
    (brake === 'change' && write.op === 'update')
  );
}
