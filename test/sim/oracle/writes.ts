/**
 * Every write through the API has a cause: no value that nobody typed, none of another record, field or
 * tenant, nothing emptied that nobody emptied, nothing deleted that nobody deleted.
 */
import type { Change } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { marksIn } from '../ledger.ts';
import { isExposed } from './edits.ts';
import { couldBeTwo } from './explanations.ts';
import { isLostWithoutTrace } from './lost.ts';
import type { Rest } from './rest.ts';
import { codeOf, PATHS, STATUSES, type System } from '../system.ts';
import { sentAt, UNDER_WAY_MS } from './underway.ts';

export function unexplainedWrites(rest: Rest): string[] {
  return rest.systems.flatMap((system) =>
    rest.handsOf(system).log.flatMap((change) => {
      if (change.via !== 'api') return [];
      const problems =
        change.kind === 'deleted'
          ? deletion(rest, system, change)
          : [...creation(rest, system, change), ...values(rest, system, change)];
      return problems.map((problem) => `${problem} at ${system.account}`);
    }),
  );
}

function deletion(rest: Rest, system: System, { at, before, collection }: Change): string[] {
  const code = codeOf(before);
  const twins = rest
    .handsOf(system)
    .items(collection)
    .filter(({ fields }) => fields.code === code);
  const isMeant = [...rest.people.deleted].some((one) => rest.people.areRelated(one, code));
  if (isMeant || twins.length > 0 || isLostWithoutTrace(rest, system, code, at)) return [];
  return [`${code} was deleted by us, though nobody had deleted it`];
}

/** Nobody is created where the same person has been for long enough to be found. */
function creation(
  rest: Rest,
  system: System,
  { kind, at, id, collection, after }: Change,
): string[] {
  const code = codeOf(after);
  // What nobody shows us, nobody can find.
  if (kind !== 'created' || couldBeTwo(rest, code) || rest.hidden.has(code)) return [];
  const { readLagMs, searchLagMs, changesLagMs } = system.nature;
  const askedAt = askedBefore(rest, `${system.account}/${collection}/${code}`, at);
  const since = askedAt - Math.max(readLagMs, searchLagMs, changesLagMs) - FOUND_MS;
  const isThere = new Map<string, boolean>();
  for (const change of rest.handsOf(system).log) {
    if (change.at > at || change.collection !== collection) continue;
    const isLive = change.kind === 'created' || change.kind === 'restored';
    if (change.at < since && isLive && codeOf(change.after) === code) isThere.set(change.id, true);
    if (change.kind === 'deleted' || change.kind === 'merged') isThere.delete(change.id);
  }
  isThere.delete(id);
  return isThere.size > 0
    ? [`${code} was created by us, though it was there as ${[...isThere.keys()].join()},`]
    : [];
}

/** What was looked up may be so old when the create that it led to is asked for. */
const FOUND_MS = 60_000;

/** A create without an answer may land much later, whoever has come there meanwhile. */
function askedBefore({ witness }: Rest, name: string, landedAt: number): number {
  return witness.asked.get(name)?.findLast((at) => at <= landedAt) ?? landedAt;
}

function values(rest: Rest, system: System, change: Change): string[] {
  const { tenant, account } = system;
  const { before, after } = change;
  const code = codeOf(after);
  return Object.entries(after?.fields ?? {}).flatMap(([path, whole]) => {
    const value = isEmpty(whole) ? null : whole;
    const former = before?.fields[path] ?? null;
    if (JSON.stringify(value) === JSON.stringify(former)) return [];
    if (value === null && isEmpty(former)) return [];
    if (value === null) {
      return wasEmptied(rest, tenant, path, code) ||
        ledNowhere(rest, system, change, path) ||
        wasTypedMeanwhile(rest, former) ||
        wasPutUnderWay(rest, system, change, path)
        ? []
        : [`${path} of ${code} was emptied by us, though nobody had emptied it,`];
    }
    if (path === 'status' && !STATUSES.some((status) => status === value)) {
      return [`${path} of ${code} became ${JSON.stringify(value)}, which nobody chose,`];
    }
    if (!MARKED.has(path)) return [];
    const fresh = [...marksIn(value)].filter((mark) => !marksIn(former).has(mark));
    if (marksIn(value).size === 0) {
      return [`${path} of ${code} became ${JSON.stringify(value)}, which nobody typed,`];
    }
    return fresh.flatMap((mark) => {
      const edit = rest.ledger.edit(mark);
      const isRight =
        edit?.tenant === tenant &&
        edit.field === path &&
        edit.collection === change.collection &&
        (rest.people.areRelated(edit.code, code) ||
          wasPutBeside(rest, tenant, mark, code) ||
          wasSentToFormer(rest, system, change, edit.code));
      const origin = edit && `${edit.field} of ${edit.code} at ${edit.system}`;
      return isRight
        ? []
        : [`${path} of ${code} became ${mark} (${account}), typed into ${origin},`];
    });
  });
}

/** Fields in which people type marks. */
const MARKED: ReadonlySet<string> = new Set(['name', 'email', 'phone', 'tags', 'address']);

/** The vendor filled it in, when it merged the item that it was typed into with one of such a person. */
function wasPutBeside(rest: Rest, tenant: number, mark: string, code: string): boolean {
  return rest.systems.some(
    (system) =>
      system.tenant === tenant &&
      rest
        .handsOf(system)
        .log.some(
          ({ via, after }) =>
            via !== 'api' &&
            after !== undefined &&
            rest.people.areRelated(codeOf(after), code) &&
            marksIn(after.fields).has(mark),
        ),
  );
}

/** It was sent when the id was still that of the item it was meant for, and took its time. */
function wasSentToFormer(rest: Rest, system: System, change: Change, code: string): boolean {
  const { at, id, collection } = change;
  return rest.handsOf(system).log.some((lost) => {
    const isFormer = lost.via === 'backup' && lost.kind === 'deleted' && lost.at < at;
    if (!isFormer || lost.id !== id || lost.collection !== collection) return false;
    const isMeant = rest.people.areRelated(codeOf(lost.before), code);
    return isMeant && sentAt(rest, system, change) <= lost.at;
  });
}

/** Some vendors do not show what leads to somebody who was deleted, or whom they do not show us. */
function ledNowhere(rest: Rest, system: System, { at, before }: Change, path: string): boolean {
  const former = before?.fields[path];
  if (path !== PATHS.company || typeof former !== 'string') return false;
  const hands = rest.handsOf(system);
  const target = hands.item('companies', former);
  const last = hands.log.findLast((change) => {
    return change.at <= at && change.id === former && change.collection === 'companies';
  });
  const wasGone = last?.kind === 'deleted' || last?.kind === 'merged';
  return wasGone || !target || target.archived === true || rest.hidden.has(codeOf(target));
}

/** Where only whole items are taken, and no write is guarded, what was typed a moment before goes with the rest. */
function wasTypedMeanwhile(rest: Rest, former: unknown): boolean {
  const edits = [...marksIn(former)].map((mark) => rest.ledger.edit(mark));
  return edits.length > 0 && edits.every((edit) => edit !== undefined && isExposed(rest, edit));
}

/** The write was on its way already when somebody else put there what it took along, and nothing stops it there. */
function wasPutUnderWay(rest: Rest, system: System, change: Change, path: string): boolean {
  if (system.nature.isGuarded) return false;
  const { log } = rest.handsOf(system);
  const put = log.slice(0, log.indexOf(change)).findLast(({ id, collection, before, after }) => {
    const isHere = id === change.id && collection === change.collection;
    return isHere && JSON.stringify(before?.fields[path]) !== JSON.stringify(after?.fields[path]);
  });
  const sent = sentAt(rest, system, change) - UNDER_WAY_MS;
  return put !== undefined && put.via !== 'api' && put.at >= sent;
}

/** Somebody emptied the field of such a record by hand, or took a value away that it had, somewhere. */
function wasEmptied(rest: Rest, tenant: number, path: string, code: string): boolean {
  return rest.systems.some((system) => {
    const { log } = rest.handsOf(system);
    return (
      system.tenant === tenant &&
      log.some((change) => {
        const { kind, via, after } = change;
        const before = change.before ?? formerOf(log, change);
        return (
          via !== 'api' &&
          kind !== 'merged' &&
          sizeOf(after?.fields[path]) < sizeOf(before?.fields[path]) &&
          rest.people.areRelated(codeOf(before), code)
        );
      })
    );
  });
}

/** What an item was when it was last there, before a backup brought it back. */
function formerOf(log: readonly Change[], change: Change): Change['before'] {
  const { via, collection, id } = change;
  if (via !== 'backup') return undefined;
  return log
    .slice(0, log.indexOf(change))
    .findLast((other) => other.collection === collection && other.id === id && other.after)?.after;
}

/** A set can be emptied together, by people each of whom took something out of it. */
function sizeOf(value: unknown): number {
  if (isEmpty(value)) return 0;
  return Array.isArray(value) ? value.length : 1;
}

/** An object that has nothing in it is as good as none. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.values(value).every((part) => part === null);
}
