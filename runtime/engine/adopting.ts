/**
 * Items of our own making: the outcome of a create whose answer was lost is adopted, what was merged away
 * before anybody knew of it is given up, and one that is one too many is known for what it is.
 */
import type { Item } from '../connectors/connector.ts';
import type { EntityId, Link, Present } from '../core/planner/model.ts';
import { cellsOf, wholeValues } from '../core/planner/parts.ts';
import { settle } from '../core/planner/settle.ts';
import { BEFORE_ALL } from '../core/planner/stamp.ts';
import type { Values } from '../core/value.ts';
import type { Ref, StoredIntent } from '../store/store.ts';
import { askAbout, replaceIntent, replaceLink, takeIdBack, type Case } from './case.ts';
import { newLinkId, type Context } from './context.ts';
import { isUntouched } from './identifying.ts';
import type { Member } from './member.ts';
import { observeItems } from './reading.ts';
import type { SeenItem } from './recent.ts';

interface OwnItem {
  readonly member: Member;
  readonly seen: SeenItem;
  readonly present: Present;
  readonly ref: Ref;
}

/** The item is the outcome of our create, whose answer was lost. */
export async function adopt(
  context: Context,
  one: Case,
  intent: StoredIntent,
  member: Member,
  seen: SeenItem,
): Promise<void> {
  const { sync, world } = context;
  const write = { ...intent, op: 'create' } as const;
  const answer = { linkId: newLinkId(world), remoteId: seen.item.id };
  const link = bornWith(seen.item, settle(undefined, write, answer, sync.policy.fields));
  takeIdBack(one, link);
  replaceLink(one, link);
  replaceIntent(one, {
    ...intent,
    link: link.id,
    state: 'applied',
    sentAt: intent.sentAt ?? intent.armedAt,
  });
  context.run.count('adopted');
  one.told.push({
    outcome: 'adopted',
    entity: one.entity.id,
    endpoint: member.endpoint,
    detail: { remoteId: seen.item.id },
  });
  await observeItems(context, member, [{ one, link, seen }]);
}

/** A create may land long after we gave up on its answer, and the item is ours all the same. */
function bornWith({ createdAt }: Item, link: Link): Link {
  return createdAt === undefined ? link : { ...link, createdAt };
}

/**
 * Another record has the item with our marker. When that item is older than our create, the vendor merged
 * ours into it: a person decides whether the records are one, or the policy does. Otherwise it is a copy,
 * and ours is gone. Nothing is created under that marker again, or the other record would be written over.
 * `isGuess`: there was no marker, the item only looks like ours; then it is always a person who decides.
 */
export function giveUpCreated(
  { sync, world, run }: Context,
  one: Case,
  intent: StoredIntent,
  { endpoint, facts }: Member,
  {
    item,
    holder,
    isGuess = false,
  }: { readonly item: Item; readonly holder: EntityId; readonly isGuess?: boolean },
): void {
  const { clockOffsetMs, clockUncertaintyMs } = facts;
  const bornAt = item.createdAt === undefined ? Infinity : item.createdAt - clockOffsetMs;
  const isMerged = isGuess || bornAt + clockUncertaintyMs < intent.armedAt;
  const link: Link = {
    id: newLinkId(world),
    endpoint,
    remoteId: `${item.id} (${intent.id})`,
    state: isMerged ? 'mergedAway' : 'gone',
    generation: intent.generation,
    cells: {},
  };
  replaceLink(one, link);
  replaceIntent(one, { ...intent, link: link.id, state: 'applied', observed: true });
  if (isGuess || (isMerged && sync.settings.onRemoteMerge === 'ask')) {
    askAbout(sync.id, one, link, 'remote-merge', [holder]);
  }
  run.count('created and merged away');
}

/** What was typed into it since we made it is an edit; nothing else speaks against its going. */
export function surplusLink(context: Context, one: Case, own: OwnItem, generation: number): Link {
  const { member, seen, ref } = own;
  const policies = context.sync.policy.fields;
  const fields = madeWith(context, one, own);
  const cells = policies.flatMap((field) => {
    const value = fields[field.name];
    return value === undefined ? [] : [...cellsOf(field, value).keys()];
  });
  const write = {
    endpoint: member.endpoint,
    op: 'create',
    patch: fields,
    before: {},
    stamps: Object.fromEntries(cells.map((cell) => [cell, BEFORE_ALL])),
    generation,
    reason: 'missing-there',
  } as const;
  const answer = { linkId: newLinkId(context.world), remoteId: ref.remoteId, fields };
  const link = bornWith(seen.item, settle(undefined, write, answer, policies));
  return { ...link, state: one.entity.life === 'dead' ? 'live' : 'duplicate' };
}

/**
 * What an item of our own says when nobody has touched it. Otherwise, with nothing left of what was sent,
 * whatever it says that our copy does not say was typed.
 */
function madeWith(
  { sync }: Context,
  { entity }: Case,
  { member, seen, present: { fields } }: OwnItem,
): Values {
  if (isUntouched(seen.item)) return fields;
  const ours = Object.entries(wholeValues(sync.policy.fields, entity.cells));
  return Object.fromEntries(
    ours.map(([name, value]) => {
      const { [name]: read = value } = fields;
      return [name, read === null || member.facts.explains(name, value, read) ? read : value];
    }),
  );
}
