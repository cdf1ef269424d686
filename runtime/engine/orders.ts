/**
 * What people order about a run: to apply exactly what a preview showed, or to take back what a run
 * wrote. Either way each record is read and planned anew. A record that has moved on since is not changed
 * behind anybody's back: what would happen to it now is told instead.
 *
 * Taking back is about what was *written*. A value goes back in all systems, because they are to agree;
 * an item that was made goes; a record that was deleted comes back. A value that a run merged without
 * writing it stays, and so does one that won when two items became one record: the two have never agreed,
 * so there is nothing that both could go back to.
 */
import type { EndpointId, EntityId, Resolution } from '../core/planner/model.ts';
import { fieldOf } from '../core/planner/parts.ts';
import { same, type Value } from '../core/value.ts';
import type { RunItem, Store, StoredRecord, SyncId, TenantId } from '../store/store.ts';
import type { Order } from './context.ts';

const PAGE = 200;

/** The writes that a preview showed; of a record that was planned several times, the last ones. */
export async function ordersToApply(
  store: Store,
  tenant: TenantId,
  run: string,
): Promise<Map<EntityId, Order>> {
  const names = new Map<EntityId, Map<string, string>>();
  for await (const { entity, endpoint = '', outcome, detail } of itemsOf(store, tenant, run)) {
    const name = detail['name'];
    if (outcome !== 'would write' || !entity || typeof name !== 'string') continue;
    names.set(entity, (names.get(entity) ?? new Map<string, string>()).set(endpoint, name));
  }
  return new Map(
    [...names].map(([entity, shown]) => {
      return [entity, { kind: 'apply', expected: new Set(shown.values()) }];
    }),
  );
}

/** What is not taken back, and why. */
export interface Left {
  readonly entity: EntityId;
  readonly cell?: string;
  readonly endpoint?: EndpointId;
  readonly why: 'edited since' | 'never agreed before';
}

/** What takes a run back, and what of it stays. */
export async function ordersToUndo(
  store: Store,
  tenant: TenantId,
  { run, sync, isPreview }: { run: string; sync: SyncId; isPreview: boolean },
): Promise<{ readonly orders: Map<EntityId, Order>; readonly left: readonly Left[] }> {
  const effects = await effectsOf(store, tenant, run);
  const orders = new Map<EntityId, Order>();
  const left: Left[] = [];
  const entities = [...effects.keys()];
  for (let n = 0; n < entities.length; n += PAGE) {
    const keys = entities
      .slice(n, n + PAGE)
      .map((entity) => ({ kind: 'entity', sync, entity }) as const);
    for (const { record } of await store.load(tenant, keys)) {
      if (!record) continue;
      const effect = effects.get(record.entity.id)!;
      const back = takenBack(record, effect, await touchedOf(store, tenant, record, effect));
      left.push(...back.left);
      const { resolutions, created, removed } = back;
      if (resolutions.length + created.length + removed.length === 0) continue;
      orders.set(record.entity.id, { kind: 'undo', resolutions, created, removed, isPreview });
    }
  }
  return { orders, left };
}

function takenBack(record: StoredRecord, effect: Effect, touched: readonly Place[]) {
  const { entity } = record;
  const removed = effect.removed.filter((place) => stateOf(record, place) === 'unlinked');
  const created = effect.created.filter(
    (place) => stateOf(record, place) === 'live' && !touched.includes(place),
  );
  const left = touched.map(({ endpoint }): Left => {
    return { entity: entity.id, endpoint, why: 'edited since' };
  });
  const resolutions: Resolution[] = [];
  if (effect.hasDied && entity.life === 'dead') resolutions.push({ kind: 'revival' });
  if (effect.isRevived && entity.life === 'live' && touched.length === 0) {
    resolutions.push({ kind: 'death' });
  }
  for (const { cell, before, after, isJoined } of effect.cells) {
    const now = entity.cells[cell]?.value ?? null;
    if (same(now, before) && !isJoined) continue;
    if (isJoined || !same(now, after)) {
      const why = isJoined ? 'never agreed before' : 'edited since';
      left.push({ entity: entity.id, cell, why });
    } else {
      // As old as what it replaces: whatever somebody has typed since is newer.
      resolutions.push({ kind: 'edit', cell, value: before, at: 0 });
    }
  }
  return { resolutions, created: effect.isRevived ? [] : created, removed, left };
}

function stateOf({ links }: StoredRecord, { endpoint, remoteId }: Place) {
  return links.find((l) => l.endpoint === endpoint && l.remoteId === remoteId)?.state;
}

/** Items that the run made and people have edited since, as far as we have seen. */
async function touchedOf(
  store: Store,
  tenant: TenantId,
  record: StoredRecord,
  { created, lastItem }: Effect,
): Promise<Place[]> {
  const { id: entity, cells } = record.entity;
  const isFrom = ({ endpoint }: Place): boolean =>
    Object.values(cells).some(({ origin }) => origin === endpoint);
  const suspects = created.filter((place) => stateOf(record, place) === 'live' && isFrom(place));
  if (suspects.length === 0) return [];
  const since = new Set<string>();
  for await (const item of historyOf(store, tenant, entity)) {
    if (item.id <= lastItem) break;
    for (const { origin } of changesOf(item)) since.add(origin);
  }
  return suspects.filter(({ endpoint }) => since.has(endpoint));
}

// ---------------------------------------------------------------------------------------------
// What a run did

interface Place {
  readonly endpoint: EndpointId;
  readonly remoteId: string;
}

interface Effect {
  readonly cells: readonly CellEffect[];
  readonly created: readonly Place[];
  /** Items that went because their creation was taken back. */
  readonly removed: readonly Place[];
  readonly hasDied: boolean;
  readonly isRevived: boolean;
  /** The id of the last thing that the run did to the record. */
  readonly lastItem: string;
}

interface CellEffect {
  readonly cell: string;
  readonly before: Value;
  readonly after: Value;
  /** It came with an item that became part of the record, rather than by an edit. */
  readonly isJoined: boolean;
}

async function effectsOf(
  store: Store,
  tenant: TenantId,
  run: string,
): Promise<Map<EntityId, Effect>> {
  const byEntity = new Map<EntityId, RunItem[]>();
  for await (const item of itemsOf(store, tenant, run)) {
    const isOfUse = item.outcome === 'merged' || WRITTEN.has(item.outcome);
    if (!item.entity || !isOfUse) continue;
    byEntity.set(item.entity, [...(byEntity.get(item.entity) ?? []), item]);
  }
  const effects = new Map<EntityId, Effect>();
  for (const [entity, items] of byEntity) {
    if (!items.some(({ outcome }) => WRITTEN.has(outcome))) continue;
    const all = isWhole(items) ? items : await withEarlier(store, tenant, { entity, run, items });
    effects.set(entity, effectOf(all, run));
  }
  return effects;
}

/** Without an answer it may have landed. */
const WRITTEN: ReadonlySet<string> = new Set(['created', 'updated', 'deleted', 'unknown']);

function effectOf(items: readonly RunItem[], run: string): Effect {
  const written = items.filter((item) => item.run === run && WRITTEN.has(item.outcome));
  const deleted = written.filter(({ detail }) => detail['op'] === 'delete');
  const merged = items.filter(({ outcome }) => outcome === 'merged');
  const fields = new Set(
    written.flatMap(({ detail }) => (detail['op'] === 'update' ? fieldsIn(detail['patch']) : [])),
  );
  return {
    cells: cellsIn(merged, fields),
    created: written.filter(({ outcome }) => outcome === 'created').flatMap(placeOf),
    removed: deleted.filter(({ detail }) => detail['reason'] === 'undone').flatMap(placeOf),
    hasDied: deleted.some(({ detail }) => detail['reason'] === 'entity-dead'),
    isRevived: merged.some(({ detail }) => detail['revived'] === true),
    lastItem: items.at(-1)!.id,
  };
}

function placeOf({ endpoint, detail }: RunItem): Place[] {
  const { remoteId } = detail;
  return endpoint && typeof remoteId === 'string' ? [{ endpoint, remoteId }] : [];
}

function fieldsIn(patch: Value | undefined): string[] {
  return Object.keys((patch ?? {}) as Readonly<Record<string, Value>>);
}

interface MergedChange {
  readonly cell: string;
  readonly before?: Value;
  readonly after: Value;
  readonly origin: string;
}

function changesOf({ detail }: RunItem): readonly MergedChange[] {
  return (detail['changes'] ?? []) as unknown as MergedChange[];
}

/** What became of each cell of these fields, from the first change to the last. */
function cellsIn(merged: readonly RunItem[], fields: ReadonlySet<string>): CellEffect[] {
  const cells = new Map<string, CellEffect>();
  for (const item of merged) {
    const joined = (item.detail['joined'] ?? []) as readonly Value[];
    for (const { cell, before = null, after, origin } of changesOf(item)) {
      if (!fields.has(fieldOf(cell))) continue;
      const known = cells.get(cell);
      if (joined.includes(origin)) cells.set(cell, { cell, before: after, after, isJoined: true });
      else cells.set(cell, { cell, before: known ? known.before : before, after, isJoined: false });
    }
  }
  return [...cells.values()];
}

// ---------------------------------------------------------------------------------------------
// What was decided in one run and written in another, as after a preview

function isWhole(items: readonly RunItem[]): boolean {
  const merged = items.filter(({ outcome }) => outcome === 'merged');
  const known = new Set(merged.flatMap(changesOf).map(({ cell }) => fieldOf(cell)));
  return items.every(({ outcome, detail }) => {
    if (outcome === 'merged') return true;
    if (detail['op'] === 'update')
      return fieldsIn(detail['patch']).every((field) => known.has(field));
    return true;
  });
}

/** Adds the changes that led to the writes of the run: back to the write before, in each system. */
async function withEarlier(
  store: Store,
  tenant: TenantId,
  { entity, run, items }: { entity: EntityId; run: string; items: readonly RunItem[] },
): Promise<RunItem[]> {
  const wanted = new Set(
    items.flatMap(({ outcome, endpoint, detail }) =>
      WRITTEN.has(outcome) && detail['op'] === 'update'
        ? fieldsIn(detail['patch']).map((field) => `${endpoint} ${field}`)
        : [],
    ),
  );
  const earlier: RunItem[] = [];
  const last = items.at(-1)!.id;
  for await (const item of historyOf(store, tenant, entity)) {
    if (item.run === run || item.id >= last) continue;
    const { outcome, endpoint, detail } = item;
    if (outcome === 'merged') {
      const open = new Set([...wanted].map((name) => name.slice(name.indexOf(' ') + 1)));
      const changes = changesOf(item).filter(({ cell }) => open.has(fieldOf(cell)));
      if (changes.length > 0) {
        earlier.unshift({ ...item, detail: { ...detail, changes: changes as unknown as Value } });
      }
    } else if (WRITTEN.has(outcome)) {
      for (const field of fieldsIn(detail['patch'])) wanted.delete(`${endpoint} ${field}`);
    }
    if (wanted.size === 0) break;
  }
  return [...earlier, ...items];
}

async function* historyOf(
  store: Store,
  tenant: TenantId,
  entity: EntityId,
): AsyncGenerator<RunItem> {
  let before: string | undefined;
  for (;;) {
    const page = { entity, limit: PAGE, ...(before === undefined ? {} : { before }) };
    const items = await store.listHistory(tenant, page);
    yield* items;
    if (items.length < PAGE) return;
    before = items.at(-1)!.id;
  }
}

async function* itemsOf(store: Store, tenant: TenantId, run: string): AsyncGenerator<RunItem> {
  let after: string | undefined;
  for (;;) {
    const page = { run, limit: PAGE, ...(after === undefined ? {} : { after }) };
    const items = await store.listRunItems(tenant, page);
    yield* items;
    if (items.length < PAGE) return;
    after = items.at(-1)!.id;
  }
}
