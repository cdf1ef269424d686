/**
 * Sends what was planned and recorded, in batches, and notes for each write what came of it. A call whose
 * answer is lost leaves its writes *unknown*; only a read, in a later pass, can tell whether they landed.
 *
 * Whoever frees a unique value goes before whoever needs it. Where two records swap values, one of them
 * is emptied first; each step is an absolute value with a record of its own, so that any worker can go on
 * from wherever another one died.
 */
import type { VendorError, ItemChange, Operation, Outcome } from '../connectors/connector.ts';
import { fingerprintOf } from '../core/hash.ts';
import type { Link, Write } from '../core/planner/model.ts';
import { settle } from '../core/planner/settle.ts';
import { BEFORE_ALL } from '../core/planner/stamp.ts';
import { canonicalText } from '../core/value.ts';
import type { StoredIntent } from '../store/store.ts';
import {
  askAbout,
  linkOf,
  replaceIntent,
  replaceLink,
  setBack,
  takeIdBack,
  type Case,
  type Sending,
  type Underway,
} from './case.ts';
import { COLLISIONS_MAX } from './claiming.ts';
import { newLinkId, refTo, type Context } from './context.ts';
import { ledToAfter } from './emptied.ts';
import { intentFor } from './intents.ts';
import { findOverwritten, type Unchecked } from './overwritten.ts';
import { answered, setbackOf, type Setback } from './retry.ts';

const ORDER: readonly Operation[] = ['delete', 'update', 'restore', 'create'];

export async function sendAll(context: Context, cases: readonly Case[]): Promise<void> {
  const underway = cases.flatMap((one) =>
    one.sendings.map((sending): Underway => ({ one, sending })),
  );
  const byEndpoint = Map.groupBy(underway, ({ sending }) => sending.member.endpoint);
  const sent = [...byEndpoint.values()].map((group) => sendTo(context, group));
  // Nothing goes on behind the back of whoever learns that something went wrong.
  for (const outcome of await Promise.allSettled(sent)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

async function sendTo(context: Context, group: readonly Underway[]): Promise<void> {
  const waves = [...new Set(group.map(({ sending }) => sending.wave))].toSorted((a, b) => a - b);
  for (const wave of waves) {
    for (const op of ORDER) {
      const due = group.filter(({ sending }) => sending.wave === wave && sending.write.op === op);
      const size = due[0]?.sending.member.can.batch[op] ?? 1;
      for (let n = 0; n < due.length; n += size)
        await sendBatch(context, due.slice(n, n + size), op);
    }
  }
}

async function sendBatch(
  context: Context,
  given: readonly Underway[],
  op: Operation,
): Promise<void> {
  const { gate, sync, priority, leases, world, recent, doubts } = context;
  const { member } = given[0]!.sending;
  let batch: readonly Underway[] = given;
  let outcomes: readonly Outcome[];
  try {
    outcomes = await gate.call(
      sync.tenant,
      member,
      { action: op, items: batch.length, priority },
      async (signal) => {
        await leases.keep();
        batch = given.filter(
          ({ one }) => !context.rules.has('fencing') || leases.has(one.leases[0]!),
        );
        if (batch.length === 0) return [];
        return member.collection.write(
          batch.map(({ sending }) => changeOf(sending)),
          signal,
        );
      },
    );
  } catch (error) {
    await withoutAnswer(context, batch, op, answered(error));
    return;
  }
  for (const { sending } of batch) {
    const { remoteId } = sending;
    if (!remoteId) continue;
    const ref = refTo(sync, { endpoint: member.endpoint, remoteId });
    recent.drop(ref);
    doubts.written(ref);
  }
  const unsettled =
    op === 'update' || op === 'delete'
      ? await findOverwritten(context, batch, outcomes)
      : undefined;
  batch.forEach((each, n) => {
    const outcome = outcomes[n]!;
    const open = unsettled?.get(each.sending.intentId);
    if (outcome.kind === 'failed' && outcome.error.mayHaveLanded) {
      const { error } = outcome;
      unanswered(context, each, setbackOf(error, world.clock.now()));
    } else if (outcome.kind === 'failed') failed(context, each, outcome.error, outcome.existing);
    else landed(context, each, outcome, world.clock.now(), open);
  });
}

function changeOf({ write, raw, marker, ifVersion, remoteId }: Sending): ItemChange {
  return {
    op: write.op,
    ...(remoteId === undefined ? {} : { id: remoteId }),
    ...(write.op === 'delete' ? {} : { raw }),
    ...(marker === undefined ? {} : { marker }),
    ...(ifVersion === undefined ? {} : { ifVersion }),
  };
}

// ---------------------------------------------------------------------------------------------
// What came of it

/** The whole call failed: nothing landed, or nobody knows. */
async function withoutAnswer(
  context: Context,
  batch: readonly Underway[],
  op: Operation,
  error: VendorError,
): Promise<void> {
  const isRefusal = isAboutItems(error);
  if (isRefusal && batch.length > 1 && context.rules.has('split-refused-batches')) {
    const half = Math.ceil(batch.length / 2);
    await sendBatch(context, batch.slice(0, half), op);
    await sendBatch(context, batch.slice(half), op);
    return;
  }
  const setback = setbackOf(error, context.world.clock.now());
  for (const each of batch) {
    if (isRefusal) {
      failed(context, each, error);
      continue;
    }
    if (error.mayHaveLanded && context.rules.has('no-answer-is-unknown')) {
      unanswered(context, each, setback);
      continue;
    }
    setBack(each.one, setback);
    setIntent(each, { state: 'failed' });
    context.run.count('writes put off');
    tell(each, 'put off', { why: setback.why });
  }
}

function unanswered({ world, run }: Context, each: Underway, setback: Setback): void {
  const { why } = setback;
  setBack(each.one, { ...setback, mustReturn: true });
  setIntent(each, { state: 'unknown', sentAt: world.clock.now() });
  run.count('writes without an answer');
  tell(each, 'unknown', { why });
}

function isAboutItems({ kind, mayHaveLanded }: VendorError): boolean {
  return (
    !mayHaveLanded &&
    (kind === 'rejected' ||
      kind === 'duplicate' ||
      kind === 'outdated' ||
      kind === 'missing' ||
      kind === 'tooLarge')
  );
}

function landed(
  context: Context,
  each: Underway,
  outcome: Extract<Outcome, { kind: 'done' }>,
  at: number,
  open?: Unchecked,
): void {
  const { one, sending } = each;
  const { member, write } = sending;
  const known = write.link && linkOf(one, write.link);
  const { item, version } = outcome;
  const seen = item && member.read(item, at).present;
  const answer = {
    linkId: known?.id ?? newLinkId(context.world),
    remoteId: known?.remoteId ?? outcome.id,
    ...(seen ? { fields: seen.fields } : {}),
    ...versionAfter(sending, version),
  };
  // Where nothing tells old states from new ones, our write is remembered until it has been read.
  const isTold =
    item !== undefined && (member.can.version !== 'none' || member.can.readLagMs === 0);
  const isSeen = isTold || write.op === 'delete';
  const settled = settle(known, write, answer, context.sync.policy.fields);
  context.refusals.drop(one.entity.id, member.endpoint);
  const createdAt = known?.createdAt ?? item?.createdAt;
  const ledTo = ledToAfter(known?.ledTo, sending.led ?? []);
  // What was undone is not created again.
  const state = write.reason === 'undone' ? 'unlinked' : settled.state;
  takeIdBack(one, settled);
  replaceLink(one, {
    ...settled,
    state,
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(ledTo ? { ledTo } : {}),
  });
  if (member.can.reusesIds && createdAt === undefined && write.op === 'create') {
    const why = `Only a read tells when "${member.title}" made the item, and its id alone does not say which one it is.`;
    setBack(one, { kind: 'again', why, at });
  }
  // A second step on the same item is made on top of this one.
  for (const other of one.sendings) {
    if (other !== sending && other.ifVersion !== undefined && other.write.link === settled.id) {
      if (version !== undefined) other.ifVersion = version;
    }
  }
  setIntent(each, {
    state: 'applied',
    sentAt: at,
    link: settled.id,
    ...(item && version !== undefined ? { resultVersion: version } : {}),
    ...(open ? { unchecked: open.unchecked } : {}),
    ...(isSeen ? { observed: true } : {}),
  });
  if (open) setBack(one, { ...open.setback, mustReturn: true });
  context.run.count(DONE[write.op]);
  tell(each, DONE[write.op], { remoteId: answer.remoteId });
}

/** An answer without a version still says that whatever had the version we saw is older. */
function versionAfter({ seenVersion, write }: Sending, told: number | undefined) {
  if (told !== undefined) return { version: told };
  return seenVersion === undefined || write.op === 'delete' ? {} : { version: seenVersion + 0.5 };
}

const DONE: Readonly<Record<Write['op'], string>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
};

function failed(context: Context, each: Underway, error: VendorError, existing?: string): void {
  const { one, sending } = each;
  const { write, member } = sending;
  if (write.op === 'delete' && error.kind === 'missing') {
    landed(context, each, { kind: 'done', id: sending.remoteId ?? '' }, context.world.clock.now());
    return;
  }
  if (write.op === 'create' && error.kind === 'missing' && member.can.create === 'upsert') {
    madeBefore(context, each, error);
    return;
  }
  setIntent(each, { state: 'failed' });
  context.run.count(`failed: ${error.kind}`);
  tell(each, 'failed', { why: error.message });
  const named = error.path === undefined ? undefined : member.fieldAt(error.path);
  const field = named ?? (error.kind === 'tooLarge' ? longestOf(write) : undefined);
  if (field !== undefined && context.rules.has('isolate-refused')) {
    const isRefused = error.kind === 'rejected' || error.kind === 'tooLarge';
    if (isRefused && isolate(context, each, field)) return;
    if (error.kind === 'duplicate' && each.one.leases[0]!.attempts >= COLLISIONS_MAX) {
      askAboutCollision(context, each, field);
      return;
    }
  }
  if (error.kind === 'duplicate') {
    context.collisions.push({
      one,
      member,
      value: field === undefined ? undefined : write.patch[field],
      existing,
    });
    setBack(one, { kind: 'failure', why: error.message });
    return;
  }
  const setback = setbackOf(error, context.world.clock.now());
  if (setback.kind === 'refused') context.refusals.add(one.entity.id, member.endpoint);
  setBack(one, setback);
}

/**
 * A create misses an item only if it has found that of an earlier one, which is not shown to us. What that says
 * nobody knows, so it counts as read for the first time when it is shown; until then it is looked for.
 */
function madeBefore(context: Context, each: Underway, error: VendorError): void {
  unanswered(context, each, setbackOf(error, context.world.clock.now()));
  setIntent(each, { patch: {}, stamps: {} });
}

/** What makes a record too large, when the vendor does not say. */
function longestOf({ patch }: Write): string | undefined {
  const lengths = Object.entries(patch).map(
    ([field, value]) => [field, canonicalText(value).length] as const,
  );
  return lengths.toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** The vendor does not accept a field: the rest goes on without it. */
function isolate(context: Context, { one, sending }: Underway, field: string): boolean {
  const { write, member } = sending;
  if (write.patch[field] === undefined) return false;
  const link = write.link && linkOf(one, write.link);
  const refused = fingerprintOf(canonicalText(write.patch[field]));
  if (link) replaceLink(one, withRefused(link, one, write, field));
  else context.refusals.add(one.entity.id, member.endpoint, field, refused);
  one.held.push({ reason: 'refused', endpoint: member.endpoint, field });
  setBack(one, { kind: 'again', why: `"${member.title}" refused the field ${field}.` });
  return true;
}

function withRefused(link: Link, one: Case, write: Write, field: string): Link {
  const cells = { ...link.cells };
  for (const name of Object.keys(write.stamps)) {
    if (name !== field && !name.startsWith(`${field}#`)) continue;
    const ours = one.entity.cells[name]?.value ?? null;
    cells[name] = {
      base: null,
      synced: null,
      ...cells[name],
      refused: fingerprintOf(canonicalText(ours)),
    };
  }
  return { ...link, cells };
}

function askAboutCollision(context: Context, { one, sending }: Underway, field: string): void {
  const { write } = sending;
  isolate(context, { one, sending }, field);
  const link = (write.link && linkOf(one, write.link)) ?? one.links[0];
  if (link) askAbout(context.sync.id, one, link, 'key-collision');
}

function setIntent({ one, sending }: Underway, change: Partial<StoredIntent>): void {
  const intent = one.intents.find(({ id }) => id === sending.intentId);
  if (intent) replaceIntent(one, { ...intent, ...change });
}

function tell(
  { one, sending }: Underway,
  outcome: string,
  more: Readonly<Record<string, string>>,
): void {
  const { op, patch, before, reason } = sending.write;
  one.told.push({
    outcome,
    entity: one.entity.id,
    endpoint: sending.member.endpoint,
    detail: { op, reason, patch, before, ...more },
  });
}

// ---------------------------------------------------------------------------------------------
// Swaps

/** Sets the order of writes that hand unique values on, and adds the steps that make room. */
export function orderSwaps(context: Context, cases: readonly Case[]): void {
  if (!context.rules.has('swap-order')) return;
  const updates = cases.flatMap((one) =>
    one.sendings.flatMap((sending): Underway[] =>
      sending.write.op === 'delete' ? [] : [{ one, sending }],
    ),
  );
  for (const group of Map.groupBy(updates, ({ sending }) => sending.member.endpoint).values()) {
    const { member } = group[0]!.sending;
    for (const path of member.can.uniquePaths) {
      const field = member.fieldAt(path);
      if (field !== undefined) orderOne(context, group, field);
    }
  }
}

function orderOne(context: Context, group: readonly Underway[], field: string): void {
  const holders = new Map<string, Underway>();
  for (const each of group) {
    const { before, patch } = each.sending.write;
    const held = before[field];
    if (held !== undefined && held !== null && patch[field] !== undefined) {
      holders.set(canonicalText(held), each);
    }
  }
  const holderFor = (each: Underway): Underway | undefined => {
    const wanted = each.sending.write.patch[field];
    const holder = wanted === undefined ? undefined : holders.get(canonicalText(wanted));
    return holder === each ? undefined : holder;
  };
  const breakers = new Set<Underway>();
  const waveOf = (each: Underway, above: readonly Underway[]): number => {
    const holder = holderFor(each);
    if (!holder) return 0;
    if (breakers.has(holder)) return 1;
    if (above.includes(holder)) {
      breakers.add(holder);
      return 1;
    }
    return 1 + waveOf(holder, [...above, each]);
  };
  // Twice, because the first time round finds where the circles are.
  for (const each of group) waveOf(each, [each]);
  for (const each of group) each.sending.wave = Math.max(each.sending.wave, waveOf(each, [each]));
  for (const each of breakers) makeRoom(context, each, field);
}

/** A step of its own, before all others, that gives the value up. */
function makeRoom(context: Context, { one, sending }: Underway, field: string): void {
  const { member, write } = sending;
  const { world, sync } = context;
  const intentId = world.newId();
  const domain = sync.settings.placeholderDomain;
  const value = domain === undefined ? null : `moving-${intentId}@${domain}`;
  const { item: raw, problems } = member.write(
    { [field]: value },
    write.link && one.items.get(write.link)?.raw,
  );
  if (problems.length > 0) return;
  const room: Write = {
    ...write,
    patch: { [field]: value },
    before: { [field]: write.before[field] ?? null },
    stamps: { [field]: BEFORE_ALL },
    reason: 'make-room',
  };
  const step: Sending = { ...sending, write: room, intentId, raw, wave: 0 };
  one.sendings.push(step);
  replaceIntent(one, intentFor(one, step, world.clock.now()));
}
