/** What a person can see in the store about a record: whatever differs has to be explained by it. */
import type { EntityId, Link } from '../../../runtime/core/planner/model.ts';
import type { Change, Item } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { RecordRow, Rows } from '../../../runtime/store/memory/rows.ts';
import { nameOfRef } from '../../../runtime/store/work-key.ts';
import { marksIn } from '../ledger.ts';
import type { CollectionName } from '../scenario.ts';
import type { Rest } from './rest.ts';
import { syncId } from '../setting.ts';
import { codeOf, type System } from '../system.ts';

/** An item where it truly is. */
export interface Place {
  readonly system: System;
  readonly collection: CollectionName;
  readonly item: Item;
}

export interface Known {
  readonly record?: RecordRow;
  readonly link?: Link;
  /** A person is asked about this item or its record, or its work was given up. */
  readonly isAsked: boolean;
}

export function knownOf(rows: Rows, { system, collection, item }: Place): Known {
  const sync = syncId(system.tenant, collection);
  const ref = { sync, endpoint: system.endpoint, remoteId: item.id };
  const owner = rows.refs.get(nameOfRef(ref));
  const record = owner && rows.records.get(owner.entity);
  const link = owner && record?.links.get(owner.link);
  const isAsked =
    hasLetter(rows, `item/${system.endpoint}/${item.id}`) ||
    [...rows.reviews.values()].some(
      (review) => review.state !== 'closed' && nameOfRef(review) === nameOfRef(ref),
    ) ||
    (record !== undefined && isAskedAbout(rows, record.entity.id));
  return { ...(record ? { record } : {}), ...(link ? { link } : {}), isAsked };
}

/** A person is asked about the record as a whole, or its work was given up. */
function isAskedAbout(rows: Rows, entity: EntityId): boolean {
  const isWhole = [...(rows.records.get(entity)?.conflicts.values() ?? [])].some(
    ({ state, cell }) => state === 'open' && cell === '*',
  );
  return (
    isWhole ||
    hasLetter(rows, `entity/${entity}`) ||
    [...rows.reviews.values()].some(
      (review) =>
        review.state !== 'closed' &&
        (review.entity === entity || review.candidates.includes(entity)),
    )
  );
}

/** A person is asked about the field, or it is held where it stands. */
export function isFieldExplained({ record, link }: Known, field: string): boolean {
  const isOf = (cell: string): boolean => cell === field || cell.startsWith(`${field}#`);
  const isOpen = [...(record?.conflicts.values() ?? [])].some(
    ({ state, cell }) => state === 'open' && isOf(cell),
  );
  const cells = Object.entries(link?.cells ?? {}).filter(([cell]) => isOf(cell));
  const isHeld = cells.some(
    ([, { fight, refused }]) => fight !== undefined || refused !== undefined,
  );
  return isOpen || isHeld;
}

/**
 * Nothing is emptied where it was never in agreement. `isRestricted`: some system's word does not count
 * in this field, so what stands there may never have been ours.
 */
export function isKeptThough(
  { record, link }: Known,
  field: string,
  isRestricted: boolean,
): boolean {
  const isOf = (cell: string): boolean => cell === field || cell.startsWith(`${field}#`);
  const ours = Object.entries(record?.entity.cells ?? {}).filter(([cell]) => isOf(cell));
  const cells = Object.entries(link?.cells ?? {}).filter(([cell]) => isOf(cell));
  const isKnown = cells.some(([, { base }]) => base !== null);
  return (
    (isKnown || isRestricted) &&
    ours.every(([, { value }]) => value === null) &&
    cells.every(([, { synced }]) => synced === null)
  );
}

function hasLetter(rows: Rows, name: string): boolean {
  return [...rows.deadLetters].some(([key, { state }]) => state === 'open' && key.endsWith(name));
}

/**
 * Nothing leads back to the person for sure. Whose an item is that we made, our own database may have
 * forgotten; an address that was handed on by hand then leads to somebody else.
 */
export function couldBeTwo(rest: Rest, code: string): boolean {
  const { people, forgotten } = rest;
  const isForgotten = forgotten.length > 0 && people.handedOn.has(code);
  return people.couldBeTwo(code) || isForgotten || isLostInMerge(rest, code);
}

/**
 * A vendor that says nothing of merges gave the item a new id, and all that we were shown of it there is an
 * address that we did not know before. Where we had made none of what was merged, only its other values tell.
 */
function isLostInMerge(rest: Rest, code: string): boolean {
  const { systems, witness } = rest;
  return systems.some((system) => {
    const { tellsMerges, mergeGivesNewId } = system.nature;
    if (tellsMerges || !mergeGivesNewId) return false;
    const { log } = rest.handsOf(system);
    const merged = new Set(
      log.flatMap(({ collection, into }) => (collection === PEOPLE ? into : [])),
    );
    const births = log.filter((change) => isBirth(change, code) && merged.has(change.id));
    const others = systems.filter((other) => other.tenant === system.tenant && other !== system);
    const ours = others.flatMap((other) => rest.handsOf(other).log.filter(isOurs));
    return births.some(({ at, after }) => {
      const isNews = (mark: string): boolean => (witness.stored.get(mark) ?? Infinity) > at;
      return (
        after?.marker === undefined &&
        ours.some((made) => made.at > at && [...marksIn(made.after?.fields.email)].every(isNews))
      );
    });
  });

  function isOurs(change: Change): boolean {
    return change.via === 'api' && isBirth(change, code);
  }
}

const PEOPLE = 'people';

function isBirth({ kind, collection, after }: Change, code: string): boolean {
  return kind === 'created' && collection === PEOPLE && codeOf(after) === code;
}
