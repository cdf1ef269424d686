/**
 * What stands around the planner in these tests: vendors that do exactly what they are told, a memory
 * that keeps what a plan decided, and the loop of reading, planning and writing. There is nothing
 * wrong with this world; whatever fails to settle in it is the planner's fault.
 */
import type {
  Conflict,
  EndpointId,
  FieldPolicy,
  Intent,
  Link,
  LinkId,
  Observation,
  Plan,
  PlanInput,
  Write,
} from '../../../../runtime/core/planner/model.ts';
import { settle } from '../../../../runtime/core/planner/settle.ts';
import { canonicalText, type Value, type Values } from '../../../../runtime/core/value.ts';

export type Planner = (input: PlanInput) => Plan;

/** What stands at a vendor. */
export interface Item {
  readonly fields: Values;
  readonly version?: number;
  readonly changedAt: number;
}

/** A question to the planner, and the vendors behind it. */
export interface Scenario {
  readonly input: PlanInput;
  /** An item per link that has one, and per survivor of a merge. */
  readonly items: ReadonlyMap<LinkId, Item>;
  readonly vendors: ReadonlyMap<EndpointId, Vendor>;
  /** Links whose absence cannot be proven, however often they are read. */
  readonly unprovable: ReadonlySet<LinkId>;
}

export interface Vendor {
  readonly versions: boolean;
  /** Whether the answer to a write contains the item. */
  readonly returnsItem: boolean;
}

/** Longer than every horizon, so that what was unknown can be judged at the next read. */
const BETWEEN_ROUNDS_MS = 10_000;

/** Plans, writes and reads again until nothing happens, `roundsMax` times at most; all the plans made. */
export function runUntilQuiet(
  planner: Planner,
  scenario: Scenario,
  roundsMax: number,
): {
  readonly plans: readonly Plan[];
  readonly input: PlanInput;
  readonly items: Items;
  readonly quiet: boolean;
} {
  let { input } = scenario;
  const items: Items = new Map(scenario.items);
  const plans: Plan[] = [];
  let time = latestRead(input);
  while (plans.length < roundsMax) {
    const result = planner(input);
    plans.push(result);
    // The first question may be about an incomplete read; the others are not.
    if (plans.length > 1 && isQuiet(input, result)) return { plans, input, items, quiet: true };
    input = remember(input, result);
    for (const write of result.writes) input = carryOut(scenario, input, items, write, time);
    time += BETWEEN_ROUNDS_MS;
    input = { ...input, observed: readAll(scenario, input, items, time) };
  }
  return { plans, input, items, quiet: false };
}

export type Items = Map<LinkId, Item>;

/** Nothing to write and nothing to store: the very objects that went in come out. */
function isQuiet(input: PlanInput, plan: Plan): boolean {
  return (
    plan.writes.length === 0 &&
    plan.conflicts.length === 0 &&
    plan.entity === input.entity &&
    isUnchanged(input.links, plan.links) &&
    isUnchanged(input.intents, plan.intents)
  );
}

function isUnchanged(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && before.every((one, index) => one === after[index]);
}

/** The input of the next pass, as far as the plan decides it: nothing has been read yet. */
export function remember(input: PlanInput, plan: Plan): PlanInput {
  return {
    ...input,
    entity: plan.entity,
    links: plan.links,
    intents: plan.intents.filter((intent) => !isOver(intent)),
    conflicts: mergeRows(input.conflicts, plan.conflicts),
    resolutions: [],
    observed: new Map(),
  };
}

/** Keeps the rows a planner is told about: those that are open or were decided automatically. */
export function mergeRows(
  rows: readonly Conflict[],
  changed: readonly Conflict[],
): readonly Conflict[] {
  if (changed.length === 0) return rows;
  const merged = new Map([...rows, ...changed].map((row) => [row.fingerprint, row]));
  return [...merged.values()].filter((row) => row.state === 'open' || row.state === 'autoResolved');
}

function isOver(intent: Intent): boolean {
  if (intent.state === 'applied') return intent.observed === true;
  return intent.state === 'absent' || intent.state === 'failed' || intent.state === 'superseded';
}

/** The vendor does what it was asked, in its own spelling, and the answer arrives. */
export function carryOut(
  scenario: Pick<Scenario, 'vendors'>,
  input: PlanInput,
  items: Items,
  write: Write,
  at: number,
): PlanInput {
  const vendor = scenario.vendors.get(write.endpoint) ?? { versions: false, returnsItem: true };
  const link = input.links.find((one) => one.id === write.link);
  const linkId = write.link ?? (`${write.endpoint}:${write.generation}` as LinkId);
  const item =
    write.op === 'delete' ? undefined : written(input, items.get(linkId), write, vendor, at);
  if (item) items.set(linkId, item);
  else items.delete(linkId);
  const answer = {
    linkId,
    remoteId: link?.remoteId ?? linkId,
    ...(item && vendor.returnsItem ? { fields: item.fields } : {}),
    ...(item?.version === undefined ? {} : { version: item.version }),
  };
  const settled = settle(link, write, answer, input.policy.fields);
  const intent: Intent = {
    id: `${linkId}@${at}`,
    endpoint: write.endpoint,
    link: linkId,
    op: write.op,
    patch: write.patch,
    stamps: write.stamps,
    state: 'applied',
    sentAt: at,
    ...(item?.version === undefined || !vendor.returnsItem ? {} : { resultVersion: item.version }),
  };
  return {
    ...input,
    links: link
      ? input.links.map((one) => (one === link ? settled : one))
      : [...input.links, settled],
    intents: [...input.intents, intent],
  };
}

function written(
  input: PlanInput,
  before: Item | undefined,
  write: Write,
  vendor: Vendor,
  at: number,
): Item {
  const facts = input.facts.get(write.endpoint);
  const fields: Record<string, Value> = { ...before?.fields };
  for (const [name, value] of Object.entries(write.patch)) {
    fields[name] = facts ? facts.normalize(name, value) : value;
  }
  return {
    fields,
    changedAt: at,
    ...(vendor.versions ? { version: (before?.version ?? 0) + 1 } : {}),
  };
}

/** A fresh and complete read of every link. */
export function readAll(
  scenario: Pick<Scenario, 'unprovable'>,
  input: PlanInput,
  items: ReadonlyMap<LinkId, Item>,
  takenAt: number,
): Map<LinkId, Observation> {
  const observed = new Map<LinkId, Observation>();
  for (const link of input.links) {
    const item = items.get(link.id);
    observed.set(
      link.id,
      item
        ? present(input, link, item, takenAt)
        : { kind: 'gone', takenAt, proven: !scenario.unprovable.has(link.id) },
    );
  }
  return observed;
}

/** Only what the vendor's schema still offers as mapped can be read. */
function present(input: PlanInput, link: Link, item: Item, takenAt: number): Observation {
  const drifted = input.facts.get(link.endpoint)?.drifted ?? {};
  const readable = Object.entries(item.fields).filter(([name]) => drifted[name] !== 'missing');
  return {
    kind: 'present',
    fields: Object.fromEntries(readable),
    takenAt,
    changedAt: item.changedAt,
    ...(item.version === undefined ? {} : { version: item.version }),
  };
}

function latestRead(input: PlanInput): number {
  const taken = [...input.observed.values()].map((seen) => ('takenAt' in seen ? seen.takenAt : 0));
  return Math.max(0, ...taken);
}

/** Freezes everything that can be reached, so that an attempt to modify it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    // Freezing a Map leaves its entries open; this one refuses.
    Object.assign(value, { set: refuse, delete: refuse, clear: refuse });
    for (const inner of value.values()) deepFreeze(inner);
  }
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

function refuse(): never {
  throw new TypeError('The planner tried to modify its input.');
}

/** One text per plan, to compare plans with; everything in it is data. */
export function textOf(data: unknown): string {
  return canonicalText(data as Value);
}

/** The same, whatever the order of the rows in each list. */
export function unorderedText(plan: Plan): string {
  const sorted = Object.entries(plan).map(([part, content]) => [
    part,
    Array.isArray(content) ? content.map(textOf).toSorted() : (content as unknown),
  ]);
  return textOf(Object.fromEntries(sorted));
}

export function directionOf(field: FieldPolicy, endpoint: EndpointId): string {
  return field.direction?.[endpoint] ?? 'both';
}
