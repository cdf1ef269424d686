/**
 * Which match keys a record claims and gives up. A key belongs to one record; whoever wants one that
 * another record has goes on without it, while a person is asked, and claims it once it is free.
 */
import type { Entity, EntityId, Link } from '../core/planner/model.ts';
import type { MatchKey, RecordChange, StoredReview } from '../store/store.ts';
import type { Case } from './case.ts';
import { keysLeftBy, keysOfEntity, refTo, type Context, type DigestedKey } from './context.ts';

/** After so many tries the value is not just on its way from one record to the other. */
export const COLLISIONS_MAX = 3;
/** Records that wait for each other are due at the same moment. */
export const TOGETHER_MS = 700;

/** Strong keys belong to one record. Of others the first that has it is remembered. */
export async function keyChanges(context: Context, one: Case): Promise<RecordChange['keys']> {
  const { rules } = context;
  const { stored, entity, links } = one;
  const isBack = stored?.entity.life === 'dead' && entity.life !== 'dead';
  const isSame = stored?.entity.cells === entity.cells && stored.links === links;
  if (stored && isSame && !isBack && !hasCollided(one)) return undefined;
  const before = new Set(stored ? keysOfRecord(context, stored).map(({ digest }) => digest) : []);
  const after = keysOfRecord(context, { entity, links });
  const kept = new Set(after.map(({ digest }) => digest));
  const isFresh = (digest: MatchKey): boolean => isBack || !before.has(digest);
  const wanted = after.filter(
    ({ digest }) => (isFresh(digest) || hasCollided(one)) && !one.yielded.has(digest),
  );
  // What was wanted before and is not free yet has been asked about.
  const asked = wanted.filter(
    ({ digest, strength, isLeft }) =>
      strength === 'candidate' || isLeft || !isFresh(digest) || !rules.has('unique-keys'),
  );
  const owned = await ownersOf(
    context,
    asked.map(({ digest }) => digest),
  );
  const isTaken = (digest: MatchKey): boolean => {
    const owner = owned.get(digest);
    return owner !== undefined && (owner !== entity.id || !isFresh(digest));
  };
  const add = wanted.map(({ digest }) => digest).filter((digest) => !isTaken(digest));
  const remove = [...before].filter((digest) => !kept.has(digest));
  return add.length + remove.length > 0 ? { add, remove } : undefined;
}

/** Those that lead to it: its own, and those that its items still have. */
function keysOfRecord(
  context: Context,
  record: { readonly entity: Entity; readonly links: readonly Link[] },
): DigestedKey[] {
  return [...keysOfEntity(context, record.entity), ...keysLeftBy(context, record)];
}

/** Whether another record still has a key that this one was asked about. */
export async function isInQuestion(context: Context, one: Case): Promise<boolean> {
  const open = one.reviews.filter((review) => isCollision(review) && review.state === 'open');
  if (open.length === 0) return false;
  // A vendor said that a value is taken, and not by whom.
  if (open.some(({ candidates }) => candidates.length === 0)) return true;
  const keys = keysOfEntity(context, one.plan?.entity ?? one.entity);
  const strong = keys.flatMap(({ strength, digest }) => (strength === 'strong' ? [digest] : []));
  const owners = await ownersOf(context, strong);
  return [...owners.values()].some((owner) => owner !== one.entity.id);
}

function hasCollided({ reviews }: Case): boolean {
  return reviews.some(isCollision);
}

export function isCollision({ reason }: StoredReview): boolean {
  return reason === 'key-collision';
}

/** Whether a record is dead, and an item of it was read. */
export function isShownAgain({ entity, links, observed }: Case): boolean {
  if (entity.life !== 'dead') return false;
  return links.some(({ id, state }) => state === 'gone' && observed.get(id)?.kind === 'present');
}

/** Those of the dead whose key somebody else has by now. */
export async function succeeded(
  context: Context,
  dead: readonly Case[],
): Promise<ReadonlySet<Case>> {
  const known = dead.map((one) => {
    const keys = keysOfEntity(context, one.entity);
    return { one, strong: keys.flatMap((key) => (key.strength === 'strong' ? [key.digest] : [])) };
  });
  const owners = await ownersOf(
    context,
    known.flatMap(({ strong }) => strong),
  );
  const others = known.filter(({ strong }) => strong.some((digest) => owners.has(digest)));
  return new Set(others.map(({ one }) => one));
}

/** Of a dead record a key is only a memory. */
async function ownersOf(
  { store, sync }: Context,
  digests: readonly MatchKey[],
): Promise<ReadonlyMap<MatchKey, EntityId>> {
  if (digests.length === 0) return new Map();
  const owners = await store.findKeys(sync.tenant, digests);
  return new Map(
    digests.flatMap((digest, n) => {
      const owner = owners[n];
      return owner && owner.life !== 'dead' ? [[digest, owner.entity] as const] : [];
    }),
  );
}

/** A vendor said that a unique value is taken: whoever has it is looked at together with who wants it. */
export async function meetCollisions(context: Context): Promise<void> {
  const { store, sync, world, collisions } = context;
  const refs = collisions.flatMap(({ member, existing }) =>
    existing === undefined ? [] : [refTo(sync, { endpoint: member.endpoint, remoteId: existing })],
  );
  if (refs.length === 0) return;
  const marks = refs.map((ref) => ({
    key: { kind: 'item', ...ref } as const,
    priority: context.priority,
    windowMs: TOGETHER_MS,
  }));
  await store.mark(sync.tenant, { now: world.clock.now(), marks });
  collisions.splice(0);
}
