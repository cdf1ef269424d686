/**
 * Looks for what has changed. A poll asks a system for its latest changes, a sweep for everything it
 * has; both only *mark* what differs from what is known, and note how far they came in the same
 * transaction, so that a lost worker costs nothing but time.
 *
 * A poll looks back as far as the list of changes may lag, because rows turn up late; what it has seen
 * before costs nothing. A sweep also finds what has vanished, without remembering ids: it compares
 * digests of what was listed with digests of what is linked, and only reads where they differ. Its result
 * is a certificate: so many items compared, equal, different and why, or unknown.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Item } from '../connectors/connector.ts';
import type { EndpointId } from '../core/planner/model.ts';
import type { Value } from '../core/value.ts';
import {
  bucketOf,
  type Claimed,
  type Cursor,
  type Mark,
  type Priority,
  type Ref,
} from '../store/store.ts';
import { openCase, type Case } from './case.ts';
import { keysOf, nameOfItem, refTo, type Context, type DigestedKey } from './context.ts';
import type { Member } from './member.ts';
import { planOnce } from './planning.ts';
import { observeItems, readIds } from './reading.ts';

/** How long marks of each class wait for more. */
const WINDOW_MS: Readonly<Record<Priority, number>> = { 0: 0, 1: 15_000, 2: 300_000, 3: 0 };
/** Besides the lag that is declared: clocks differ, and lags are longer on bad days. */
const OVERLAP_MS = 5_000;
/** The first poll after a sweep began looks back that far. */
const LOOK_BACK_MS = 120_000;
/** So many pages, and others get their turn. */
const PAGES_PER_TURN = 10;
/** Between two parts of a sweep others have their turn; what waits for them waits longer. */
const TURN_MS = 50;
const PAUSE_MS = 5_000;

export interface Row {
  readonly id: string;
  readonly isLinked: boolean;
  readonly keys: readonly DigestedKey[];
}

export function windowOf(priority: Priority): number {
  return WINDOW_MS[priority];
}

// ---------------------------------------------------------------------------------------------
// Polls

interface PollState {
  readonly since: number;
  readonly after?: Value;
  /** The latest change seen in this poll. */
  readonly latest?: number;
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
  const { changes } = member.collection;
  const cursors = await cursorsAt(context, member.endpoint);
  let state = cursors.get('changes') as unknown as PollState | undefined;
  if (!changes || !state) return undefined;
  const all: Row[] = [];
  for (;;) {
    const { since, after } = state;
    const limit = member.can.batch.list;
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
    const takenAt = world.clock.now();
    const { marks, rows } = await compare(context, member, page.items, takenAt, priority, {
      isLate: member.can.changesLagMs > member.can.readLagMs,
    });
    marks.push(...page.gone.map((id) => markOf(context, member, id, priority)));
    all.push(...rows);
    const latest = Math.max(state.latest ?? 0, ...page.items.map(({ changedAt = 0 }) => changedAt));
    const overlap = rules.has('overlap') ? member.can.changesLagMs + OVERLAP_MS : 0;
    const next: PollState =
      page.next === undefined
        ? { since: Math.max(since, latest - overlap) }
        : { since, after: page.next, latest };
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

// ---------------------------------------------------------------------------------------------
// Sweeps

interface SweepState {
  /** `vanished` reads what was not listed, `discovered` waits until what was listed has a record. */
  readonly phase: 'list' | 'vanished' | 'discovered' | 'missing';
  readonly startedAt: number;
  readonly after?: Value;
  /** Of what was listed and is linked: `bucket: [count, digest]`. */
  readonly digests: Readonly<Record<string, readonly [number, string]>>;
  readonly suspects?: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Certificate {
  readonly endpoint: EndpointId;
  readonly startedAt: number;
  readonly endedAt: number;
  /** `compared`, `equal`, `unknown`, and `different: <reason>`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Does a part of the sweep, and says when the next one is worth while; the certificate when it is complete. */
export async function sweep(
  context: Context,
  member: Member,
  priority: Priority,
): Promise<{ readonly certificate: Certificate } | { readonly resumeInMs: number }> {
  const { world } = context;
  const cursors = await cursorsAt(context, member.endpoint);
  const known = cursors.get('sweep') as unknown as SweepState | null | undefined;
  let state: SweepState = known ?? {
    phase: 'list',
    startedAt: world.clock.now(),
    digests: {},
    counts: {},
  };
  if (!known && !cursors.has('changes')) {
    const offset = member.facts.clockOffsetMs;
    const since = state.startedAt + offset - member.can.changesLagMs - LOOK_BACK_MS;
    await note(context, [], [cursorOf(context, member, 'changes', { since })]);
  }
  for (let pages = 0; pages < PAGES_PER_TURN; pages += 1) {
    const step = await sweepStep(context, member, state, priority);
    if (step.state) {
      await note(context, step.marks, [cursorOf(context, member, 'sweep', step.state)]);
      state = step.state;
      if (step.pause) return { resumeInMs: PAUSE_MS };
      continue;
    }
    const certificate: Certificate = {
      endpoint: member.endpoint,
      startedAt: state.startedAt,
      endedAt: world.clock.now(),
      counts: state.counts,
    };
    await note(context, step.marks, [
      cursorOf(context, member, 'sweep', null),
      cursorOf(context, member, 'enumerated', certificate),
    ]);
    return { certificate };
  }
  return { resumeInMs: TURN_MS };
}

interface Step {
  readonly marks: readonly Mark[];
  /** Missing at the end. */
  readonly state?: SweepState;
  /** Others have to do something first. */
  readonly pause?: boolean;
}

async function sweepStep(
  context: Context,
  member: Member,
  state: SweepState,
  priority: Priority,
): Promise<Step> {
  switch (state.phase) {
    case 'list':
      return listStep(context, member, state, priority);
    case 'vanished':
      return vanishedStep(context, member, state, priority);
    case 'discovered':
      return discoveredStep(context, member, state);
    case 'missing':
      return missingStep(context, member, state, priority);
  }
}

async function listStep(
  context: Context,
  member: Member,
  state: SweepState,
  priority: Priority,
): Promise<Step> {
  const { sync, world, store } = context;
  const limit = member.can.batch.list;
  const page = await context.gate.call(
    sync.tenant,
    member,
    { action: 'list', items: limit, priority: context.priority },
    async (signal) => {
      await context.leases.keep();
      return member.collection.list({
        limit,
        signal,
        ...(state.after === undefined ? {} : { after: state.after }),
      });
    },
  );
  const takenAt = world.clock.now();
  const { marks, rows, counts } = await compare(context, member, page.items, takenAt, priority, {
    isLate: member.can.searchLagMs > member.can.readLagMs,
  });
  const digests = { ...state.digests };
  for (const { id, isLinked } of rows) if (isLinked) addDigest(digests, id);
  const next: SweepState = { ...state, digests, counts: added(state.counts, counts) };
  if (page.next !== undefined) return { marks, state: { ...next, after: page.next } };
  const linked = await store.digestLinks(
    sync.tenant,
    refTo(sync, { endpoint: member.endpoint, remoteId: '' }),
  );
  const suspects = linked
    .filter(({ bucket, count, digest }) => {
      const [listed, xor] = digests[bucket] ?? [0, ''];
      return listed !== count || xor !== digest;
    })
    .map(({ bucket }) => bucket);
  const { after: _done, ...rest } = next;
  return {
    marks,
    state:
      suspects.length > 0 && context.rules.has('vanished-items')
        ? { ...rest, phase: 'vanished', suspects, digests: {} }
        : { ...rest, phase: 'discovered', digests: {} },
  };
}

/** Reads what is linked and was perhaps not listed. */
async function vanishedStep(
  context: Context,
  member: Member,
  state: SweepState,
  priority: Priority,
): Promise<Step> {
  const { sync, store } = context;
  const limit = member.can.batch.read;
  const after = typeof state.after === 'string' ? state.after : undefined;
  const links = await store.listLinks(sync.tenant, {
    sync: sync.id,
    endpoint: member.endpoint,
    state: 'live',
    buckets: state.suspects ?? [],
    limit,
    ...(after === undefined ? {} : { after }),
  });
  const { after: _before, suspects: _read, ...rest } = state;
  if (links.length === 0) return { marks: [], state: { ...rest, phase: 'discovered' } };
  const reads = await readIds(
    context,
    member,
    links.map(({ remoteId }) => remoteId),
  );
  const marks = links
    .filter((_, n) => reads[n]?.kind !== 'present')
    .map(({ remoteId }) => markOf(context, member, remoteId, priority));
  const counts = added(state.counts, { 'different: missing there': marks.length });
  const last = links.at(-1)!.remoteId;
  if (links.length === limit) return { marks, state: { ...state, after: last, counts } };
  return { marks, state: { ...rest, counts, phase: 'discovered' } };
}

/**
 * Before anything is created here for the first time, every item that was listed has to be known by its
 * keys. Only then can a record that is missing be told from one that nobody has looked at yet.
 */
async function discoveredStep(context: Context, member: Member, state: SweepState): Promise<Step> {
  const { store, sync, rules } = context;
  const { endpoint } = member;
  const isFirst = !(await cursorsAt(context, endpoint)).has('enumerated');
  const mustWait =
    isFirst &&
    rules.has('discover-before-create') &&
    (await store.isWaiting(sync.tenant, { sync: sync.id, endpoint }));
  return { marks: [], state: mustWait ? state : { ...state, phase: 'missing' }, pause: mustWait };
}

const ENTITIES_PER_STEP = 500;

/** Marks records that have no item here and should. Only counting is needed when all have one. */
async function missingStep(
  context: Context,
  member: Member,
  state: SweepState,
  priority: Priority,
): Promise<Step> {
  const { sync, store } = context;
  const wants =
    context.rules.has('missing-items') &&
    sync.policy.members.find(({ endpoint }) => endpoint === member.endpoint)?.create;
  const position = readPosition(state.after);
  if (!position) {
    const { live, links } = await store.countRecords(sync.tenant, sync.id);
    if (!wants || live <= (links[member.endpoint] ?? 0)) return { marks: [] };
  }
  const others = [...sync.members.keys()].filter((endpoint) => endpoint !== member.endpoint);
  const { index, after } = position ?? { index: 0, after: undefined };
  const endpoint = others[index];
  if (endpoint === undefined) return { marks: [] };
  const links = await store.listLinks(sync.tenant, {
    sync: sync.id,
    endpoint,
    state: 'live',
    limit: ENTITIES_PER_STEP,
    ...(after === undefined ? {} : { after }),
  });
  const entities = await store.findEntities(
    sync.tenant,
    links.map(({ entity }) => entity),
  );
  const marks = entities.flatMap((found): Mark[] => {
    if (!found || found.life !== 'live') return [];
    if (found.links.some((link) => link.endpoint === member.endpoint && link.state !== 'gone'))
      return [];
    return [
      { key: { kind: 'entity', sync: sync.id, entity: found.entity }, priority, windowMs: 0 },
    ];
  });
  const isLast = links.length < ENTITIES_PER_STEP;
  const next = isLast ? `${index + 1}/` : `${index}/${links.at(-1)!.remoteId}`;
  return { marks, state: { ...state, after: next } };
}

function readPosition(after: Value | undefined) {
  if (typeof after !== 'string') return undefined;
  const slash = after.indexOf('/');
  const rest = after.slice(slash + 1);
  return { index: Number(after.slice(0, slash)), after: rest === '' ? undefined : rest };
}

function addDigest(digests: Record<string, readonly [number, string]>, id: string): void {
  const { bucket, digest } = bucketOf(id);
  const [count, xor] = digests[bucket] ?? [0, '0'];
  const mixed = BigInt(`0x${xor}`) ^ digest;
  digests[bucket] = [count + 1, mixed.toString(16).padStart(16, '0')];
}

// ---------------------------------------------------------------------------------------------
// Comparing

interface Compared {
  readonly marks: Mark[];
  readonly rows: Row[];
  readonly counts: Record<string, number>;
}

/** Which of these items differ from what is known, and why. Nothing is written. */
async function compare(
  context: Context,
  member: Member,
  items: readonly Item[],
  takenAt: number,
  priority: Priority,
  { isLate }: { readonly isLate: boolean },
): Promise<Compared> {
  const { store, sync, recent, inHand } = context;
  const counts: Record<string, number> = {};
  const marks: Mark[] = [];
  if (items.length === 0) return { marks, rows: [], counts };
  const keys = items.map(({ id }) => ({ kind: 'item', ...itemRef(context, member, id) }) as const);
  const loaded = await store.load(sync.tenant, keys);
  const cases: Case[] = [];
  const rows = items.map((item, n): Row => {
    const { record, reviews } = loaded[n]!;
    const { present } = member.read(item, takenAt);
    if (!record) {
      count(counts, 'unknown');
      if (!isLeftAlone(reviews)) mark(item);
      return { id: item.id, isLinked: false, keys: keysOf(context, present.fields) };
    }
    const one = openCase({} as Claimed, record, reviews, sync.policy.fields);
    cases[n] = one;
    const link = one.links.find((l) => l.endpoint === member.endpoint && l.remoteId === item.id)!;
    return { id: item.id, isLinked: link.state === 'live', keys: [] };
  });
  const seen = cases.flatMap((one, n) => {
    const item = items[n]!;
    const link = one.links.find((l) => l.endpoint === member.endpoint && l.remoteId === item.id)!;
    return [{ one, link, seen: { item, takenAt } }];
  });
  // Comparing is not reading: the pass has seen no more of these items than before.
  await observeItems({ ...context, inHand: new Map() }, member, seen);
  const known = cases.filter((one) => one !== undefined);
  await planOnce(context, known);
  cases.forEach((one, n) => {
    const difference = differenceIn(one);
    count(counts, 'compared');
    count(counts, difference ? `different: ${difference.reason}` : 'equal');
    if (difference?.isNews) mark(items[n]!);
  });
  return { marks, rows, counts };

  function mark(item: Item): void {
    const held = inHand.get(nameOfItem({ endpoint: member.endpoint, remoteId: item.id }));
    if (held && isDeepStrictEqual(held, item)) return;
    marks.push(markOf(context, member, item.id, priority));
    const isWeak = isLate && !member.can.conditionalWrites;
    if (isLate && member.can.version === 'none') return;
    recent.keep(itemRef(context, member, item.id), {
      item,
      takenAt,
      ...(isWeak ? { weak: true } : {}),
    });
  }
}

/** Somebody was asked about the item, or has said that it is to be left alone. */
function isLeftAlone(
  reviews: readonly { readonly state: string; readonly decision?: unknown }[],
): boolean {
  return reviews.length > 0 && !reviews.some(({ state }) => state === 'decided');
}

/** Why a record is not what its item says; `isNews`: a pass over it would change something. */
function differenceIn(
  one: Case,
): { readonly reason: string; readonly isNews: boolean } | undefined {
  const { plan } = one;
  if (!plan || one.setback) return { reason: 'not settled yet', isNews: true };
  const isMoved =
    plan.entity !== one.entity ||
    plan.intents !== one.intents ||
    plan.conflicts.length > 0 ||
    plan.tombstone !== undefined ||
    plan.links.some((link, n) => {
      const before = one.links[n];
      return link !== before && (link.cells !== before?.cells || link.state !== before.state);
    });
  if (isMoved) return { reason: 'edited there', isNews: true };
  if (plan.writes.length > 0 || plan.needReads.length > 0)
    return { reason: 'behind', isNews: true };
  const hold = plan.holds[0];
  const review = plan.reviews[0];
  if (review)
    return { reason: review.reason, isNews: !one.reviews.some(({ state }) => state !== 'closed') };
  return hold ? { reason: hold.reason, isNews: false } : undefined;
}

// ---------------------------------------------------------------------------------------------
// Marks and cursors

function markOf(context: Context, member: Member, id: string, priority: Priority): Mark {
  return {
    key: { kind: 'item', ...itemRef(context, member, id) },
    priority,
    windowMs: windowOf(priority),
  };
}

function itemRef({ sync }: Context, { endpoint }: Member, remoteId: string): Ref {
  return refTo(sync, { endpoint, remoteId });
}

async function note(
  { store, sync, world, rules }: Context,
  marks: readonly Mark[],
  cursors: readonly Cursor[],
): Promise<void> {
  const now = world.clock.now();
  if (rules.has('marks-before-cursor')) {
    await store.mark(sync.tenant, { now, marks, cursors });
    return;
  }
  await store.mark(sync.tenant, { now, marks: [], cursors });
  await store.mark(sync.tenant, { now, marks });
}

function cursorOf(
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

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

function added(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, n] of Object.entries(b)) if (n > 0) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}
