/**
 * Why is it as it is? For a record: where each value comes from, and where it stands in each system. For
 * one that did not sync: the first gate that stopped it, as a sentence with the next step. Nothing is
 * read from a vendor and nothing is changed.
 */
import type { EndpointId, Entity, Origin, Plan } from '../core/planner/model.ts';
import { assemble, cellNames, inParts, linkCell } from '../core/planner/parts.ts';
import { compareStamps } from '../core/planner/stamp.ts';
import { holdReasons, identityReasons, reviewReasons, rules } from '../core/reasons.ts';
import type { Value } from '../core/value.ts';
import type {
  Claimed,
  Loaded,
  RunItem,
  StoredDeadLetter,
  WorkKey,
  WorkState,
} from '../store/store.ts';
import { openCase } from './case.ts';
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
  const [work] = await store.inspectWork(sync.tenant, [key]);
  const letter = await letterOf(context, key);
  const { record } = loaded!;
  if (!record) {
    const gate = gateOfStray(context, loaded!, work, letter);
    return { life: 'unknown', fields: [], history: [], ...(gate ? { gate } : {}) };
  }
  const one = openCase({} as Claimed, record, loaded!.reviews, sync.policy.fields);
  await planOnce(context, [one]);
  const plan = one.plan!;
  const { entity } = record;
  const history = await store.listHistory(sync.tenant, { entity: entity.id, limit: HISTORY });
  const gate = gateOf(context, loaded!, work, letter, plan);
  return {
    life: entity.life,
    entity: entity.id,
    fields: sync.policy.fields.map((field) => explainField(context, field.name, plan, history)),
    history,
    ...(gate ? { gate } : {}),
  };
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
  loaded: Loaded,
  work: WorkState | undefined,
  letter: StoredDeadLetter | undefined,
  plan: Plan,
): Gate | undefined {
  const waiting = waitingGate(context, work);
  const open = openReview(loaded);
  const contested = loaded.record?.conflicts.find(({ state }) => state === 'open');
  const hold = plan.holds[0];
  const isBehind = plan.writes.length > 0 || plan.needReads.length > 0;
  return (
    closedGate(context) ??
    letterGate(letter) ??
    waiting ??
    open ??
    (contested && {
      code: 'contested',
      what: holdReasons.contested,
      next: `Choose a value for ${contested.cell}.`,
    }) ??
    (hold && {
      code: hold.reason,
      what: holdReasons[hold.reason] + (hold.field ? ` (${hold.field})` : ''),
      next: 'Nothing is lost; it goes on as soon as the reason is gone.',
      endpoint: hold.endpoint,
    }) ??
    (isBehind
      ? {
          code: 'not-looked-at',
          what: 'Something differs, and nobody has been told to look at it.',
          next: 'Run a sync; the next full comparison finds it by itself.',
        }
      : undefined)
  );
}

function gateOfStray(
  context: Context,
  loaded: Loaded,
  work: WorkState | undefined,
  letter: StoredDeadLetter | undefined,
): Gate | undefined {
  const closed = loaded.reviews.find(({ state }) => state === 'closed');
  return (
    closedGate(context) ??
    letterGate(letter) ??
    waitingGate(context, work) ??
    openReview(loaded) ??
    (closed
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
      next: 'Enable it.',
    };
  }
  const [endpoint, setback] = [...sync.unavailable][0] ?? [];
  if (endpoint === undefined || !setback) return undefined;
  return { code: 'unavailable', what: setback.why, next: 'Correct the account.', endpoint };
}

function letterGate(letter: StoredDeadLetter | undefined): Gate | undefined {
  if (!letter) return undefined;
  return {
    code: 'dead-letter',
    what: `It was given up after ${letter.attempts} attempts: ${letter.message}`,
    next: 'Correct the cause, then replay it.',
  };
}

function waitingGate({ world }: Context, work: WorkState | undefined): Gate | undefined {
  if (!work) return undefined;
  const now = world.clock.now();
  if (work.leasedUntil !== undefined && work.leasedUntil > now) {
    return {
      code: 'under-way',
      what: 'A worker is at it right now.',
      next: 'Look again in a moment.',
    };
  }
  const wait = Math.max(0, Math.ceil((work.dueAt - now) / 1000));
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

async function letterOf(
  { store, sync }: Context,
  key: WorkKey,
): Promise<StoredDeadLetter | undefined> {
  let after: { at: number; id: string } | undefined;
  for (;;) {
    const letters = await store.listDeadLetters(sync.tenant, {
      state: 'open',
      limit: HISTORY,
      sync: sync.id,
      ...(after ? { after } : {}),
    });
    const found = letters.find((letter) => JSON.stringify(letter.key) === JSON.stringify(key));
    if (found || letters.length < HISTORY) return found;
    const last = letters.at(-1)!;
    after = { at: last.at, id: last.id };
  }
}
