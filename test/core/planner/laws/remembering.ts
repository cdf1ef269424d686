/** No edit is forgotten: it becomes our value, is on record, or still differs from the base. */
import assert from 'node:assert/strict';
import type {
  Conflict,
  FieldPolicy,
  Link,
  Plan,
  PlanInput,
  Write,
} from '../../../../runtime/core/planner/model.ts';
import { assemble, cellsOf, linkCell } from '../../../../runtime/core/planner/parts.ts';
import { compareStamps } from '../../../../runtime/core/planner/stamp.ts';
import { type Value, canonicalText, isList, same } from '../../../../runtime/core/value.ts';
import { directionOf } from './harness.ts';
import { belongsTo, cellsOfField, decidedValues, partOf, presentAt, rowsAfter } from './lookup.ts';

export function checkSeen(input: PlanInput, write: Write): void {
  if (write.op === 'create') return;
  const link = input.links.find((one) => one.id === write.link);
  const seen = presentAt(input, link);
  assert.ok(seen, `${write.endpoint} is written without having been read`);
  if (write.op === 'delete') return;
  for (const name of Object.keys(write.patch)) {
    const value = seen.fields[name];
    assert.ok(value !== undefined, `${name} at ${write.endpoint} is overwritten unseen`);
    assert.ok(same(write.before[name] ?? null, value), `${name} was seen to be something else`);
  }
}

interface Edit {
  readonly link: Link;
  readonly field: FieldPolicy;
  readonly cell: string;
  readonly value: Value;
}

/** An edit is remembered as our value, in a conflict row, or by staying a difference to the base. */
export function checkRemembered(input: PlanInput, plan: Plan, edit: Edit): void {
  const { link, field, cell, value } = edit;
  const ours = plan.entity.cells[cell]?.value ?? null;
  const before = input.entity.cells[cell]?.value;
  const facts = input.facts.get(link.endpoint);
  // What we had already is not lost with the edit; whether it was replaced rightly is asked below.
  if (same(ours, value) || (before !== undefined && same(before, value))) return;
  if (
    facts &&
    same(
      partOf(field, cell, facts.normalize(field.name, assemble(plan.entity.cells, field) ?? null)),
      value,
    )
  )
    return;
  if (isInRow(rowsAfter(input, plan), cell, value)) return;
  const isReplaced = changesIn(input, plan).some((other) => {
    const known = linkCell(field, cell, other.link.cells);
    return other.cell === cell && known && same(known.base, value);
  });
  if (isReplaced) return;
  const after = plan.links.find((one) => one.id === link.id);
  const known = linkCell(field, cell, link.cells);
  const now = after ? linkCell(field, cell, after.cells) : undefined;
  const stillDiffers = now === undefined ? known === undefined : !same(now.base, value);
  const overwritten = plan.writes.some(
    (write) => write.link === link.id && (write.op === 'delete' || field.name in write.patch),
  );
  assert.ok(
    stillDiffers && !overwritten,
    `${canonicalText(value)} in ${cell} at ${link.endpoint} is forgotten`,
  );
}

/** Our own value may give way to somebody who had seen it; otherwise it is in a row. */
export function checkReplaced(input: PlanInput, plan: Plan): void {
  const edits = changesIn(input, plan);
  for (const [cell, before] of Object.entries(input.entity.cells)) {
    const after = plan.entity.cells[cell];
    if (same(after?.value ?? null, before.value)) continue;
    const field = input.policy.fields.find((one) => belongsTo(one, cell));
    if (!field || before.origin === 'default' || after?.origin === 'person') continue;
    const decided = decidedValues(input, cell).length > 0;
    const knowingly = edits.some((edit) => {
      const known = linkCell(edit.field, edit.cell, edit.link.cells);
      if (edit.cell !== cell || !known) return false;
      const { base, synced } = known;
      return same(base, before.value) || (synced && compareStamps(synced, before.stamp) >= 0);
    });
    assert.ok(
      decided || knowingly || isInRow(rowsAfter(input, plan), cell, before.value),
      `our value ${canonicalText(before.value)} in ${cell} was replaced unseen and without a row`,
    );
  }
}

/** What somebody else has changed: it differs from the base, and no write of ours explains it. */
export function editsIn(input: PlanInput, plan: Plan): readonly Edit[] {
  return changesIn(input, plan).filter((change) => !mayBeOurs(input, change));
}

function changesIn(input: PlanInput, plan: Plan): readonly Edit[] {
  const edits: Edit[] = [];
  for (const link of input.links) {
    const after = plan.links.find((one) => one.id === link.id)?.state;
    const wasOut = link.state === 'gone' || link.state === 'held';
    const restored = wasOut && (after === 'live' || after === 'unlinked');
    const seen = link.state === 'live' || restored ? presentAt(input, link) : undefined;
    if (!seen) continue;
    for (const field of input.policy.fields) {
      const whole = seen.fields[field.name];
      if (whole === undefined || directionOf(field, link.endpoint) === 'off') continue;
      if (isUnreadable(input, link, field)) continue;
      const names = new Set([
        ...cellsOf(field, whole).keys(),
        ...cellsOfField(field, link.cells),
        ...(link.cells[field.name] ? cellsOfField(field, input.entity.cells) : []),
      ]);
      for (const cell of names) {
        const value = partOf(field, cell, whole);
        const known = linkCell(field, cell, link.cells);
        if (known ? same(value, known.base) : value === null) continue;
        edits.push({ link, field, cell, value });
      }
    }
  }
  return edits;
}

/** A field that may no longer be written is still read; one of another type says nothing. */
function isUnreadable(input: PlanInput, link: Link, field: FieldPolicy): boolean {
  const drift = input.facts.get(link.endpoint)?.drifted?.[field.name];
  return drift === 'missing' || drift === 'typeChanged';
}

function mayBeOurs(input: PlanInput, { link, field, cell, value }: Edit): boolean {
  const facts = input.facts.get(link.endpoint);
  const seen = presentAt(input, link);
  return input.intents.some((intent) => {
    const sent = intent.patch[field.name];
    if (intent.link !== link.id || sent === undefined || !facts) return false;
    const own = partOf(field, cell, sent);
    const spelt = partOf(field, cell, facts.normalize(field.name, sent));
    const isEcho = same(own, value) || same(spelt, value);
    if (intent.state === 'unknown' || intent.state === 'armed') return isEcho;
    if (intent.state !== 'applied' || intent.observed) return false;
    if (intent.resultVersion !== undefined) return intent.resultVersion === seen?.version;
    if ((seen?.author ?? 'us') !== 'us') return false;
    return isEcho || facts.explains(field.name, own, value);
  });
}

function isInRow(rows: readonly Conflict[], cell: string, value: Value): boolean {
  return rows.some((row) => {
    const held = [row.losing, ...(row.values ?? [])].flatMap((one) => (one ? [one.value] : []));
    if (row.cell === cell) return held.some((one) => same(one, value));
    // A row about a whole record holds its edits by cell.
    return row.cell === '*' && held.some((edits) => same(partNamed(edits, cell), value));
  });
}

function partNamed(edits: Value, cell: string): Value {
  if (edits === null || typeof edits !== 'object' || isList(edits)) return null;
  return edits[cell] ?? null;
}
