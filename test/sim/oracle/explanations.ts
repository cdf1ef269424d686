/** What a person can see in the store about a record: whatever differs has to be explained by it. */
import type { EntityId, Link } from '../../../runtime/core/planner/model.ts';
import type { Item } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { RecordRow, Rows } from '../../../runtime/store/memory/rows.ts';
import { nameOfRef } from '../../../runtime/store/work-key.ts';
import type { CollectionName } from '../scenario.ts';
import type { Rest } from './rest.ts';
import { syncId } from '../setting.ts';
import type { System } from '../system.ts';

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
export function couldBeTwo({ people, forgotten }: Rest, code: string): boolean {
  return people.couldBeTwo(code) || (forgotten.length > 0 && people.handedOn.has(code));
}
