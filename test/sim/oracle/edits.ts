/**
 * No edit is lost: it is the value, or stands somewhere, or was typed over by somebody who saw it, or
 * is in a row that people can see.
 */
import type { Change } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { Rows } from '../../../runtime/store/memory/rows.ts';
import { marksIn, type Edit } from '../ledger.ts';
import type { Judgement, Rest } from './rest.ts';
import { codeOf, COLLECTIONS, type System } from '../system.ts';
import { sentAt, UNDER_WAY_MS } from './underway.ts';

export function lostEdits(rest: Rest): Judgement {
  const tenants = [...rest.scenario.tenants.keys()];
  const kept = tenants.map((tenant) => onRecord(rest.rowsOf(tenant)));
  const shown = rest.systems.flatMap((system) =>
    COLLECTIONS.flatMap((collection) =>
      rest
        .handsOf(system)
        .items(collection)
        .map(({ fields }) => fields),
    ),
  );
  let exposed = 0;
  const violations = rest.ledger.missing([kept, shown]).flatMap((edit) => {
    if (isUnread(rest, edit)) return [];
    if (isExposed(rest, edit)) {
      exposed += 1;
      return [];
    }
    const at = new Date(edit.at).toISOString().slice(11, 19);
    return [
      `${edit.mark}, typed into ${edit.field} of ${edit.code} at ${edit.system} at ${at}, is nowhere any more`,
    ];
  });
  return { violations, exposed };
}

function onRecord({ records, deadLetters }: Rows): unknown {
  return [
    [...records.values()].map(({ entity, links, conflicts, tombstones }) => [
      entity.cells,
      [...links.values()].filter(({ state }) => state === 'live'),
      [...conflicts.values()].filter(({ state }) => state !== 'superseded'),
      [...tombstones.values()].map(({ snapshot }) => snapshot),
    ]),
    [...deadLetters.values()].filter(({ state }) => state === 'open'),
  ];
}

/** Where a field is not read, nobody promises to keep what is typed there. */
function isUnread({ scenario }: Rest, { tenant, system, field, collection }: Edit): boolean {
  const { directions } = scenario.tenants[tenant]!.policy;
  const ways: Readonly<Record<string, string>> =
    Object.entries(directions).find(([name]) => name === field)?.[1] ?? {};
  return collection === 'people' && ways[system.replace(/-\d+$/, '')] === 'off';
}

/** Overwritten by a write that was sent when nobody could know of the edit, in a system without a guard. */
export function isExposed(rest: Rest, edit: Edit): boolean {
  const taken = rest.systems
    .filter(({ tenant }) => tenant === edit.tenant)
    .flatMap((system) => {
      const { log } = rest.handsOf(system);
      return log
        .filter((change) => change.via === 'api' && takesAway(change, edit.mark))
        .map((change) => ({ system, change, put: putOf(log, change, edit.mark) }));
    })
    .toSorted((a, b) => b.change.at - a.change.at);
  // Our own copies follow, and so does what people had typed over elsewhere; it was lost where they had put it.
  const placed = taken.filter(({ put }) => put?.via !== 'api');
  const last = placed.find((one) => !followsPeople(rest, one, edit.mark)) ?? placed[0] ?? taken[0];
  if (!last) return false;
  // What lost somewhere was on record, and the record is as old as our backup, whenever it landed.
  const isForgotten = taken.some(({ system, change }) => {
    const sent = sentAt(rest, system, change) - UNDER_WAY_MS;
    return rest.forgotten.some(({ from, to }) => from <= change.at && sent <= to);
  });
  if (isForgotten) return true;
  const { account, nature } = last.system;
  if (nature.isGuarded) return false;
  // Of what was moved by hand to another record, what was read and stored before it was moved says nothing.
  const movedAt = codeOf(last.change.before) === edit.code ? undefined : movedBy(last.put);
  if (movedAt === undefined && rest.witness.stored.has(edit.mark)) return false;
  const shownAt = movedAt === undefined ? undefined : movedAt + nature.readLagMs;
  const readAt = shownAt ?? rest.witness.read.get(`${account} ${edit.mark}`) ?? Infinity;
  const wasSlow = rest.struck.some(
    ({ fault, call, at }) =>
      (fault === 'late' || fault === 'slow') && call?.account === account && at <= last.change.at,
  );
  return wasSlow || readAt > last.change.at - UNDER_WAY_MS;
}

/** Somebody had taken the mark away from the same record in another system, and this did it here. */
function followsPeople(
  rest: Rest,
  { system, change }: { readonly system: System; readonly change: Change },
  mark: string,
): boolean {
  const { at, collection, before } = change;
  return rest.systems.some((other) => {
    if (other === system || other.tenant !== system.tenant) return false;
    return rest.handsOf(other).log.some((deed) => {
      const isOfPeople = deed.via !== 'api' && deed.at <= at && deed.collection === collection;
      return isOfPeople && takesAway(deed, mark) && codeOf(deed.before) === codeOf(before);
    });
  });
}

/** When somebody put it there who is not us. */
function movedBy(put: Change | undefined): number | undefined {
  return put === undefined || put.via === 'api' ? undefined : put.at;
}

/** How the mark that a change took away had come there. */
function putOf(log: readonly Change[], change: Change, mark: string): Change | undefined {
  return log.slice(0, log.indexOf(change)).findLast(({ id, collection, before, after }) => {
    const isHere = id === change.id && collection === change.collection;
    return isHere && marksIn(after?.fields).has(mark) && !marksIn(before?.fields).has(mark);
  });
}

function takesAway({ kind, before, after }: Change, mark: string): boolean {
  const isGone = kind === 'deleted' || !marksIn(after?.fields).has(mark);
  return marksIn(before?.fields).has(mark) && isGone;
}
