/**
 * What people order about a run: to apply exactly what a preview showed, or to take back what a run did.
 * Either way each record is read and planned anew. A record that has moved on since is not changed
 * behind anybody's back: what would happen to it now is told instead.
 */
import type { EndpointId, EntityId, Resolution } from '../core/planner/model.ts';
import { same, type Value } from '../core/value.ts';
import type { RunItem, Store, StoredRecord, SyncId, TenantId } from '../store/store.ts';
import type { Order } from './context.ts';

const PAGE = 200;

/** The writes that a preview showed, by record. */
export async function ordersToApply(
  store: Store,
  tenant: TenantId,
  run: string,
): Promise<Map<EntityId, Order>> {
  const names = new Map<EntityId, Set<string>>();
  for await (const { entity, outcome, detail } of itemsOf(store, tenant, run)) {
    const name = detail['name'];
    if (outcome !== 'would write' || !entity || typeof name !== 'string') continue;
    names.set(entity, (names.get(entity) ?? new Set()).add(name));
  }
  return new Map([...names].map(([entity, expected]) => [entity, { kind: 'apply', expected }]));
}

interface Effect {
  /** Per cell: what it was before the run, and what the run made of it. */
  readonly cells: Map<string, { readonly before: Value; after: Value }>;
  readonly created: { readonly endpoint: EndpointId; readonly remoteId: string }[];
  died: boolean;
}

/** What takes a run back. What was edited since stays; `left` counts it. */
export async function ordersToUndo(
  store: Store,
  tenant: TenantId,
  { run, sync, at, isPreview }: { run: string; sync: SyncId; at: number; isPreview: boolean },
): Promise<{ readonly orders: Map<EntityId, Order>; readonly left: number }> {
  const effects = await effectsOf(store, tenant, run);
  const orders = new Map<EntityId, Order>();
  let left = 0;
  const entities = [...effects.keys()];
  for (let n = 0; n < entities.length; n += PAGE) {
    const keys = entities
      .slice(n, n + PAGE)
      .map((entity) => ({ kind: 'entity', sync, entity }) as const);
    for (const { record } of await store.load(tenant, keys)) {
      if (!record) continue;
      const effect = effects.get(record.entity.id)!;
      const { resolutions, edited } = takenBack(record, effect, at);
      left += edited;
      const { created } = effect;
      if (resolutions.length === 0 && created.length === 0) continue;
      orders.set(record.entity.id, { kind: 'undo', resolutions, created, isPreview });
    }
  }
  return { orders, left };
}

function takenBack({ entity }: StoredRecord, { cells, died, created }: Effect, at: number) {
  const resolutions: Resolution[] = [];
  let edited = 0;
  if (died && entity.life === 'dead') resolutions.push({ kind: 'revival' });
  for (const [cell, { before, after }] of cells) {
    // A record that the run made has nothing to go back to; its items go instead.
    if (created.length > 0 && before === null) continue;
    if (same(entity.cells[cell]?.value ?? null, after)) {
      resolutions.push({ kind: 'edit', cell, value: before, at });
    } else {
      edited += 1;
    }
  }
  return { resolutions, edited };
}

async function effectsOf(
  store: Store,
  tenant: TenantId,
  run: string,
): Promise<Map<EntityId, Effect>> {
  const effects = new Map<EntityId, Effect>();
  for await (const { entity, endpoint, outcome, detail } of itemsOf(store, tenant, run)) {
    if (!entity) continue;
    const effect: Effect = effects.get(entity) ?? { cells: new Map(), created: [], died: false };
    effects.set(entity, effect);
    if (outcome === 'created' && endpoint && typeof detail['remoteId'] === 'string') {
      effect.created.push({ endpoint, remoteId: detail['remoteId'] });
    }
    if (outcome !== 'merged') continue;
    if (detail['died'] === true) effect.died = true;
    for (const change of (detail['changes'] ?? []) as unknown as MergedChange[]) {
      const known = effect.cells.get(change.cell);
      if (known) known.after = change.after;
      else effect.cells.set(change.cell, { before: change.before ?? null, after: change.after });
    }
  }
  return effects;
}

interface MergedChange {
  readonly cell: string;
  readonly before?: Value;
  readonly after: Value;
}

export async function* itemsOf(
  store: Store,
  tenant: TenantId,
  run: string,
): AsyncGenerator<RunItem> {
  let after: string | undefined;
  for (;;) {
    const page = { run, limit: PAGE, ...(after === undefined ? {} : { after }) };
    const items = await store.listRunItems(tenant, page);
    yield* items;
    if (items.length < PAGE) return;
    after = items.at(-1)!.id;
  }
}
