/**
 * Another integration that fights us: it reverts what we write, we write it again, for ever. A link
 * starts counting when somebody not known to be a person changes a value that we had put there; so
 * quiet links carry nothing. The same value is never written a third time: writing stops, and it shows.
 */
import { fingerprintOf } from '../hash.ts';
import { canonicalText, same } from '../value.ts';
import { type Draft, lostEdit, type Site } from './draft.ts';
import type { Cell, LinkCell } from './model.ts';
import { BEFORE_ALL, compareStamps } from './stamp.ts';

/** The same value written this often, and reverted in between, is a fight and not an update. */
const WRITES_IN_A_FIGHT_MAX = 2;

/** A person has spoken in between, so what was written before proves nothing. */
export function endFights(draft: Draft, cell: string): void {
  for (const site of draft.sites) {
    const known = site.cells[cell];
    if (!known?.fight) continue;
    const { fight: _ended, ...rest } = known;
    site.setCell(cell, rest);
  }
}

export function keepFight(known: LinkCell | undefined): Pick<LinkCell, 'fight'> {
  return known?.fight ? { fight: known.fight } : {};
}

/**
 * Somebody changed a value that we had put there. Done once it is an edit; done again and again by
 * something that is not known to be a person, it is another integration fighting us.
 */
export function fightAfterEdit(
  site: Site,
  known: LinkCell | undefined,
  ours: Cell | undefined,
): Pick<LinkCell, 'fight'> {
  if (!known || site.seen?.author === 'person') return {};
  if (known.fight) return { fight: { ...known.fight, reverted: true } };
  if (!ours || ours.origin === site.endpoint || !showedOurs(known, ours)) return {};
  const fingerprint = fingerprintOf(canonicalText(ours.value));
  return { fight: { fingerprint, count: 1, reverted: true } };
}

/** Whether what stood there was our value, in whatever spelling. */
function showedOurs({ base, synced }: LinkCell, ours: Cell): boolean {
  return synced !== null && (same(base, ours.value) || compareStamps(synced, ours.stamp) === 0);
}

/** Reported once per link and cell; a person's decision ends it. */
export function isFought(draft: Draft, site: Site, cell: string, ours: Cell): boolean {
  const open = draft
    .conflictsOf(cell)
    .some((row) => row.kind === 'oscillation' && row.losing?.origin === site.endpoint);
  if (open) return true;
  const fight = site.cells[cell]?.fight;
  if (!fight?.reverted || fight.count < WRITES_IN_A_FIGHT_MAX) return false;
  if (fight.fingerprint !== fingerprintOf(canonicalText(ours.value))) return false;
  const losing = { origin: site.endpoint, value: ours.value, stamp: BEFORE_ALL };
  draft.report(lostEdit(cell, 'oscillation', losing, 'open'));
  return true;
}
