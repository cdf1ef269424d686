/**
 * Asks a system for its latest changes. What differs is marked in the transaction that notes how far the
 * poll came, so a lost worker costs nothing but time. A poll looks back as far as the list of changes may
 * lag, because rows turn up late; what was seen before costs nothing.
 */
import type { Value } from '../core/value.ts';
import type { Mark, Priority } from '../store/store.ts';
import { compare, type Row } from './comparing.ts';
import type { Context } from './context.ts';
import { cursorOf, cursorsAt, itemRef, markOf, note } from './marking.ts';
import type { Member } from './member.ts';

/** Besides the lag that is declared: clocks differ, and lags are longer on bad days. */
const OVERLAP_MS = 5_000;
/** As far as a clock of ours may be ahead without anything being missed. */
const CLOCK_AHEAD_MS = 300_000;

interface PollState {
  readonly since: number;
  readonly after?: Value;
  /** The latest change seen in this poll. */
  readonly latest?: number;
  /** By the vendor's clock: what was changed until then could be listed when this poll began. */
  readonly settled?: number;
}

/**
 * Goes through the latest changes; answers nothing when there is no list of them. A glance only tells
 * what is there: what is known goes unmarked, and the next poll sees it all again.
 */
export async function poll(
  context: Context,
  member: Member,
  priority: Priority,
  { isGlance = false }: { readonly isGlance?: boolean } = {},
): Promise<readonly Row[] | undefined> {
  const { sync, world, rules } = context;
  const cursors = await cursorsAt(context, member.endpoint);
  let state = cursors.get('changes') as unknown as PollState | undefined;
  if (member.collection.changes === undefined || !state) return undefined;
  const overlap = rules.has('overlap') ? member.can.changesLagMs + OVERLAP_MS : 0;
  if (state.after === undefined) {
    const vendorNow = world.clock.now() + member.facts.clockOffsetMs;
    state = { since: state.since, settled: vendorNow - overlap - CLOCK_AHEAD_MS };
  }
  const all: Row[] = [];
  for (;;) {
    const { since, after, settled = -Infinity } = state;
    const limit = member.can.batch.list;
    const takenAt = world.clock.now();
    const page = await context.gate.call(
      sync.tenant,
      member,
      { action: 'changes', items: limit, priority: context.priority },
      async (signal) => {
        await context.leases.keep();
        return member.collection.changes!({
          since,
          limit,
          signal,
          ...(after === undefined ? {} : { after }),
        });
      },
    );
    const { marks, rows } = await compare(context, member, page.items, takenAt, priority, {
      isLate: member.can.changesLagMs > member.can.readLagMs,
      isSweep: false,
    });
    marks.push(...(await newlyGone(context, member, page.gone, priority)));
    all.push(...rows);
    const latest = Math.max(state.latest ?? 0, ...page.items.map(({ changedAt = 0 }) => changedAt));
    const next: PollState =
      page.next === undefined
        ? { since: Math.max(since, latest - overlap, Math.min(latest, settled)) }
        : { since, after: page.next, latest, settled };
    if (isGlance) {
      const strangers = new Set(rows.filter(({ isLinked }) => !isLinked).map(({ id }) => id));
      await note(
        context,
        marks.filter(({ key }) => key.kind === 'item' && strangers.has(key.remoteId)),
        [],
      );
    } else {
      await note(context, marks, [cursorOf(context, member, 'changes', next)]);
    }
    state = next;
    if (page.next === undefined) return all;
  }
}

/** A deletion is listed again and again; once it is known, it is no news. */
async function newlyGone(
  context: Context,
  member: Member,
  ids: readonly string[],
  priority: Priority,
): Promise<Mark[]> {
  const { store, sync } = context;
  if (ids.length === 0) return [];
  const refs = ids.map((id) => itemRef(context, member, id));
  const links = await store.findLinks(sync.tenant, refs);
  return ids.flatMap((id, n) =>
    links[n]?.state === 'gone' ? [] : [markOf(context, member, id, priority)],
  );
}
