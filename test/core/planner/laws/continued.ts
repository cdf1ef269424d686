/**
 * Scenarios in the middle of things: the planner has planned, some of its writes have arrived, some
 * answers were lost, people have edited on top of it and have decided what they were asked. So rows,
 * echoes, fights and half-known writes look exactly as the planner itself leaves them.
 */
import type {
  Intent,
  LinkId,
  Observation,
  Plan,
  PlanInput,
  Resolution,
  Write,
} from '../../../../runtime/core/planner/model.ts';
import { plan } from '../../../../runtime/core/planner/plan.ts';
import type { Value } from '../../../../runtime/core/value.ts';
import type { Choices } from './choices.ts';
import { carryOut, readAll, remember, type Item, type Items, type Scenario } from './harness.ts';
import { typedFrom, type Shape } from './policies.ts';

const BETWEEN_PASSES_MS = 40;

/** One to four more passes; the last one is not planned yet. */
export function continued(choices: Choices, start: Scenario, shape: Shape): Scenario {
  const items: Items = new Map(start.items);
  const isRough = shape.events === undefined || shape.events === 'all';
  // Another integration that puts back what it knows, again and again.
  const rival =
    isRough && choices.happens(15) ? choices.pick([...items.keys(), undefined]) : undefined;
  let { input } = start;
  let time = 2050;
  for (let passes = 1 + choices.below(rival ? 5 : 3); passes > 0; passes--) {
    const made = plan(input);
    input = remember(input, made);
    for (const write of made.writes) {
      input = isRough
        ? sendFrom(choices, start, input, items, write, time)
        : carryOut(start, input, items, write, time);
    }
    time += BETWEEN_PASSES_MS;
    const before = new Map(items);
    for (const [id, item] of before) {
      const next =
        rival === id ? putBack(start, id, item) : livedFrom(choices, input, id, item, time);
      const vanishes = isRough && choices.happens(2);
      if (vanishes) items.delete(id);
      else items.set(id, next);
    }
    input = {
      ...input,
      observed: readFrom(choices, start, input, items, before, time, isRough),
      resolutions: decisionsFrom(choices, input, made, time),
    };
  }
  return { ...start, input, items };
}

/** Most writes are answered; some arrive without an answer, some do not arrive, some are not sent. */
function sendFrom(
  choices: Choices,
  start: Scenario,
  input: PlanInput,
  items: Items,
  write: Write,
  time: number,
): PlanInput {
  const outcome = choices.weigh([
    [70, 'answered'],
    [12, 'unanswered'],
    [12, 'lost'],
    [6, 'unsent'],
  ] as const);
  if (outcome === 'answered') return carryOut(start, input, items, write, time);
  if (outcome === 'unsent') return input;
  if (outcome === 'unanswered' && write.link) carryOut(start, input, items, write, time);
  const intent: Intent = {
    id: `${write.endpoint}@${time}`,
    endpoint: write.endpoint,
    op: write.op,
    patch: write.patch,
    stamps: write.stamps,
    state: 'unknown',
    sentAt: time,
    ...(write.link ? { link: write.link } : {}),
  };
  return { ...input, intents: [...input.intents, intent] };
}

function putBack(start: Scenario, id: LinkId, item: Item): Item {
  return { ...item, fields: start.items.get(id)?.fields ?? item.fields, ...nextVersion(item) };
}

/** People go on typing, here and there. */
function livedFrom(choices: Choices, input: PlanInput, id: LinkId, item: Item, time: number): Item {
  const link = input.links.find((one) => one.id === id);
  const facts = link && input.facts.get(link.endpoint);
  if (!facts || !choices.happens(40)) return item;
  const fields: Record<string, Value> = { ...item.fields };
  for (const field of input.policy.fields) {
    if (!choices.happens(40)) continue;
    const typed = typedFrom(choices, field, fields[field.name] ?? null);
    fields[field.name] = facts.normalize(field.name, typed);
  }
  return { ...item, fields, changedAt: time - choices.below(60), ...nextVersion(item) };
}

function nextVersion(item: Item): { version?: number } {
  return item.version === undefined ? {} : { version: item.version + 1 };
}

function readFrom(
  choices: Choices,
  start: Scenario,
  input: PlanInput,
  items: Items,
  before: ReadonlyMap<LinkId, Item>,
  time: number,
  isRough: boolean,
): Map<LinkId, Observation> {
  const observed = readAll(start, input, items, time);
  if (!isRough) return observed;
  const older = readAll(start, input, before, time - BETWEEN_PASSES_MS / 2);
  for (const [id, seen] of observed) {
    const way = choices.weigh([
      [85, 'read'],
      [10, 'unread'],
      [5, 'late'],
    ] as const);
    const author = choices.weigh([
      [75, undefined],
      [15, 'integration'],
      [10, 'person'],
    ] as const);
    const late = older.get(id);
    if (way === 'unread') observed.delete(id);
    else if (way === 'late' && late) observed.set(id, late);
    else if (author && seen.kind === 'present') observed.set(id, { ...seen, author });
  }
  return observed;
}

/** What people answer to what the last plan asked, if they do. */
function decisionsFrom(
  choices: Choices,
  input: PlanInput,
  made: Plan,
  time: number,
): readonly Resolution[] {
  const decisions: Resolution[] = [];
  for (const { fingerprint, cell, losing, values, winner } of input.conflicts) {
    if (!choices.happens(40)) continue;
    const offered = [...(values ?? []), ...(losing ? [losing] : [])].map(({ value }) => value);
    const other = cell.includes('#') ? [] : ['Decided'];
    const value = choices.pick([...offered, ...(winner === undefined ? [] : [winner]), ...other]);
    decisions.push({ kind: 'value', fingerprint, value, at: time - choices.below(60) });
  }
  for (const { reason, link } of made.reviews) {
    if (!choices.happens(50)) continue;
    const deletion = choices.pick(['recreate', 'delete', 'unlink'] as const);
    const restore = choices.pick(['revive', 'deleteAgain'] as const);
    if (reason === 'remote-delete') decisions.push({ kind: 'deletion', link, decision: deletion });
    if (reason === 'remote-restore') decisions.push({ kind: 'restore', link, decision: restore });
  }
  return decisions;
}
