/**
 * Scenarios for the planner's laws. A record first gets a true history: values that followed each
 * other, and at each endpoint the one it was last brought in line with. Then something happens at
 * each endpoint: an edit, a deletion, a read that fails, comes too late or lacks a field.
 */
import fc from 'fast-check';
import type {
  Cell,
  EndpointFacts,
  EndpointId,
  Entity,
  EntityId,
  FieldPolicy,
  Intent,
  Link,
  LinkId,
  Observation,
  Present,
} from '../../../../runtime/core/planner/model.ts';
import { inParts, joinParts } from '../../../../runtime/core/planner/parts.ts';
import type { Value } from '../../../../runtime/core/value.ts';
import type { Choices } from './choices.ts';
import { continued } from './continued.ts';
import { createIntentFrom, intentFrom } from './earlier-writes.ts';
import type { Item, Scenario, Vendor } from './harness.ts';
import { HISTORY_MS, NOW_MS, type Place, historyFrom, linkCellsFrom } from './histories.ts';
import { type Shape, cellPlans, factsFrom, policyFrom, reachesFrom } from './policies.ts';

/** What a scenario is made from; see choices.ts. */
export const numbers: fc.Arbitrary<number[]> = fc.array(fc.nat(1199), {
  maxLength: 600,
  size: 'max',
});

/** The empty list makes two systems in agreement. */
export function scenarioFrom(choices: Choices, shape: Shape = {}): Scenario {
  const start = beginningFrom(choices, shape);
  return shape.fresh || !choices.happens(40) ? start : continued(choices, start, shape);
}

/** What is gathered while one endpoint after the other is visited. */
interface Happened {
  readonly links: Link[];
  readonly intents: Intent[];
  readonly items: Map<LinkId, Item>;
  readonly observed: Map<LinkId, Observation>;
  readonly unprovable: Set<LinkId>;
}

function beginningFrom(choices: Choices, shape: Shape): Scenario {
  const policy = policyFrom(choices, shape);
  const histories = new Map<string, readonly Cell[]>();
  for (const field of policy.fields) {
    for (const cell of cellPlans(field)) {
      histories.set(cell.name, historyFrom(choices, field, cell, policy, shape));
    }
  }
  const happened: Happened = {
    links: [],
    intents: [],
    items: new Map(),
    observed: new Map(),
    unprovable: new Set(),
  };
  const facts = new Map<EndpointId, EndpointFacts>();
  const vendors = new Map<EndpointId, Vendor>();
  const events = shape.events ?? 'all';
  const entity = entityFrom(choices, histories, events);
  for (const { endpoint } of policy.members) {
    const own = factsFrom(choices, policy);
    const vendor = { versions: !choices.happens(30), returnsItem: !choices.happens(30) };
    facts.set(endpoint, own);
    vendors.set(endpoint, vendor);
    visit(choices, { endpoint, facts: own, vendor, policy, histories, events }, happened);
  }
  const { links, intents, items, observed, unprovable } = happened;
  const reach = reachesFrom(choices, policy);
  const asked = { conflicts: [], resolutions: [], reach };
  return {
    input: { entity, links, observed, intents, policy, facts, ...asked },
    items,
    vendors,
    unprovable,
  };
}

function entityFrom(
  choices: Choices,
  histories: ReadonlyMap<string, readonly Cell[]>,
  events: Place['events'],
): Entity {
  const life = choices.weigh([
    [90, 'live'],
    [6, 'dead'],
    [4, 'held'],
  ] as const);
  const cells = [...histories].flatMap(([name, history]) => {
    const head = history.at(-1);
    return head ? [[name, head] as const] : [];
  });
  return {
    id: 'e1' as EntityId,
    life: events === 'all' ? life : 'live',
    epoch: choices.below(3),
    cells: Object.fromEntries(cells),
  };
}

function visit(choices: Choices, place: Place, happened: Happened): void {
  const { links, intents, items, observed, unprovable } = happened;
  const here = linksFrom(choices, place);
  links.push(...here);
  if (here.every(({ state }) => state === 'gone') && place.events === 'all') {
    if (choices.happens(30)) intents.push(createIntentFrom(choices, place));
  }
  for (const link of here) {
    const { item, seen } = happeningsFrom(choices, place, link, items);
    if (item) items.set(link.id, item);
    if (seen) observed.set(link.id, seen);
    if (seen?.kind === 'gone' && !seen.proven) unprovable.add(link.id);
    if (seen?.kind === 'mergedInto') items.set(seen.linkId, itemFrom(choices, place, link, items));
    if (place.events === 'edits' || !choices.happens(20)) continue;
    intents.push(intentFrom(choices, place, link, item, 1));
    if (choices.happens(30)) intents.push(intentFrom(choices, place, link, item, 2));
  }
}

/** Mostly one live link; sometimes none, one that does not take part, or two. */
function linksFrom(choices: Choices, place: Place): readonly Link[] {
  const usual = [
    [95, 'live'],
    [5, 'none'],
  ] as const;
  const state = choices.weigh<Link['state'] | 'none' | 'returned'>(
    place.events === 'all'
      ? [
          [78, 'live'],
          [8, 'none'],
          [4, 'gone'],
          [2, 'held'],
          [2, 'mergedAway'],
          [2, 'unlinked'],
          [2, 'duplicate'],
          [2, 'returned'],
        ]
      : usual,
  );
  if (state === 'none') return [];
  const link: Link = {
    id: `${place.endpoint}:0` as LinkId,
    endpoint: place.endpoint,
    remoteId: `${place.endpoint}-0`,
    state: state === 'duplicate' || state === 'returned' ? 'live' : state,
    generation: state === 'returned' ? 1 : 0,
    ...(place.vendor.versions ? { version: 5 } : {}),
    cells: linkCellsFrom(choices, place),
  };
  const twin = {
    ...link,
    id: `${place.endpoint}:twin` as LinkId,
    remoteId: `${place.endpoint}-twin`,
    generation: 0,
  };
  if (state === 'duplicate') return [link, { ...twin, state }];
  // Deleted there and created again by us; the first one may come back.
  if (state === 'returned') return [link, { ...twin, state: 'gone' }];
  return [link];
}

const EVENTS = {
  edits: [[1, 'read']],
  reads: [
    [85, 'read'],
    [8, 'unread'],
    [7, 'stale'],
  ],
  all: [
    [75, 'read'],
    [7, 'unread'],
    [5, 'stale'],
    [5, 'gone'],
    [4, 'unproven'],
    [4, 'merged'],
  ],
} as const;

function happeningsFrom(
  choices: Choices,
  place: Place,
  link: Link,
  others: ReadonlyMap<LinkId, Item>,
): { item?: Item; seen?: Observation } {
  const event =
    link.state === 'live'
      ? choices.weigh(EVENTS[place.events])
      : choices.weigh([
          [50, 'absent'],
          [30, 'read'],
          [20, 'unread'],
        ] as const);
  if (event === 'absent') return {};
  const takenAt = NOW_MS + choices.below(5);
  if (event === 'gone' || event === 'unproven') {
    return { seen: { kind: 'gone', takenAt, proven: event === 'gone' } };
  }
  if (event === 'merged') {
    const heldBy = choices.happens(40) ? { heldBy: 'e2' as EntityId } : {};
    const survivor = { remoteId: `${place.endpoint}-1`, linkId: `${place.endpoint}:1` as LinkId };
    return { seen: { kind: 'mergedInto', ...survivor, ...heldBy } };
  }
  const item = itemFrom(choices, place, link, others);
  if (event === 'unread') return { item };
  if (event === 'stale' && link.version !== undefined) {
    const stale = itemFrom(choices, place, link, others);
    return { item, seen: { ...observationOf(choices, place, stale, takenAt), version: 4 } };
  }
  return { item, seen: observationOf(choices, place, item, takenAt) };
}

/** What stands at the vendor by now: mostly what we last read there. */
function itemFrom(
  choices: Choices,
  place: Place,
  link: Link,
  others: ReadonlyMap<LinkId, Item>,
): Item {
  const fields: Record<string, Value> = {};
  for (const field of place.policy.fields) {
    const value = itemValueFrom(choices, place, field, link, others);
    if (value !== undefined) fields[field.name] = place.facts.normalize(field.name, value);
  }
  return {
    fields,
    changedAt: HISTORY_MS + 20 + choices.below(40),
    ...(place.vendor.versions ? { version: 6 } : {}),
  };
}

function itemValueFrom(
  choices: Choices,
  place: Place,
  field: FieldPolicy,
  link: Link,
  others: ReadonlyMap<LinkId, Item>,
): Value | undefined {
  const copied = choices.happens(12) ? choices.pick([undefined, ...others.values()]) : undefined;
  if (copied) return copied.fields[field.name] ?? null;
  const values = cellPlans(field).map((plan): [string, Value] => {
    const base = link.cells[plan.name]?.base ?? null;
    const happened = choices.weigh([
      [60, 'nothing'],
      [25, 'edit'],
      [8, 'inLine'],
      [7, 'cleared'],
    ] as const);
    const value = {
      nothing: () => base,
      edit: () => choices.pick(plan.values),
      inLine: () => place.histories.get(plan.name)?.at(-1)?.value ?? null,
      cleared: () => null,
    }[happened]();
    return [plan.name, value];
  });
  return inParts(field) ? joinParts(field, values) : values[0]?.[1];
}

function observationOf(choices: Choices, place: Place, item: Item, takenAt: number): Present {
  const drifted = place.facts.drifted ?? {};
  const unresolved: Record<string, string> = {};
  const fields: Record<string, Value> = {};
  const fieldChangedAt: Record<string, number> = {};
  for (const [name, value] of Object.entries(item.fields)) {
    if (drifted[name] === 'missing' || choices.happens(4)) continue;
    const isReference = place.policy.fields.some((field) => field.name === name && field.reference);
    if (isReference && choices.happens(8)) unresolved[name] = 'unknown-here';
    else fields[name] = value;
    if (choices.happens(15)) fieldChangedAt[name] = item.changedAt - choices.below(10);
  }
  const author = choices.weigh([
    [70, undefined],
    [10, 'us'],
    [10, 'person'],
    [10, 'integration'],
  ] as const);
  return {
    kind: 'present',
    fields,
    takenAt,
    ...(item.version === undefined ? {} : { version: item.version }),
    ...(choices.happens(10) ? {} : { changedAt: item.changedAt }),
    ...(Object.keys(fieldChangedAt).length > 0 ? { fieldChangedAt } : {}),
    ...(choices.happens(15) ? { uncertaintyMs: 4 } : {}),
    ...(author ? { author } : {}),
    ...(Object.keys(unresolved).length > 0 ? { unresolved } : {}),
  };
}
