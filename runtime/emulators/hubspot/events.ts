/** What of a change is an event, and for whom. Ids are numbers here, and texts everywhere else. */
import type { Change, Item } from '../crm/model.ts';
import type { Account } from './account.ts';
import { objectNamed, type ObjectType } from './objects.ts';
import { isProperty } from './properties.ts';
import { idsIn } from './references.ts';
import { sourceOf } from './sources.ts';
import type { Subscription } from './app-settings.ts';
import { said } from './values.ts';

/** Without what a delivery adds: ids of the event, of the subscription, and which attempt it is. */
export interface Event {
  readonly event: string;
  readonly object: ObjectType;
  readonly propertyName?: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** All that happened at once. What HubSpot does to an archived record in the end is not told. */
export function eventsOf(account: Account, changes: readonly Change[]): readonly Event[] {
  return [
    ...mergesIn(account, changes),
    ...changes.flatMap((change) => {
      const object = objectNamed(change.collection);
      const isMerge = change.kind === 'merged' || changes.some(({ into }) => into === change.id);
      if (object === undefined || isMerge) return [];
      const told = (event: string, facts: object): Event => ({
        event,
        object,
        facts: { objectId: Number(change.id), ...facts, ...origin(account, change) },
      });
      switch (change.kind) {
        case 'created':
          return [told('creation', { changeFlag: 'CREATED' }), ...changed(account, object, change)];
        case 'deleted':
          return [told('deletion', { changeFlag: 'DELETED' })];
        case 'restored':
          return [told('restore', { changeFlag: 'RESTORED' })];
        case 'destroyed':
          if (change.via === 'vendor') return [];
          return [told('deletion', { changeFlag: 'DELETED' }), told('privacyDeletion', {})];
        case 'updated':
          return changed(account, object, change);
      }
    }),
  ];
}

export function isFor(subscription: Subscription, { event, object, propertyName }: Event): boolean {
  const { active, eventType, objectTypeId } = subscription;
  if (!active) return false;
  const [kind, name] = eventType.split('.');
  const isKind = kind === 'object' ? objectTypeId === object.typeId : kind === object.singular;
  const isWanted = event !== 'propertyChange' || subscription.propertyName === propertyName;
  return isKind && name === event && isWanted;
}

function origin(account: Account, { by, via }: Change): object {
  const { changeSource, sourceId } = sourceOf(account, { by, via, field: undefined });
  return { changeSource, sourceId };
}

function changed(account: Account, object: ObjectType, change: Change): readonly Event[] {
  const { schema } = account.collections.get(change.collection)!;
  const events: Event[] = [];
  for (const field of schema.fields) {
    const [before, after] = [valueIn(change.before, field.path), valueIn(change.after, field.path)];
    if (before === after || JSON.stringify(before) === JSON.stringify(after)) continue;
    if (!isProperty(field)) {
      events.push(...associations(account, object, change, field.path));
      continue;
    }
    const { changeSource, sourceId } = sourceOf(account, { ...change, field });
    events.push({
      event: 'propertyChange',
      object,
      propertyName: field.path,
      facts: {
        objectId: Number(change.id),
        propertyName: field.path,
        propertyValue: said(field, after) ?? '',
        changeSource,
        sourceId,
      },
    });
  }
  return events;
}

function valueIn(item: Item | undefined, path: string) {
  return item?.fields[path] ?? null;
}

/** Told from both ends. */
function associations(
  account: Account,
  object: ObjectType,
  change: Change,
  path: string,
): readonly Event[] {
  const type = account.types.find((one) => one.from === object.name && one.path === path);
  if (type === undefined) return [];
  const other = objectNamed(type.to)!;
  const [had, has] = [idsIn(valueIn(change.before, path)), idsIn(valueIn(change.after, path))];
  const facts = (
    from: string,
    to: string,
    ends: readonly [ObjectType, ObjectType],
    gone: boolean,
  ) => ({
    objectId: undefined,
    associationType: ends.map(({ singular }) => singular.toUpperCase()).join('_TO_'),
    fromObjectId: Number(from),
    toObjectId: Number(to),
    associationRemoved: gone,
    isPrimaryAssociation: type.kind === 'primary',
    ...origin(account, change),
  });
  const both = (id: string, gone: boolean): Event[] => [
    { event: 'associationChange', object, facts: facts(change.id, id, [object, other], gone) },
    {
      event: 'associationChange',
      object: other,
      facts: facts(id, change.id, [other, object], gone),
    },
  ];
  return [
    ...has.filter((id) => !had.includes(id)).flatMap((id) => both(id, false)),
    ...had.filter((id) => !has.includes(id)).flatMap((id) => both(id, true)),
  ];
}

/** One event for three changes: the loser and the winner go, and what is left is there. */
function mergesIn(account: Account, changes: readonly Change[]): readonly Event[] {
  const merged = changes.filter(({ kind }) => kind === 'merged');
  return [...new Set(merged.map(({ into }) => into!))].map((into): Event => {
    const [loser, winner] = merged.filter((one) => one.into === into) as [Change, Change];
    const left = changes.find(({ id, kind }) => id === into && kind === 'created');
    const moved = Object.entries(left?.after?.fields ?? {}).filter(
      ([path, value]) =>
        valueIn(winner.before, path) === null &&
        value === valueIn(loser.before, path) &&
        value !== null,
    );
    return {
      event: 'merge',
      object: objectNamed(loser.collection)!,
      facts: {
        objectId: Number(into),
        primaryObjectId: Number(winner.id),
        mergedObjectIds: [Number(loser.id)],
        newObjectId: Number(into),
        numberOfPropertiesMoved: moved.length,
        ...origin(account, loser),
      },
    };
  });
}
