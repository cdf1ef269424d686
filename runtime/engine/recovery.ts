/**
 * Our own database may be put back to a backup. Then it knows nothing of what was sent since, and would
 * create once more what is there already, or delete what somebody has called back to life.
 *
 * Whatever is sent is in the audit chain first, and where that chain ends is also kept outside of the
 * database. A chain that does not go so far, or was sealed otherwise there, is that of a backup: from
 * then on nothing is created or deleted until everything that all members have has been compared once
 * more, and looked at. An item that we made for a record that nobody knows any more is found by its keys,
 * or a person is asked; it never becomes another record beside the one that it was made for.
 */
import type { EndpointId, EntityId, Link, Write } from '../core/planner/model.ts';
import type { Value } from '../core/value.ts';
import type { Cursor, Mark, NewReview, Place, Setup, Store, TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';
import { setBack, type Case } from './case.ts';
import type { Context } from './context.ts';
import { unchanged } from './planning.ts';

/** Keeps, outside of the database and for each tenant, a text about the end of its audit chain. */
export interface Anchor {
  read(tenant: TenantId): Promise<string | undefined>;
  write(tenant: TenantId, text: string): Promise<void>;
}

export interface Past {
  /** Before any work: begins a recovery where the database is not what it was. */
  check(setup: Setup): Promise<void>;
  /** Before anything is sent that was stored. */
  keep(tenant: TenantId): Promise<void>;
}

export function pastOf(store: Store, world: World, anchor: Anchor | undefined): Past {
  const kept = new Map<TenantId, string>();

  async function keep(tenant: TenantId): Promise<void> {
    if (!anchor) return;
    const { sequence, seal } = await store.readAuditEnd(tenant, 0);
    const text = `${sequence} ${seal}`.trimEnd();
    if (kept.get(tenant) === text) return;
    await anchor.write(tenant, text);
    kept.set(tenant, text);
  }

  return {
    keep,
    async check(setup) {
      if (!anchor) return;
      const { id } = setup.tenant;
      const text = kept.get(id) ?? (await anchor.read(id));
      if (text !== undefined && !(await goesSoFar(store, id, text))) {
        await beginRecovery(store, world, setup);
      }
      await keep(id);
    },
  };
}

/** Whether the chain has the same seal where it ended then. What cannot be read has none. */
async function goesSoFar(store: Store, tenant: TenantId, text: string): Promise<boolean> {
  const [, sequence, seal = ''] = /^(\d{1,9})(?: (\S+))?$/.exec(text) ?? [];
  if (sequence === undefined) return false;
  const { sealThere = '' } = await store.readAuditEnd(tenant, Number(sequence));
  return sealThere === seal;
}

/** Has everything compared once more, in all syncs of the tenant. */
async function beginRecovery(store: Store, world: World, { tenant, syncs }: Setup): Promise<void> {
  const now = world.clock.now();
  const id = world.newId();
  for (const { id: sync, policy } of syncs) {
    const places = policy.members.map(({ endpoint }): Place => ({ sync, endpoint }));
    const cursors = places.map((place) => recoveryCursor(place, { id }));
    const marks = places.map((place): Mark => {
      return { key: { kind: 'sweep', ...place }, priority: 1, windowMs: 0 };
    });
    await store.mark(tenant.id, { now, marks, cursors });
  }
  const items = [{ actor: 'engine', action: 'recover', cause: id }];
  await store.appendAudit(tenant.id, { now, items });
  const message =
    'The database is older than what was sent last; it was put back to a backup. ' +
    'Nothing is created or deleted until everything is compared.';
  world.log.write('warn', message, { tenant: tenant.id });
}

// ---------------------------------------------------------------------------------------------
// How far it is

/** `until`: when it was over. */
type Recovery = { readonly id: string; readonly until?: number };

const CHANNEL = 'recovery';

function recoveryCursor(place: Place, recovery: Recovery): Cursor {
  return { ...place, channel: CHANNEL, value: recovery };
}

/** The recovery that a member is in, or was in last: a sweep that began before it proves nothing. */
export function recoveryAt(cursors: ReadonlyMap<string, Value>): string | undefined {
  return (cursors.get(CHANNEL) as Recovery | undefined)?.id;
}

const HOWEVER_OFTEN = 1_000_000;

/** `comparing`: not everything was listed again. `settling`: something that was listed waits. */
export type Stage = 'never' | 'comparing' | 'settling' | 'over';

export async function recoveryStage({ store, sync, world }: Context): Promise<Stage> {
  const cursors = await store.readCursors(sync.tenant, sync.id);
  const valueAt = (member: EndpointId, name: string): Value | undefined =>
    cursors.find(({ endpoint, channel }) => endpoint === member && channel === name)?.value;
  const known = sync.policy.members.flatMap(({ endpoint }) => {
    const recovery = valueAt(endpoint, CHANNEL) as Recovery | undefined;
    return recovery ? [{ endpoint, recovery }] : [];
  });
  if (known.length === 0) return 'never';
  const open = known.filter(({ recovery }) => recovery.until === undefined);
  if (open.length === 0) return 'over';
  const isCompared = open.every(({ endpoint, recovery }) => {
    const certificate = valueAt(endpoint, 'enumerated') as { recovery?: string } | undefined;
    return certificate?.recovery === recovery.id;
  });
  if (!isCompared) return 'comparing';
  for (const { endpoint } of open) {
    const place = { sync: sync.id, endpoint };
    if (await store.isWaiting(sync.tenant, place, HOWEVER_OFTEN)) return 'settling';
  }
  const until = world.clock.now();
  const over = open.map(({ endpoint, recovery }) =>
    recoveryCursor({ sync: sync.id, endpoint }, { ...recovery, until }),
  );
  await store.mark(sync.tenant, { now: until, marks: [], cursors: over });
  return 'over';
}

/** What is held back is looked at again so often. */
const HELD_MS = 30_000;

/** Holds creates and deletes back while a recovery is under way; what a person orders is done. */
export async function holdInRecovery(
  context: Context,
  cases: readonly Case[],
  refused: Set<Write>,
): Promise<void> {
  if (context.mode.orders || !context.rules.has('compare-after-backup')) return;
  const bold = cases.filter(
    ({ plan, surplus }) =>
      surplus.size > 0 || plan?.tombstone || plan?.writes.some(({ op }) => op !== 'update'),
  );
  if (bold.length === 0) return;
  const stage = await recoveryStage(context);
  if (stage !== 'comparing' && stage !== 'settling') return;
  const why = 'The database was put back to a backup, and not everything is compared yet.';
  const at = context.world.clock.now() + HELD_MS;
  for (const one of bold) {
    setBack(one, { kind: 'again', why, at });
    // What we made twice is part of what has to be settled.
    if (stage === 'comparing') one.surplus.clear();
    for (const write of one.plan?.writes ?? []) {
      if (write.op === 'update') continue;
      refused.add(write);
      one.held.push({ reason: 'recovery', endpoint: write.endpoint });
    }
    // A death is not stored at all, so that nothing follows from it.
    if (one.plan?.tombstone) one.plan = unchanged(one);
  }
}

// ---------------------------------------------------------------------------------------------
// What we made and do not know any more

/** From more, nobody would choose. */
const CANDIDATES_MAX = 100;
const LINKS_PER_STEP = 500;

/**
 * Records that an item may have been made for, of which only the forgotten id is known: found anew since
 * then, and without an item in that system.
 */
export async function candidatesFor(
  { store, sync }: Context,
  endpoint: EndpointId,
  forgotten: EntityId,
): Promise<readonly EntityId[]> {
  const found = new Set<EntityId>();
  for (const { endpoint: other } of sync.policy.members) {
    if (other === endpoint) continue;
    for (let after: string | undefined, more = true; more && found.size < CANDIDATES_MAX;) {
      const links = await store.listLinks(sync.tenant, {
        sync: sync.id,
        endpoint: other,
        state: 'live',
        limit: LINKS_PER_STEP,
        ...(after === undefined ? {} : { after }),
      });
      // Ids grow with time.
      const younger = links.map(({ entity }) => entity).filter((entity) => entity > forgotten);
      for (const state of await store.findEntities(sync.tenant, younger)) {
        const isHere = state?.links.some((l) => l.endpoint === endpoint && l.state !== 'gone');
        if (state?.life === 'live' && !isHere) found.add(state.entity);
      }
      after = links.at(-1)?.remoteId;
      more = links.length === LINKS_PER_STEP;
    }
  }
  return [...found].slice(0, CANDIDATES_MAX);
}

/** Clocks of vendors and workers differ by less. */
const CLOCKS_MS = 300_000;

/**
 * Whether a record may be the one that an item was made for, of which only the id is known: found anew
 * since then, from an item that was there before the recovery was over.
 */
export function mayBeForgotten(
  cursors: readonly Cursor[],
  { endpoint, entity: forgotten }: Pick<NewReview, 'endpoint' | 'entity'>,
  { entity, links }: Pick<Case, 'entity' | 'links'>,
): boolean {
  const recovery = cursors.find((one) => one.endpoint === endpoint && one.channel === CHANNEL);
  if (forgotten === undefined || entity.id <= forgotten) return false;
  return wasThere(recovery?.value, links);
}

/**
 * Whether an item of a system that nobody has looked at yet may have been made for the record. Nothing leads
 * to such an item when other keys were typed into it.
 */
export function mayHaveBeenMade(
  { rules }: Context,
  cursors: ReadonlyMap<string, Value>,
  { links }: Pick<Case, 'links'>,
): boolean {
  return rules.has('compare-after-backup') && wasThere(cursors.get(CHANNEL), links);
}

/** Whether one of the items was there before the recovery was over, if there was one. */
function wasThere(recovery: Value | undefined, links: readonly Link[]): boolean {
  if (recovery === undefined) return false;
  const { until = 0 } = recovery as Recovery;
  return links.some(({ createdAt = 0 }) => createdAt <= until + CLOCKS_MS);
}
