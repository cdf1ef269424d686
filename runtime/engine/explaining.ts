/**
 * Why is it as it is? For a record: where each value comes from, and where it stands in each system. For
 * one that did not sync: the first gate that stopped it, as a sentence with the next step. Nothing is
 * read from a vendor and nothing is changed.
 */
import type { EndpointId, Entity, Hold, Origin, Plan } from '../core/planner/model.ts';
import { assemble, cellNames, inParts, linkCell } from '../core/planner/parts.ts';
import { compareStamps } from '../core/planner/stamp.ts';
import {
  conflictKinds,
  holdReasons,
  identityReasons,
  reviewReasons,
  rules,
  type HoldReason,
} from '../core/reasons.ts';
import { canonicalText, type Value } from '../core/value.ts';
import type {
  Claimed,
  Loaded,
  RunItem,
  StoredDeadLetter,
  StoredRecord,
  WorkKey,
  WorkState,
} from '../store/store.ts';
import { openCase, readChoice } from './case.ts';
import type { Context } from './context.ts';
import { planOnce } from './planning.ts';

export interface Explanation {
  readonly life: Entity['life'] | 'unknown';
  readonly entity?: string;
  readonly fields: readonly FieldExplanation[];
  /** The first thing that keeps it from being in step everywhere; missing when nothing does. */
  readonly gate?: Gate;
  /** What was done about it, the newest first. */
  readonly history: readonly RunItem[];
}

export interface Gate {
  readonly code: string;
  readonly what: string;
  readonly next: string;
  readonly endpoint?: EndpointId;
}

export interface FieldExplanation {
  readonly field: string;
  readonly value: Value;
  readonly origin?: Origin;
  /** When it was typed there, as far as is known. */
  readonly at?: number;
  readonly rule?: string;
  readonly why?: string;
  /** The run that took it over. */
  readonly run?: string;
  readonly systems: readonly SystemExplanation[];
}

export interface SystemExplanation {
  readonly endpoint: EndpointId;
  readonly remoteId: string;
  /** What was last read there. */
  readonly value: Value;
  readonly state: 'in step' | 'behind' | 'held';
  readonly why?: string;
}

const HISTORY = 50;

export async function explain(
  context: Context,
  key: Extract<WorkKey, { kind: 'entity' | 'item' }>,
): Promise<Explanation> {
  const { store, sync } = context;
  const [loaded] = await store.load(sync.tenant, [key]);
  const { record } = loaded!;
  // Whichever key leads to the record, what waits under the others concerns it as well.
  const keys = record ? keysTo(record) : [key];
  const state: State = {
    loaded: loaded!,
    work: soonest(await store.inspectWork(sync.tenant, keys)),
    letter: await letterOf(context, keys),
  };
  if (!record) {
    const gate = gateOfStray(context, state);
    return { life: 'unknown', fields: [], history: [], ...(gate ? { gate } : {}) };
  }
  const one = openCase({} as Claimed, record, loaded!.reviews, sync);
  await planOnce(context, [one]);
  const plan = one.plan!;
  const { entity } = record;
  const history = await store.listHistory(sync.tenant, { entity: entity.id, limit: HISTORY });
  const gate = gateOf(context, state, plan, history);
  return {
    life: entity.life,
    entity: entity.id,
    fields: sync.policy.fields.map((field) => explainField(context, field.name, plan, history)),
    history,
    ...(gate ? { gate } : {}),
  };
}

interface State {
  readonly loaded: Loaded;
  readonly work: WorkState | undefined;
  readonly letter: StoredDeadLetter | undefined;
}

function keysTo({ sync, entity, links }: StoredRecord): WorkKey[] {
  const items = links.map(({ endpoint, remoteId }): WorkKey => {
    return { kind: 'item', sync, endpoint, remoteId };
  });
  return [{ kind: 'entity', sync, entity: entity.id }, ...items];
}

/** What has been tried already says more than what nobody has looked at. */
function soonest(states: readonly (WorkState | undefined)[]): WorkState | undefined {
  const waiting = states.filter((state) => state !== undefined);
  return (
    waiting.find(({ leasedUntil }) => leasedUntil !== undefined) ??
    waiting.find(({ lastError }) => lastError !== undefined) ??
    waiting.toSorted((a, b) => a.dueAt - b.dueAt)[0]
  );
}

// ---------------------------------------------------------------------------------------------
// Values

function explainField(
  { sync }: Context,
  name: string,
  plan: Plan,
  history: readonly RunItem[],
): FieldExplanation {
  const field = sync.policy.fields.find((each) => each.name === name)!;
  const names = inParts(field) ? cellNames(field, plan.entity.cells) : [name];
  const cells = names.flatMap((cell) => plan.entity.cells[cell] ?? []);
  const latest = cells.reduce<(typeof cells)[number] | undefined>(
    (a, b) => (a && compareStamps(a.stamp, b.stamp) >= 0 ? a : b),
    undefined,
  );
  const taken = history.find(({ detail }) =>
    changesIn(detail).some(({ cell }) => names.includes(cell)),
  );
  const rule = taken && changesIn(taken.detail).find(({ cell }) => names.includes(cell))?.rule;
  const systems = plan.links
    .filter(({ state }) => state === 'live')
    .map((link): SystemExplanation => {
      const { endpoint, remoteId } = link;
      const hold = plan.holds.find(
        (h) => h.endpoint === endpoint && (!h.field || h.field === name),
      );
      const isBehind = names.some((cell) => {
        const ours = plan.entity.cells[cell];
        const synced = linkCell(field, cell, link.cells)?.synced;
        return ours !== undefined && (!synced || compareStamps(synced, ours.stamp) < 0);
      });
      const bases = Object.fromEntries(
        names.map((cell) => [cell, { value: linkCell(field, cell, link.cells)?.base ?? null }]),
      );
      return {
        endpoint,
        remoteId,
        value: assemble(bases, field) ?? null,
        state: hold && isBehind ? 'held' : isBehind ? 'behind' : 'in step',
        ...(hold && isBehind ? { why: holdReasons[hold.reason] } : {}),
      };
    });
  const at = latest && Math.max(latest.stamp[1], latest.stamp[2]);
  return {
    field: name,
    value: assemble(plan.entity.cells, field) ?? null,
    ...(latest ? { origin: latest.origin } : {}),
    ...(at !== undefined && at > 1e9 ? { at } : {}),
    ...(rule ? { rule, why: rules[rule as keyof typeof rules] } : {}),
    ...(taken ? { run: taken.run } : {}),
    systems,
  };
}

function changesIn(detail: RunItem['detail']): { readonly cell: string; readonly rule: string }[] {
  const changes = detail['changes'];
  return Array.isArray(changes) ? changes : [];
}

// ---------------------------------------------------------------------------------------------
// Gates, in the order in which a record meets them

function gateOf(
  context: Context,
  state: State,
  plan: Plan,
  history: readonly RunItem[],
): Gate | undefined {
  return (
    closedGate(context) ??
    letterGate(state.letter) ??
    newsGate(context, state.work) ??
    openReview(state.loaded) ??
    contestedGate(state.loaded) ??
    holdGate(plan.holds[0] ?? lastHold(state, plan, history)) ??
    waitingGate(context, state.work) ??
    behindGate(plan) ??
    apartGate(plan)
  );
}

function gateOfStray(context: Context, state: State): Gate | undefined {
  const { reviews } = state.loaded;
  return (
    closedGate(context) ??
    letterGate(state.letter) ??
    openReview(state.loaded) ??
    waitingGate(context, state.work) ??
    (reviews.some(({ decision }) => decision && readChoice(decision.choice).decision === 'ignore')
      ? {
          code: 'left-alone',
          what: 'A person said that this item is to be left alone.',
          next: 'Nothing to do, unless that has changed.',
        }
      : {
          code: 'never-seen',
          what: 'This item has never been looked at, or it is not there.',
          next: 'Check the id, then run a full comparison.',
        })
  );
}

function closedGate({ sync }: Context): Gate | undefined {
  if (sync.status !== 'enabled') {
    return {
      code: `sync-${sync.status}`,
      what: `The sync "${sync.title}" is ${sync.status === 'preview' ? 'in preview' : 'paused'}.`,
      next: sync.status === 'preview' ? 'Apply the preview, or enable the sync.' : 'Enable it.',
    };
  }
  const [endpoint, away] = [...sync.unavailable][0] ?? [];
  if (endpoint === undefined || !away) return undefined;
  return { code: 'unavailable', what: away.why, next: NEXT.unavailable, endpoint };
}

function letterGate(letter: StoredDeadLetter | undefined): Gate | undefined {
  if (!letter) return undefined;
  return {
    code: 'dead-letter',
    what: `It was given up after ${letter.attempts} attempts: ${letter.message}`,
    next: 'Correct the cause, then replay it.',
  };
}

/** Whatever held it back before, something new has come, or somebody is at it. */
function newsGate(context: Context, work: WorkState | undefined): Gate | undefined {
  const isTried = work?.lastError !== undefined && !isLeased(context, work);
  return isTried ? undefined : waitingGate(context, work);
}

function isLeased({ world }: Context, { leasedUntil = 0 }: WorkState): boolean {
  return leasedUntil > world.clock.now();
}

function waitingGate(context: Context, work: WorkState | undefined): Gate | undefined {
  if (!work) return undefined;
  if (isLeased(context, work)) {
    return {
      code: 'under-way',
      what: 'A worker is at it right now.',
      next: 'Look again in a moment.',
    };
  }
  const wait = Math.max(0, Math.ceil((work.dueAt - context.world.clock.now()) / 1000));
  const reason = work.lastError ? ` The last try: ${work.lastError}` : '';
  return {
    code: 'waiting',
    what: `It waits for its turn${wait > 0 ? `, ${wait} seconds from now` : ''}.${reason}`,
    next: wait > 0 ? 'It goes on by itself.' : 'If it stays so, check that a worker is running.',
  };
}

function openReview({ reviews }: Loaded): Gate | undefined {
  const open = reviews.find(({ state }) => state === 'open');
  if (!open) return undefined;
  const texts: Readonly<Record<string, string>> = { ...reviewReasons, ...identityReasons };
  return {
    code: open.reason,
    what: texts[open.reason] ?? open.reason,
    next: 'A person has to decide; it is among the reviews.',
    endpoint: open.endpoint,
  };
}

function contestedGate({ record }: Loaded): Gate | undefined {
  const row = record?.conflicts.find(({ state, decision }) => state === 'open' && !decision);
  if (!row) return undefined;
  const { kind, cell } = row;
  const isHold = kind === 'contested' || kind === 'oscillation';
  return {
    code: kind,
    what: `${isHold ? holdReasons[kind] : conflictKinds[kind]} (${cell})`,
    next: isHold ? NEXT[kind] : 'A person has to decide; it is among the conflicts.',
  };
}

/** What the last pass held back, for reasons that only a pass can know. */
function lastHold({ work }: State, plan: Plan, history: readonly RunItem[]): Hold | undefined {
  if (!work && !differs(plan)) return undefined;
  const last = history.find(({ outcome }) => outcome === 'held' || DONE.has(outcome));
  const holds = (last?.detail['holds'] ?? []) as unknown as readonly Hold[];
  return holds[0];
}

const DONE: ReadonlySet<string> = new Set(['created', 'updated', 'deleted']);

function holdGate(hold: Hold | undefined): Gate | undefined {
  if (!hold) return undefined;
  const { reason, field, endpoint } = hold;
  const what = holdReasons[reason] + (field ? ` (${field})` : '');
  return { code: reason, what, next: NEXT[reason], endpoint };
}

const BY_ITSELF = 'Nothing to do: it goes on by itself as soon as that has changed.';

const NEXT: Readonly<Record<HoldReason, string>> = {
  contested: 'Choose a value; it is among the conflicts.',
  oscillation: 'Stop the other integration, or take the field out of one of the two; then decide.',
  'schema-drift': 'Put the field right at the vendor, or correct the mapping.',
  'reference-unknown': BY_ITSELF,
  'reference-pending': 'Look why its target is not there; then it goes on by itself.',
  'reference-dead': 'Choose another target, or empty the field by hand.',
  'would-blank': 'Empty the field by hand where it is full, if that is meant.',
  'field-unread': 'Give the account the right to read the field.',
  'absence-unproven': BY_ITSELF,
  'awaiting-decision': 'A person has to decide; it is among the reviews.',
  'create-unresolved': BY_ITSELF,
  'create-off': 'Allow the sync to create in this system, or enter the record there by hand.',
  'delete-off': 'Allow the sync to delete in this system, or delete the record there by hand.',
  'filtered-out': 'Nothing to do, unless the filter is not what was meant.',
  'nothing-to-write': 'Map a field that has a value, if the record is to be there.',
  'not-enumerated': 'Run a full comparison.',
  'found-there': BY_ITSELF,
  refused: 'Change the value to one that the system accepts.',
  'no-form': 'Correct the mapping, or the value.',
  brake: 'Release the brake, if the changes are meant; it is among the reviews.',
  recovery: 'Nothing to do, unless an account cannot be reached: then correct it.',
  unavailable: 'Correct the account.',
};

function differs({ writes, needReads }: Plan): boolean {
  return writes.length > 0 || needReads.length > 0;
}

function behindGate(plan: Plan): Gate | undefined {
  if (!differs(plan)) return undefined;
  return {
    code: 'not-looked-at',
    what: 'Something differs, and nobody has been told to look at it.',
    next: 'Run a sync; the next full comparison finds it by itself.',
  };
}

function apartGate({ links }: Plan): Gate | undefined {
  const apart = links.find(
    ({ state, endpoint }) =>
      state === 'unlinked' &&
      !links.some((other) => other.endpoint === endpoint && other.state === 'live'),
  );
  if (!apart) return undefined;
  return {
    code: 'left-alone',
    what: 'The record takes no part in this system on purpose: a person decided so, or undid a run.',
    next: 'Nothing to do, unless that has changed; an undo can be undone.',
    endpoint: apart.endpoint,
  };
}

async function letterOf(
  { store, sync }: Context,
  keys: readonly WorkKey[],
): Promise<StoredDeadLetter | undefined> {
  const names = new Set(keys.map(nameOf));
  let after: { at: number; id: string } | undefined;
  for (;;) {
    const letters = await store.listDeadLetters(sync.tenant, {
      state: 'open',
      limit: HISTORY,
      sync: sync.id,
      ...(after ? { after } : {}),
    });
    const found = letters.find((letter) => names.has(nameOf(letter.key)));
    if (found || letters.length < HISTORY) return found;
    const last = letters.at(-1)!;
    after = { at: last.at, id: last.id };
  }
}

/** Stores may give the members of a key in another order. */
function nameOf(key: WorkKey): string {
  return canonicalText(key as unknown as Value);
}
