/**
 * References: records that point to records of another sync. A vendor names the target by the id of its
 * item, we by the id of our record. What has no item there yet waits for it; what is named by an item
 * that is gone there, while the target has another one, is written anew, also when the id is that of another
 * item by now. Where the vendor merged an item into that of another record, and nothing is left of ours, that
 * one is meant.
 */
import type { EndpointId, EntityId, Link, Reach } from '../core/planner/model.ts';
import { isList, type Value, type Values } from '../core/value.ts';
import {
  isGivenAway,
  type FoundEntity,
  type FoundLink,
  type Ref,
  type SyncId,
} from '../store/store.ts';
import { takesPlace, type Case, type Led } from './case.ts';
import type { Context } from './context.ts';
import type { Member } from './member.ts';

/** An item that refers to others. */
export interface Referring {
  /** By field: ids of the vendor. */
  readonly references: Readonly<Record<string, Value>>;
  /** What was read there before. */
  readonly link: Pick<Link, 'remoteId' | 'cells' | 'ledTo'>;
  /** What we may have written there since. */
  readonly written: readonly Values[];
  /** When it last changed, by the vendor's clock. */
  readonly changedAt?: number | undefined;
}

/** The reference fields of an item, as our records. */
export interface Targets {
  readonly fields: Readonly<Record<string, Value>>;
  readonly led: readonly Led[];
  /** By field: an id there that leads to no record yet. */
  readonly unresolved?: Readonly<Record<string, string>>;
  /** Fields with an id of an item that is gone, in place of which its record has another one there. */
  readonly expired?: readonly string[];
}

/** Ids of the vendor as ids of our records; what is not known here is looked at. */
export async function targetsOf(
  context: Context,
  member: Member,
  items: readonly Referring[],
): Promise<Targets[]> {
  const { sync, rules } = context;
  const refs = new Map<string, Ref>();
  for (const { references } of items) {
    for (const [field, value] of Object.entries(references)) {
      const target = sync.settings.references[field] as SyncId | undefined;
      if (target === undefined) continue;
      for (const remoteId of idsIn(value)) {
        refs.set(`${target}/${remoteId}`, { sync: target, endpoint: member.endpoint, remoteId });
      }
    }
  }
  if (refs.size === 0)
    return items.map(({ references }) => ({ fields: { ...references }, led: [] }));
  const found = await findTargets(context, refs);
  const isExpired = await replacedAt(context, member, found);
  const formerTarget = await formerTargets(context, member, items, found);
  return items.map((item) => {
    const fields: Record<string, Value> = {};
    const unresolved: Record<string, string> = {};
    const expired: string[] = [];
    const led: Led[] = [];
    for (const [field, value] of Object.entries(item.references)) {
      const former = formerTarget(item, field);
      if (former) {
        fields[field] = former.entity;
        if (former.isBack) expired.push(field);
        continue;
      }
      const target = sync.settings.references[field];
      const ids = idsIn(value);
      const links = ids.map((id) => found.get(`${target}/${id}`));
      const missing = ids.find((_, n) => links[n] === undefined);
      const entities = links.map((link) => link?.entity);
      if (missing !== undefined && rules.has('references-wait')) unresolved[field] = missing;
      else if (isList(value)) fields[field] = (entities as string[]).toSorted();
      else fields[field] = entities[0] ?? null;
      if (links.some((link) => link && isExpired(link))) expired.push(field);
      led.push(...links.filter((link) => link !== undefined));
    }
    return {
      fields,
      led,
      ...(Object.keys(unresolved).length > 0 ? { unresolved } : {}),
      ...(expired.length > 0 ? { expired } : {}),
    };
  });
}

/** The link of an item, with its id. */
type Found = FoundLink & Pick<Ref, 'remoteId'>;

async function findTargets(
  context: Context,
  refs: ReadonlyMap<string, Ref>,
): Promise<ReadonlyMap<string, Found>> {
  const { store, sync, priority, world } = context;
  const found = new Map<string, Found>();
  const unknown: Ref[] = [];
  let open = refs;
  for (let merges = 0; open.size > 0; merges += 1) {
    const asked = [...open];
    const links = await store.findLinks(
      sync.tenant,
      asked.map(([, ref]) => ref),
    );
    const isLeft = await leftOf(context, links);
    const merged = new Map<string, Ref>();
    for (const [n, [name, ref]] of asked.entries()) {
      const link = links[n];
      const into = link && merges < MERGES_MAX ? successorOf(link, isLeft(link)) : undefined;
      const isKnown = link && (link.state !== 'unlinked' || isLeft(link));
      if (into !== undefined) merged.set(name, { ...ref, remoteId: into });
      else if (isKnown) found.set(name, { ...link, remoteId: ref.remoteId });
      else unknown.push(ref);
    }
    open = merged;
  }
  if (unknown.length > 0) {
    const marks = unknown.map((ref) => ({
      key: { kind: 'item', ...ref } as const,
      priority,
      windowMs: 0,
    }));
    await store.mark(sync.tenant, { now: world.clock.now(), marks });
  }
  return found;
}

/** Longer chains are as good as endless ones. */
const MERGES_MAX = 10;

/** The item that is meant now, where nothing is left of the record that this one belonged to. */
function successorOf({ state, mergedInto }: FoundLink, isLeft: boolean): string | undefined {
  return !isLeft && (state === 'mergedAway' || state === 'unlinked') ? mergedInto : undefined;
}

/**
 * Whether the record of an item is still there. An item that was left alone, or was merged and the two records
 * kept apart, stands for its record only as long as that takes part in some other way.
 */
async function leftOf(
  context: Context,
  links: readonly (FoundLink | undefined)[],
): Promise<(link: FoundLink) => boolean> {
  const alone = links.flatMap((link) => (link?.state === 'unlinked' ? [link.entity] : []));
  const entities = await findById(context, [...new Set(alone)]);
  return ({ life, state, entity }) =>
    life !== 'dead' && (state !== 'unlinked' || takesPart(entities.get(entity)));
}

/** Whether a record has an item anywhere, or is to get one again. */
function takesPart(entity: FoundEntity | undefined): boolean {
  const links = entity?.links ?? [];
  const left = new Set(links.flatMap((l) => (l.state === 'unlinked' ? [l.endpoint] : [])));
  return links.some((link) => takesPlace(link) || !left.has(link.endpoint));
}

/** Whether a link is of an item that is gone, in place of which its record has another one there. */
async function replacedAt(
  context: Context,
  { endpoint }: Member,
  found: ReadonlyMap<string, Found>,
): Promise<(link: FoundLink) => boolean> {
  const gone = [...found.values()].filter(({ state }) => state === 'gone');
  const entities = await findById(context, [...new Set(gone.map(({ entity }) => entity))]);
  return ({ state, entity }) => {
    const links = state === 'gone' ? entities.get(entity)?.links : undefined;
    return links?.some((link) => link.endpoint === endpoint && link.state === 'live') ?? false;
  };
}

// ---------------------------------------------------------------------------------------------
// Ids that were given again

/** `isBack`: the record has another item there by now. */
type FormerTarget = { readonly entity: EntityId; readonly isBack: boolean } | undefined;

/**
 * What an item refers to by an id that the vendor has given to another item since. Nobody has edited the
 * reference: it names what it did, and whoever looks at it there is shown something else. Where the vendor
 * does not say when an item changed, nobody can tell that from an edit, and it counts as one.
 */
async function formerTargets(
  { store, sync, rules }: Context,
  { endpoint }: Member,
  items: readonly Referring[],
  found: ReadonlyMap<string, Found>,
): Promise<(item: Referring, field: string) => FormerTarget> {
  const moved = rules.has('reused-ids') ? items.flatMap((item) => movedIn(sync, item, found)) : [];
  if (moved.length === 0) return () => undefined;
  const loaded = await store.load(sync.tenant, moved);
  const records = new Map(
    loaded.flatMap(({ record }) => (record ? [[record.entity.id, record]] : [])),
  );
  return ({ references, link: { cells }, changedAt }, field) => {
    const id = references[field];
    const record = records.get(cells[field]?.base as EntityId);
    if (typeof id !== 'string' || changedAt === undefined) return undefined;
    if (record?.entity.life !== 'live') return undefined;
    const links = record.links.filter((link) => link.endpoint === endpoint);
    const had = links.some((link) => isGivenAway(link) && link.remoteId.startsWith(`${id}@`));
    if (!had) return undefined;
    const { id: entity } = record.entity;
    const now = links.find(({ state }) => state === 'live');
    if (!now) return { entity, isBack: false };
    // Whoever has changed the item since then may have meant what has the id now.
    return changedAt < (now.createdAt ?? 0) ? { entity, isBack: true } : undefined;
  };
}

/** What led to another record when it was last read. */
function movedIn(
  { settings }: Context['sync'],
  { references, link: { cells } }: Referring,
  found: ReadonlyMap<string, Found>,
) {
  return Object.entries(references).flatMap(([field, id]) => {
    const target = settings.references[field] as SyncId | undefined;
    const base = cells[field]?.base;
    if (target === undefined || typeof id !== 'string' || typeof base !== 'string') return [];
    const isSame = found.get(`${target}/${id}`)?.entity === base;
    return isSame ? [] : [{ kind: 'entity', sync: target, entity: base as EntityId } as const];
  });
}

// ---------------------------------------------------------------------------------------------
// The other way round

export type Reached = (target: EntityId, endpoint: EndpointId) => Reach;

/** Where the targets stand of all that the cases refer to. */
export async function reachOf(context: Context, cases: readonly Case[]): Promise<Reached> {
  const targets = [...new Set(cases.flatMap((one) => referredIn(context, one)))];
  const byId = await findById(context, targets);
  return (target, endpoint) => {
    const entity = byId.get(target);
    if (!entity) return 'pending';
    if (entity.life === 'dead') return 'dead';
    return placeIn(entity, endpoint) === undefined ? 'pending' : 'live';
  };
}

/** Records that a value refers to, of all cells and all that was read. */
function referredIn(context: Context, one: Case): EntityId[] {
  return fieldsIn(context).flatMap((name) => {
    const own = idsIn(one.entity.cells[name]?.value);
    const seen = [...one.observed.values()].flatMap((observation) =>
      observation.kind === 'present' ? idsIn(observation.fields[name]) : [],
    );
    return [...own, ...seen] as EntityId[];
  });
}

export interface Places {
  /** A reference as the vendor's id; undefined while the target has no item there. */
  of(value: Value, endpoint: EndpointId): Value | undefined;
  /** The items behind these ids. */
  ledTo(value: Value, endpoint: EndpointId): readonly Led[];
}

export async function placesOf(
  context: Context,
  writes: readonly { readonly patch: Values }[],
): Promise<Places> {
  const fields = fieldsIn(context);
  const targets = writes.flatMap(({ patch }) => fields.flatMap((name) => idsIn(patch[name])));
  const byId = await findById(context, [...new Set(targets)] as EntityId[]);
  const one = (id: string, endpoint: EndpointId) =>
    placeIn(byId.get(id as EntityId), endpoint)?.remoteId;
  return {
    of(value, endpoint) {
      if (value === null) return null;
      if (!isList(value)) return typeof value === 'string' ? one(value, endpoint) : value;
      const places = idsIn(value).map((id) => one(id, endpoint));
      return places.includes(undefined) ? undefined : (places as string[]);
    },
    ledTo: (value, endpoint) =>
      idsIn(value).flatMap((id) => {
        const entity = id as EntityId;
        const place = placeIn(byId.get(entity), endpoint);
        return place ? [{ ...place, entity }] : [];
      }),
  };
}

// ---------------------------------------------------------------------------------------------
// Small questions

function fieldsIn({ sync }: Context): string[] {
  return sync.policy.fields.filter(({ reference }) => reference).map(({ name }) => name);
}

export function idsIn(value: Value | undefined): string[] {
  if (value === undefined || value === null) return [];
  if (isList(value)) return value.flatMap(idsIn);
  return typeof value === 'string' ? [value] : [];
}

async function findById(
  { store, sync }: Context,
  ids: readonly EntityId[],
): Promise<ReadonlyMap<EntityId, FoundEntity>> {
  const found = ids.length > 0 ? await store.findEntities(sync.tenant, ids) : [];
  return new Map(found.flatMap((entity) => (entity ? [[entity.entity, entity] as const] : [])));
}

function placeIn(entity: FoundEntity | undefined, endpoint: EndpointId) {
  return entity?.links.find((link) => link.endpoint === endpoint && link.state === 'live');
}
