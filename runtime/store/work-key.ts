/**
 * Work keys, reviews and dead letters by name: one text per thing, the same in every store, to look
 * up and to sort by. Ids are UUIDs and therefore have no slash; only the last part may be anything.
 */
import type { EndpointId, EntityId } from '../core/planner/model.ts';
import type { Decision, Mark, Ref, ReviewKey, SyncId, WorkKey } from './store.ts';

/** The name of a key within its sync. */
export function nameOfKey(key: WorkKey): string {
  switch (key.kind) {
    case 'entity':
      return `entity/${key.entity}`;
    case 'item':
      return `item/${key.endpoint}/${key.remoteId}`;
    case 'poll':
    case 'sweep':
      return `${key.kind}/${key.endpoint}`;
  }
}

export function keyOfName(sync: SyncId, name: string): WorkKey {
  const [kind, id, ...rest] = name.split('/');
  if (kind === 'entity') return { kind, sync, entity: id as EntityId };
  if (kind === 'poll' || kind === 'sweep') return { kind, sync, endpoint: id as EndpointId };
  return { kind: 'item', sync, endpoint: id as EndpointId, remoteId: rest.join('/') };
}

export function nameOfRef({ sync, endpoint, remoteId }: Ref): string {
  return `${sync}/${endpoint}/${remoteId}`;
}

export function nameOfReview({ reason, ...ref }: ReviewKey): string {
  return `${reason}/${nameOfRef(ref)}`;
}

/** The item that a review is about. */
export function itemOf({ sync, endpoint, remoteId }: Ref): WorkKey {
  return { kind: 'item', sync, endpoint, remoteId };
}

/** What is to be looked at once a decision was made. */
export function keyOf(decision: Decision): WorkKey {
  if (decision.kind === 'review') return itemOf(decision.review);
  const { sync, entity } = decision;
  return { kind: 'entity', sync, entity };
}

/** A person waits for it. */
export function urgent(key: WorkKey): Mark {
  return { key, priority: 1, windowMs: 0 };
}
