/**
 * One turn: what becomes of a page of claimed keys. Records go through a pass together, polls and sweeps
 * are looked at one by one. Whatever goes wrong, every key of the page ends: done, later, or for a person.
 */
import type { EntityId } from '../core/planner/model.ts';
import type { Claimed } from '../store/store.ts';
import { setbackWithout, type Context, type Order } from './context.ts';
import { runPass } from './pass.ts';
import { poll } from './polling.ts';
import { afterSetback, isStoreDown, setbackOf, type Setback } from './retry.ts';
import { sweep } from './sweeping.ts';

export async function takeTurn(context: Context, claimed: readonly Claimed[]): Promise<void> {
  const { orders } = context.mode;
  const due = orders ? await setAside(context, claimed, orders) : claimed;
  // What is not urgent leaves the budget to what is, even if both were claimed together.
  const records = Map.groupBy(
    due.filter((lease) => !isLook(lease)),
    ({ priority }) => priority,
  );
  for (const [priority, group] of [...records].toSorted(([a], [b]) => a - b)) {
    await passOver({ ...context, priority }, group);
  }
  for (const lease of due.filter(isLook)) {
    await lookAt({ ...context, priority: lease.priority }, lease);
  }
}

function isLook({ key }: Claimed): boolean {
  return key.kind === 'poll' || key.kind === 'sweep';
}

const ASIDE_MS = 1_000;

/** Whatever has no order is left for later: this is the hour of those that have one. */
async function setAside(
  { store, sync, world, leases }: Context,
  claimed: readonly Claimed[],
  orders: ReadonlyMap<EntityId, Order>,
): Promise<readonly Claimed[]> {
  const isOrdered = ({ key }: Claimed): boolean => key.kind === 'entity' && orders.has(key.entity);
  const ending = { at: world.clock.now() + ASIDE_MS, error: 'An order went first.', counts: false };
  const others = claimed.filter((lease) => !isOrdered(lease));
  for (const lease of others) leases.release(lease);
  if (others.length > 0) {
    await store.finish(
      sync.tenant,
      others.map((lease) => ({ lease, ending })),
    );
  }
  return claimed.filter(isOrdered);
}

/** A key that nobody can deal with is set aside; the others of its page go on without it. */
async function passOver(context: Context, claimed: readonly Claimed[]): Promise<void> {
  try {
    await runPass(context, claimed);
  } catch (error) {
    const { store, sync, world, leases } = context;
    if (isStoreDown(error)) throw error;
    const open = claimed.filter((lease) => leases.has(lease));
    if (claimed.length > 1 && context.rules.has('one-by-one')) {
      for (const lease of open) await passOver(context, [lease]);
      return;
    }
    const setback = setbackOf(error, world.clock.now());
    const { why } = setback;
    world.log.write('error', `A record could not be dealt with: ${why}`, {
      sync: sync.id,
      stack: error instanceof Error ? error.stack : undefined,
    });
    for (const lease of open) {
      const verdict = afterSetback(setback, lease, world);
      leases.release(lease);
      const given =
        verdict.kind === 'retry'
          ? { ending: verdict.retry }
          : { ...verdict, ending: 'done' as const };
      await store.commit(sync.tenant, world.clock.now(), [{ lease, ...given }]);
    }
  }
}

/** A part of a sweep, or a poll. What is not finished goes on after whatever is more urgent. */
async function lookAt(context: Context, lease: Claimed): Promise<void> {
  const { sync, store, world, run, leases } = context;
  const { key } = lease;
  if (key.kind !== 'poll' && key.kind !== 'sweep') return;
  const now = (): number => world.clock.now();
  const member = sync.members.get(key.endpoint);
  const retry = (error: unknown): Promise<unknown> => {
    return putOff(setbackOf(error, now()));
  };
  const putOff = (setback: Setback): Promise<unknown> => {
    const verdict = afterSetback(setback, { ...lease, attempts: 0, markedAt: now() }, world);
    const at = verdict.kind === 'retry' ? verdict.retry.at : now() + PAUSE_MS;
    const ending = { at, error: setback.why, counts: false };
    return store.finish(sync.tenant, [{ lease, ending }]);
  };
  try {
    if (!member) {
      if (sync.unavailable.has(key.endpoint)) await putOff(setbackWithout(context, key.endpoint));
      else await store.finish(sync.tenant, [{ lease, ending: 'done' }]);
      return;
    }
    const latency = sync.settings.latency;
    const isPolled = key.kind === 'poll' && (await poll(context, member, latency)) !== undefined;
    const swept = isPolled
      ? undefined
      : await sweep(context, member, key.kind === 'poll' ? latency : 3);
    const isOver = swept === undefined || 'certificate' in swept;
    if (swept && isOver) run.count('sweeps');
    // Where changes are listed, the next poll asks for those, and would leave the sweep as it is.
    const isLeft = !isOver && key.kind === 'poll' && member.collection.changes !== undefined;
    if (isLeft) {
      const rest = { ...key, kind: 'sweep' } as const;
      const marks = [{ key: rest, priority: lease.priority, windowMs: swept.resumeInMs }];
      await store.mark(sync.tenant, { now: now(), marks });
    }
    const ending =
      isOver || isLeft
        ? ('done' as const)
        : { at: now() + swept.resumeInMs, error: 'The sweep goes on.', counts: false };
    await store.finish(sync.tenant, [{ lease, ending }]);
  } catch (error) {
    if (isStoreDown(error)) throw error;
    const { why } = setbackOf(error, now());
    world.log.write('warn', `Looking for changes did not work out: ${why}`, { sync: sync.id });
    await retry(error);
  } finally {
    leases.release(lease);
  }
}

const PAUSE_MS = 60_000;
