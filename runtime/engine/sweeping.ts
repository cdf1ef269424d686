/**
 * Goes through everything a system has, a part at a time, and can be stopped anywhere. What differs is
 * marked. What has vanished is found without remembering ids: digests of what was listed are compared with
 * digests of what is linked, and only where they differ something is read. The result is a certificate:
 * so many items compared, equal, different and why, or unknown.
 */
import type { Item } from '../connectors/connector.ts';
import type { EndpointId } from '../core/planner/model.ts';
import type { Value } from '../core/value.ts';
import { bucketOf, type Mark, type Priority } from '../store/store.ts';
import { questionsToWithdraw, type LastShown } from './canaries.ts';
import { added, compare } from './comparing.ts';
import { refTo, type Context } from './context.ts';
import { cursorOf, cursorsAt, markOf, note } from './marking.ts';
import type { Member } from './member.ts';
import { readIds } from './reading.ts';
import { recoveryAt } from './recovery.ts';
import { LOOKED_AT } from './retry.ts';

/** The first poll after a sweep began looks back that far. */
const LOOK_BACK_MS = 120_000;
/** So many pages, and others get their turn. */
const PAGES_PER_TURN = 10;
/** Between two parts of a sweep others have their turn; what waits for them waits longer. */
const TURN_MS = 50;
const PAUSE_MS = 5_000;

const MISSING_THERE = 'different: missing there';

interface SweepState {
  /** `vanished` reads what was not listed, `discovered` waits until what was listed has a record. */
  readonly phase: 'list' | 'vanished' | 'discovered' | 'missing';
  readonly startedAt: number;
  /** What it is a part of, if our own database was put back to a backup before. */
  readonly recovery?: string;
  readonly after?: Value;
  /** Of what was listed and is linked: `bucket: [count, digest]`. */
  readonly digests: Readonly<Record<string, readonly [number, string]>>;
  readonly suspects?: readonly number[];
  readonly youngest?: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface Certificate extends LastShown {
  readonly endpoint: EndpointId;
  /** When all of it was known for the first time. */
  readonly firstAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly recovery?: string;
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
  const recovery = recoveryAt(cursors);
  const begun = cursors.get('sweep') as unknown as SweepState | null | undefined;
  const known = begun?.recovery === recovery ? begun : undefined;
  let state: SweepState = known ?? {
    phase: 'list',
    startedAt: world.clock.now(),
    ...(recovery === undefined ? {} : { recovery }),
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
    const before = cursors.get('enumerated') as unknown as Certificate | undefined;
    const endedAt = world.clock.now();
    const isWhole = state.counts[MISSING_THERE] === undefined;
    const { wholeAt, youngest }: LastShown = isWhole
      ? { ...state, wholeAt: state.startedAt }
      : (before ?? {});
    const answered = isWhole ? await questionsToWithdraw(context, member) : [];
    const certificate: Certificate = {
      firstAt: before?.firstAt ?? endedAt,
      ...(wholeAt === undefined ? {} : { wholeAt }),
      ...(youngest === undefined ? {} : { youngest }),
      endpoint: member.endpoint,
      startedAt: state.startedAt,
      endedAt,
      ...(recovery === undefined ? {} : { recovery }),
      counts: state.counts,
    };
    await note(
      context,
      [...step.marks, ...answered],
      [
        cursorOf(context, member, 'sweep', null),
        cursorOf(context, member, 'enumerated', certificate),
      ],
    );
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
  const takenAt = world.clock.now();
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
  const { marks, rows, counts } = await compare(context, member, page.items, takenAt, priority, {
    isLate: member.can.searchLagMs > member.can.readLagMs,
    isSweep: true,
  });
  const digests = { ...state.digests };
  for (const { id, isLinked } of rows) if (isLinked) addDigest(digests, id);
  const next: SweepState = {
    ...state,
    digests,
    counts: added(state.counts, counts),
    ...youngestOf(state, page.items),
  };
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

function youngestOf(
  { youngest }: Pick<SweepState, 'youngest'>,
  items: readonly Item[],
): Pick<SweepState, 'youngest'> {
  const made = items.flatMap(({ createdAt }) => createdAt ?? []);
  const all = youngest === undefined ? made : [youngest, ...made];
  return all.length > 0 ? { youngest: all.reduce((a, b) => Math.max(a, b)) } : {};
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
  const counts = added(state.counts, { [MISSING_THERE]: marks.length });
  const last = links.at(-1)!.remoteId;
  if (links.length === limit) return { marks, state: { ...state, after: last, counts } };
  return { marks, state: { ...rest, counts, phase: 'discovered' } };
}

/**
 * Before anything is created here for the first time, or after a backup, every item that was listed has to be known by its
 * keys. Only then can a record that is missing be told from one that nobody has looked at yet.
 */
async function discoveredStep(context: Context, member: Member, state: SweepState): Promise<Step> {
  const { store, sync, rules } = context;
  const { endpoint } = member;
  const cursors = await cursorsAt(context, endpoint);
  const last = cursors.get('enumerated') as unknown as Certificate | undefined;
  const isFirst = !last || last.recovery !== recoveryAt(cursors);
  const mustWait =
    isFirst &&
    rules.has('discover-before-create') &&
    (await store.isWaiting(sync.tenant, { sync: sync.id, endpoint }, LOOKED_AT));
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
