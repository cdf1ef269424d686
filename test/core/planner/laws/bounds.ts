/** What a plan may never do, whatever happened: invent, write without cause, go back, or trespass. */
import assert from 'node:assert/strict';
import type {
  EndpointId,
  FieldPolicy,
  Hold,
  Plan,
  PlanInput,
  Write,
} from '../../../../runtime/core/planner/model.ts';
import { cellsOf, inParts, linkCell } from '../../../../runtime/core/planner/parts.ts';
import { compareStamps } from '../../../../runtime/core/planner/stamp.ts';
import { canonicalText, same, type Value } from '../../../../runtime/core/value.ts';
import { type Scenario, directionOf, mergeRows } from './harness.ts';
import { belongsTo, cellsOfField, fieldNamed, knownParts, partOf, presentAt } from './lookup.ts';

export function checkKnown(input: PlanInput, plan: Plan): void {
  for (const field of input.policy.fields) {
    const known = knownParts(input, field);
    for (const name of cellsOfField(field, plan.entity.cells)) {
      const value = plan.entity.cells[name]?.value ?? null;
      assert.ok(known(name, value), `nobody has put ${canonicalText(value)} in ${name}`);
    }
  }
}

/** What a vendor makes of our values in its own spelling is not an edit, and does not spread. */
export function checkSpelling(scenario: Scenario, last: Plan): void {
  const { input, items } = scenario;
  for (const field of input.policy.fields) {
    const known = knownParts(input, field);
    for (const name of cellsOfField(field, last.entity.cells)) {
      const value = last.entity.cells[name]?.value ?? null;
      const stood = [...items.values()].some((item) =>
        same(partOf(field, name, item.fields[field.name] ?? null), value),
      );
      assert.ok(stood || known(name, value), `${canonicalText(value)} in ${name} is a misspelling`);
    }
  }
}

export function checkWritten(input: PlanInput, plan: Plan, write: Write): void {
  for (const [name, value] of Object.entries(write.patch)) {
    const field = fieldNamed(input, name);
    const before = write.before[name] ?? null;
    const names = new Set([
      ...cellsOfField(field, plan.entity.cells),
      ...cellsOf(field, value).keys(),
      ...cellsOf(field, before).keys(),
    ]);
    for (const cell of names) {
      const part = partOf(field, cell, value);
      const isOurs = same(part, plan.entity.cells[cell]?.value ?? null);
      const isTheirs = inParts(field) && same(part, partOf(field, cell, before));
      assert.ok(isOurs || isTheirs, `${cell} is written as ${canonicalText(part)}`);
    }
  }
}

export function checkCause(input: PlanInput, plan: Plan, write: Write): void {
  assert.ok(write.reason, 'a write names its reason');
  if (write.op === 'delete') {
    assert.equal(plan.entity.life, 'dead', 'only what is dead is deleted');
    return;
  }
  assert.notEqual(plan.entity.life, 'dead', 'what is dead is not written');
  assert.ok(Object.keys(write.patch).length > 0, 'a write writes something');
  const link = plan.links.find((one) => one.id === write.link);
  for (const [name, value] of Object.entries(write.patch)) {
    const field = fieldNamed(input, name);
    const carried = Object.entries(write.stamps).filter(([cell]) => belongsTo(field, cell));
    for (const [cell, stamp] of carried) {
      const ours = plan.entity.cells[cell];
      if (ours) assert.deepEqual(stamp, ours.stamp, `${cell} carries a foreign stamp`);
      else assert.ok(isTakenAway(field, write, cell, value), `${cell} is written and is not ours`);
    }
    if (write.op === 'create') continue;
    const seen = presentAt(input, link);
    assert.ok(seen && !same(seen.fields[name] ?? null, value), `${name} holds the value already`);
    assert.ok(
      carried.some(([cell, stamp]) => {
        const synced = link ? linkCell(field, cell, link.cells)?.synced : undefined;
        return !synced || compareStamps(synced, stamp) < 0;
      }),
      `${name} is in line already`,
    );
  }
}

/** Where edits do not count, a part that we never had goes as it came. */
function isTakenAway(field: FieldPolicy, write: Write, cell: string, whole: Value): boolean {
  return directionOf(field, write.endpoint) === 'out' && partOf(field, cell, whole) === null;
}

export function checkGrowth(input: PlanInput, plan: Plan): void {
  const { entity } = plan;
  const died = input.entity.life !== 'dead' && entity.life === 'dead';
  const revived = input.entity.life === 'dead' && entity.life !== 'dead';
  assert.ok(entity.epoch >= input.entity.epoch, 'the epoch goes down');
  if (died || revived)
    assert.equal(entity.epoch, input.entity.epoch + 1, 'life without a new epoch');
  else assert.equal(entity.epoch, input.entity.epoch, 'an epoch without a reason');
  assert.equal(plan.tombstone !== undefined, died, 'a tombstone per death');
  for (const [name, before] of Object.entries(input.entity.cells)) {
    const after = entity.cells[name];
    // A part that was removed may be forgotten once it is gone everywhere.
    const forgotten = !after && name.includes('#');
    assert.ok(after || forgotten, `${name} is lost`);
    const order = after ? compareStamps(after.stamp, before.stamp) : 0;
    assert.ok(order >= 0, `the stamp of ${name} goes back`);
  }
  for (const before of input.links) {
    const after = plan.links.find((link) => link.id === before.id);
    assert.ok(after, `link ${before.id} is lost`);
    assert.ok(after.generation >= before.generation, 'the generation goes down');
    const seen = input.observed.get(before.id);
    const told = seen?.kind === 'present' ? seen.version : undefined;
    if (before.version !== undefined) {
      assert.ok(
        after.version !== undefined && after.version >= before.version,
        'the version goes down',
      );
    }
    if (after.version !== before.version)
      assert.equal(after.version, told, 'the version is invented');
    if (before.state !== 'live' && after.state === 'live' && entity.life === 'dead') {
      const isRemoved = [...plan.writes, ...plan.holds].some(
        ({ endpoint }) => endpoint === after.endpoint,
      );
      assert.ok(isRemoved, 'a link of a dead record comes alive');
    }
  }
}

export function checkSingle(input: PlanInput, plan: Plan): void {
  for (const { endpoint } of input.policy.members) {
    const isHere = (one: { readonly endpoint: EndpointId }): boolean => one.endpoint === endpoint;
    const links = latest(input.links, plan.links).filter(isHere);
    const writes = plan.writes.filter((write) => write.endpoint === endpoint);
    assert.ok(links.filter((link) => link.state === 'live').length <= 1, 'two live links');
    assert.ok(writes.length <= 1, `two writes to ${endpoint}`);
    const taken = links.some((link) =>
      ['live', 'held', 'mergedAway', 'unlinked'].includes(link.state),
    );
    const unsettled = latest(input.intents, plan.intents).some(
      (intent) =>
        isHere(intent) &&
        intent.op === 'create' &&
        (intent.state === 'armed' || intent.state === 'unknown'),
    );
    for (const write of writes) {
      if (write.op !== 'create') continue;
      assert.ok(!taken, `a second item at ${endpoint}`);
      assert.ok(!unsettled, `a create at ${endpoint} is under way already`);
      const former = Math.max(-1, ...links.map((link) => link.generation));
      assert.ok(write.generation > former, 'the generation is used already');
    }
  }
}

/** As they are after the plan, including any that the plan has left out. */
function latest<T extends { readonly id: string }>(before: readonly T[], after: readonly T[]): T[] {
  return [...new Map([...before, ...after].map((one) => [one.id, one])).values()];
}

export function checkAllowed(input: PlanInput, plan: Plan, write: Write): void {
  const { endpoint } = write;
  assert.notEqual(plan.entity.life, 'held', 'a held record is written');
  const decided = input.resolutions.some(({ kind }) => kind !== 'value');
  assert.ok(input.entity.life !== 'held' || decided, 'a held record is written undecided');
  const member = input.policy.members.find((one) => one.endpoint === endpoint);
  if (write.op === 'create') assert.ok(member?.create, `${endpoint} gets no new records`);
  if (write.op === 'delete') assert.ok(member?.delete, `nothing is deleted at ${endpoint}`);
  const holds = plan.holds.filter((hold) => hold.endpoint === endpoint);
  // A second item may wait for a person while the first one is deleted with its record.
  const isTwin = plan.links.some(
    (link) => link.endpoint === endpoint && link.state === 'duplicate' && write.op === 'delete',
  );
  const isHeld = holds.some((hold) => hold.field === undefined) && !isTwin;
  assert.ok(!isHeld, `${endpoint} is held and written`);
  const rows = mergeRows(input.conflicts, plan.conflicts);
  for (const name of Object.keys(write.patch)) {
    const field = fieldNamed(input, name);
    const direction = directionOf(field, endpoint);
    assert.ok(
      direction === 'both' || direction === 'out',
      `${name} is ${direction} at ${endpoint}`,
    );
    assert.equal(input.facts.get(endpoint)?.drifted?.[name], undefined, `${name} has drifted`);
    // Of a field in parts, one part may be held while the others are written around it.
    const held = holds.some((hold) => hold.field === name && !isOfOnePart(field, hold));
    assert.ok(!held, `${name} is held at ${endpoint}`);
    assert.ok(
      !rows.some((row) => row.cell === name && row.kind === 'contested' && row.state === 'open'),
      `${name} waits for a person`,
    );
  }
}

function isOfOnePart(field: FieldPolicy, hold: Hold): boolean {
  return inParts(field) && (hold.reason === 'would-blank' || hold.reason === 'oscillation');
}
