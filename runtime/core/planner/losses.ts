/**
 * No edit is lost unseen. An edit is *lost* when another value won that was typed without seeing it; it
 * is on record then, named by itself and not by the winner. It stops counting as lost when somebody
 * replaces it knowingly, or when the same value wins after all. So which edits are on record at the end
 * depends on what was typed, and not on the order in which we saw it.
 */
import { same, type Value } from '../value.ts';
import { type Draft, lostEdit, type Site } from './draft.ts';
import type { Cell, Conflict, FieldPolicy, Origin } from './model.ts';
import { compareStamps, isInitial, type Stamp } from './stamp.ts';

/** A value at a link that differs from the base there and is not our own write; or a decision. */
export interface Edit {
  readonly value: Value;
  readonly stamp: Stamp;
  readonly origin: Origin;
  /** The stamp of our value that the editor had before their eyes. */
  readonly seen: Stamp | null;
  readonly site?: Site;
  /** What the edit replaced at its own link. */
  readonly base?: Value;
  /** A write of ours may have landed there unseen, so nobody knows what the editor saw. */
  readonly unsure?: boolean;
  /** The values that a person was shown when they decided. */
  readonly shown?: Conflict['values'];
}

type Loss = NonNullable<Conflict['losing']>;

/** Brings the list of lost edits of a cell up to date with the edits of this pass. */
export function reportLosses(
  draft: Draft,
  field: FieldPolicy,
  cell: string,
  winner: Cell,
  edits: readonly Edit[],
  winningEdit: Edit | undefined,
): void {
  const rows = draft.conflictsOf(cell).filter((row) => row.losing && isLossKind(row));
  const fresh: Loss[] = edits
    .filter((edit) => !same(edit.value, winner.value))
    .map(({ origin, value, stamp }) => ({ origin, value, stamp }));
  const ours = draft.cells[cell];
  if (winningEdit && ours && ours.origin !== 'default' && isUnseen(ours, winningEdit)) {
    fresh.push({ origin: ours.origin, value: ours.value, stamp: ours.stamp });
  }
  const all = [...rows.flatMap((row) => row.losing ?? []), ...fresh];
  const counts = (loss: Loss) =>
    !same(loss.value, winner.value) &&
    !edits.some((edit) => replacedKnowingly(loss, edit, ours)) &&
    !all.some((other) => same(other.value, loss.value) && isLater(other, loss));

  for (const row of rows) {
    if (row.losing && !counts(row.losing)) draft.report({ ...row, state: 'superseded' });
  }
  for (const loss of fresh.filter(counts)) {
    const kind = isInitial(loss.stamp) ? 'initial' : 'concurrent';
    const row = lostEdit(cell, kind, loss, 'autoResolved', winner.value);
    const tie = field.strategy !== 'priority' && isClockTie(draft, loss, winner);
    draft.report(tie ? { ...row, clockTie: true } : row);
  }
}

function isLossKind(row: Conflict): boolean {
  return row.kind === 'concurrent' || row.kind === 'initial';
}

/** The editor had this very edit before their eyes, or edited their own text again. */
function replacedKnowingly(loss: Loss, edit: Edit, ours: Cell | undefined): boolean {
  if (isAmong(edit.shown, loss)) return true;
  if (edit.unsure) return false;
  const saw = edit.seen && compareStamps(edit.seen, loss.stamp) === 0;
  if (saw && ours && compareStamps(ours.stamp, loss.stamp) === 0)
    return same(ours.value, loss.value);
  const ownText = edit.origin === loss.origin || edit.origin === 'person';
  return (saw || ownText) && edit.base !== undefined && same(edit.base, loss.value);
}

export function isAmong(
  values: Conflict['values'],
  { origin, value }: { readonly origin: Origin; readonly value: Value },
): boolean {
  return values?.some((each) => each.origin === origin && same(each.value, value)) ?? false;
}

/** Of one value typed twice, only the later one is on record. */
function isLater(other: Loss, loss: Loss): boolean {
  const order = compareStamps(other.stamp, loss.stamp);
  return order > 0 || (order === 0 && other.origin > loss.origin);
}

export function isUnseen(ours: Cell, edit: Edit): boolean {
  if (edit.unsure || edit.seen === null) return true;
  return compareStamps(edit.seen, ours.stamp) < 0;
}

/** Closer than the two clocks can tell. The greater stamp still wins; the row says it was a close call. */
function isClockTie(draft: Draft, loss: Loss, winner: Cell): boolean {
  if (isInitial(loss.stamp) || isInitial(winner.stamp)) return false;
  const doubt = doubtOf(draft, loss.origin) + doubtOf(draft, winner.origin);
  return Math.abs(loss.stamp[1] - winner.stamp[1]) < doubt;
}

function doubtOf(draft: Draft, origin: Origin): number {
  const site = draft.sites.find((candidate) => candidate.endpoint === origin);
  return (site?.facts.clockUncertaintyMs ?? 0) + (site?.seen?.uncertaintyMs ?? 0);
}
