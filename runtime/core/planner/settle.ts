/**
 * What a link looks like once the vendor has answered a write. The base becomes what the vendor now
 * holds, in its own spelling, and the stamp says which of our values that corresponds to. A vendor
 * that trims or lower-cases therefore causes no second write. Only the patched fields are touched:
 * whatever else the answer shows is for the next plan to judge.
 */
import { fingerprintOf } from '../hash.ts';
import { canonicalText, type Value, type Values } from '../value.ts';
import type { FieldPolicy, Link, LinkCell, LinkId, Write } from './model.ts';
import { cellsOf, inParts, valueInCell } from './parts.ts';

export interface Answer {
  readonly linkId: LinkId;
  readonly remoteId: string;
  /** The item as the vendor returned it. Without it the written values stand in until the next read. */
  readonly fields?: Values;
  readonly version?: number;
}

export function settle(
  link: Link | undefined,
  write: Write,
  answer: Answer,
  fields: readonly FieldPolicy[],
): Link {
  const version = highest(link?.version, answer.version);
  const versioned = version === undefined ? {} : { version };
  if (write.op === 'delete' && link) return { ...link, ...versioned, state: 'gone' };
  const cells: Record<string, LinkCell> = { ...link?.cells };
  for (const field of fields) {
    const written = write.patch[field.name];
    if (written === undefined) continue;
    settleField(cells, field, write, written, answer.fields?.[field.name] ?? written);
  }
  return {
    id: answer.linkId,
    endpoint: write.endpoint,
    remoteId: answer.remoteId,
    state: 'live',
    generation: write.generation,
    ...versioned,
    cells,
  };
}

function settleField(
  cells: Record<string, LinkCell>,
  field: FieldPolicy,
  write: Write,
  written: Value,
  readBack: Value,
): void {
  for (const [name, stamp] of Object.entries(write.stamps)) {
    if (name !== field.name && !name.startsWith(`${field.name}#`)) continue;
    const base = valueInCell(field, name, readBack) ?? null;
    const sent = valueInCell(field, name, written) ?? null;
    cells[name] = { base, synced: stamp, ...fightAfter(cells[name], sent) };
  }
  if (!inParts(field)) return;
  if (field.parts === 'set' && isRespelled(field, write, written, readBack)) {
    for (const [name, base] of cellsOf(field, readBack)) {
      cells[name] = { synced: null, ...cells[name], base };
    }
  }
  cells[field.name] ??= { base: null, synced: null };
}

/**
 * An element that was sent and is not in the answer is there in a spelling of the vendor's own, which is
 * part of the base then. When all are there, an element that nobody sent was added by somebody.
 */
function isRespelled(field: FieldPolicy, write: Write, sent: Value, readBack: Value): boolean {
  const answered = cellsOf(field, readBack);
  return [...cellsOf(field, sent).keys()].some(
    (cell) => cell in write.stamps && !answered.has(cell),
  );
}

/** Writing the same value again goes on with a fight; writing another one ends it. */
function fightAfter(cell: LinkCell | undefined, sent: Value): Pick<LinkCell, 'fight'> {
  const fight = cell?.fight;
  if (!fight || fight.fingerprint !== fingerprintOf(canonicalText(sent))) return {};
  return { fight: { ...fight, count: fight.count + 1, reverted: false } };
}

function highest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
