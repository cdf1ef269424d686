/** Marks where something may have changed, and notes how far the search has come. */
import type { EndpointId } from '../core/planner/model.ts';
import type { Value } from '../core/value.ts';
import type { Cursor, Mark, Priority, Ref } from '../store/store.ts';
import { refTo, type Context } from './context.ts';
import type { Member } from './member.ts';

/** How long marks of each class wait for more, counted from the first. */
const WINDOW_MS: Readonly<Record<Priority, number>> = { 0: 0, 1: 15_000, 2: 300_000, 3: 0 };

export function windowOf(priority: Priority): number {
  return WINDOW_MS[priority];
}

export function markOf(context: Context, member: Member, id: string, priority: Priority): Mark {
  return {
    key: { kind: 'item', ...itemRef(context, member, id) },
    priority,
    windowMs: windowOf(priority),
  };
}

export function itemRef({ sync }: Context, { endpoint }: Member, remoteId: string): Ref {
  return refTo(sync, { endpoint, remoteId });
}

export async function note(
  { store, sync, world, rules, recent }: Context,
  marks: readonly Mark[],
  cursors: readonly Cursor[],
): Promise<void> {
  const now = world.clock.now();
  recent.marked(marks, now);
  if (rules.has('marks-before-cursor')) {
    await store.mark(sync.tenant, { now, marks, cursors });
    return;
  }
  await store.mark(sync.tenant, { now, marks: [], cursors });
  await store.mark(sync.tenant, { now, marks });
}

export function cursorOf(
  { sync }: Context,
  { endpoint }: Member,
  channel: string,
  value: unknown,
): Cursor {
  return { sync: sync.id, endpoint, channel, value: value as Value };
}

export async function cursorsAt(
  { store, sync }: Context,
  endpoint: EndpointId,
): Promise<ReadonlyMap<string, Value>> {
  const cursors = await store.readCursors(sync.tenant, sync.id);
  return new Map(
    cursors
      .filter((cursor) => cursor.endpoint === endpoint)
      .map(({ channel, value }) => [channel, value]),
  );
}
