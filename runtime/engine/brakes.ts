/**
 * Brakes against mistakes that would otherwise spread everywhere in seconds: a list that comes back
 * empty, an import that blanks a column, a mapping that changes every record. So many changes of one
 * kind within an hour are unusual; what is beyond waits, and a person is asked once whether to go on.
 */
import type { Write } from '../core/planner/model.ts';
import { wholeValues } from '../core/planner/parts.ts';
import { same } from '../core/value.ts';
import { ask, BRAKE_PREFIX, setBack, type Case } from './case.ts';
import type { Context } from './context.ts';

export type Brake = 'delete' | 'create' | 'blank' | 'change';

const HOUR_MS = 3_600_000;
/** How long a released brake stays open. */
export const RELEASE_MS = HOUR_MS;
/** What is held back is looked at again so often. */
const HELD_MS = 60_000;

/** Holds back what is too much, and adds it to the writes that must not be sent now. */
export async function applyBrakes(
  context: Context,
  cases: readonly Case[],
  refused: Set<Write>,
): Promise<void> {
  if (!context.rules.has('brakes') || context.mode.kind !== 'write' || context.mode.orders) return;
  const open = await openBrakes(context);
  for (const brake of ['delete', 'create', 'blank', 'change'] as const) {
    const affected = cases.flatMap((one) => {
      const amount = amountOf(brake, one, refused);
      return amount > 0 ? [{ one, amount }] : [];
    });
    if (affected.length === 0 || open.has(brake)) continue;
    const capacity = await capacityOf(context, brake);
    for (const { one, amount } of affected) {
      const isProtected =
        brake === 'delete' || brake === 'blank' ? isProtectedOne(context, one) : false;
      if (!isProtected && (await spend(context, brake, amount, capacity))) continue;
      hold(context, one, brake, refused);
    }
  }
}

/** How many changes of the kind the plan would make. */
function amountOf(brake: Brake, { plan }: Case, refused: ReadonlySet<Write>): number {
  if (!plan) return 0;
  const writes = plan.writes.filter((write) => !refused.has(write));
  switch (brake) {
    case 'delete':
      return plan.tombstone && plan.tombstone.cause !== 'decided' ? 1 : 0;
    case 'create':
      return writes.filter(({ op }) => op === 'create').length;
    case 'blank':
      return writes.filter(blanks).length;
    case 'change':
      return writes.filter(({ op }) => op === 'update').length;
  }
}

function blanks({ op, patch, before }: Write): boolean {
  return (
    op === 'update' &&
    Object.entries(patch).some(([field, value]) => value === null && before[field] !== null)
  );
}

function isProtectedOne({ sync }: Context, { entity }: Case): boolean {
  const conditions = sync.settings.brakes.protected;
  if (conditions.length === 0) return false;
  const values = wholeValues(sync.policy.fields, entity.cells);
  return conditions.every(({ field, in: accepted }) =>
    accepted.some((value) => same(value, values[field] ?? null)),
  );
}

async function openBrakes({ store, sync, world }: Context): Promise<ReadonlySet<string>> {
  const now = world.clock.now();
  const cursors = await store.readCursors(sync.tenant, sync.id);
  const open = cursors.filter(({ channel, value }) => {
    return channel.startsWith(BRAKE_PREFIX) && typeof value === 'number' && value > now;
  });
  return new Set(open.map(({ channel }) => channel.slice(BRAKE_PREFIX.length)));
}

async function capacityOf({ sync, countLive }: Context, brake: Brake): Promise<number> {
  const { least, share } = sync.settings.brakes[brake];
  const live = await countLive();
  return Math.max(1, least, Math.ceil(live * share));
}

async function spend(
  { store, sync, world }: Context,
  brake: Brake,
  amount: number,
  capacity: number,
): Promise<boolean> {
  const bucket = `${BRAKE_PREFIX}${sync.id}/${brake}`;
  const request = { bucket, capacity, perMs: HOUR_MS, amount, keep: 0 };
  const { granted } = await store.spend(sync.tenant, world.clock.now(), [request]);
  return granted;
}

/** A death is not stored at all, so that nothing follows from it; other writes are only not sent. */
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
  for (const write of one.plan?.writes ?? []) {
    if (brake === 'delete' || isOf(brake, write)) {
      refused.add(write);
      one.held.push({ reason: 'brake', endpoint: write.endpoint });
    }
  }
  if (brake === 'delete') one.plan = undefined;
}

function isOf(brake: Brake, write: Write): boolean {
  return (
    (brake === 'create' && write.op === 'create') ||
    (brake === 'blank' && blanks(write)) ||
    (brake === 'change' && write.op === 'update')
  );
}
