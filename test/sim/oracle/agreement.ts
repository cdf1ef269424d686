/**
 * All systems agree: each person is once in each of them, with the same values, or is in none. Whatever
 * is otherwise, a person is asked about it or can see why.
 */
import type { Link } from '../../../runtime/core/planner/model.ts';
import { BRAKE_PREFIX } from '../../../runtime/engine/case.ts';
import type { Item } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { nameOfRef } from '../../../runtime/store/work-key.ts';
import { marksIn } from '../ledger.ts';
import { isLostWithoutTrace } from './lost.ts';
import type { Rest } from './rest.ts';
import type { CollectionName, FieldName } from '../scenario.ts';
import { syncId } from '../setting.ts';
import { codeOf, COLLECTIONS, PATHS, type System } from '../system.ts';
import {
  couldBeTwo,
  isFieldExplained,
  isKeptThough,
  knownOf,
  type Known,
  type Place,
} from './explanations.ts';

export function disagreements(rest: Rest): string[] {
  return [...rest.scenario.tenants.keys()].flatMap((tenant) =>
    COLLECTIONS.flatMap((collection) => {
      const systems = rest.systems.filter((system) => system.tenant === tenant);
      const places = systems.flatMap((system): Place[] =>
        rest
          .handsOf(system)
          .items(collection)
          .map((item) => ({ system, collection, item })),
      );
      const byCode = Map.groupBy(places, ({ item }) => codeOf(item));
      return [...byCode].flatMap(([code, its]) => [
        ...presence(rest, systems, code, its),
        ...values(rest, code, its),
      ]);
    }),
  );
}

/** Once in each system. */
function presence(
  rest: Rest,
  systems: readonly System[],
  code: string,
  its: readonly Place[],
): string[] {
  const rows = rest.rowsOf(systems[0]!.tenant);
  const { policy } = rest.scenario.tenants[systems[0]!.tenant]!;
  const known = its.map((place) => ({ place, ...knownOf(rows, place) }));
  const isAsked = known.some((one) => one.isAsked);
  const problems: string[] = [];
  for (const { place, record, link, isAsked: asked } of known) {
    const name = `${code} at ${place.system.account}`;
    const isIgnored =
      (policy.onTombstoneMatch === 'ignore' &&
        (isDeletedRelative(rest, code) || isTakenForDeleted(rest, place, code))) ||
      rest.people.decided.has(code);
    if (!record && !asked && !isIgnored)
      problems.push(`${name} belongs to no record, and nobody is asked why`);
    const former = record?.entity.cells['code']?.value;
    const isOfAnother = typeof former === 'string' && former !== code;
    if (isOfAnother && link && isFormer(link, place.item) && !asked && !isIgnored)
      problems.push(`${name} has the id that ${former} had, and nobody has noticed it`);
    const isDead = record?.entity.life === 'dead' && link?.state === 'live';
    if (isDead && !asked) problems.push(`${name} is still there, though the record is dead`);
  }
  for (const system of systems) {
    const here = known.filter(({ place }) => place.system === system);
    if (here.length > 1 && !here.some((one) => one.isAsked) && !couldBeTwo(rest, code)) {
      const ids = here.map(({ place }) => place.item.id).join(' and ');
      problems.push(
        `${code} is ${here.length} times at ${system.account} (${ids}), and nobody is asked why`,
      );
    }
    const isAskedHere = isAsked || isRelativeAskedAbout(rest, system, its[0]!.collection, code);
    const isCounted = isMissedWithMany(rest, known, system);
    if (here.length === 0 && !isAskedHere && !isCounted && !isApart(known, system)) {
      problems.push(`${code} is missing at ${system.account}, and nobody is asked why`);
    }
  }
  return problems;
}

/** Somebody who had the same address was deleted, or the person was. */
function isDeletedRelative({ people }: Rest, code: string): boolean {
  return [...people.deleted].some((one) => people.areRelated(one, code));
}

/** It is not the item that was linked, which is gone. */
function isFormer({ state, createdAt }: Link, item: Item): boolean {
  return state === 'gone' && createdAt !== undefined && createdAt !== Date.parse(item.createdAt);
}

/** A system had lost the person when they were entered anew, and that could not be told from a deletion. */
function isTakenForDeleted(rest: Rest, { system, collection, item }: Place, code: string): boolean {
  const { records } = rest.rowsOf(system.tenant);
  const isDead = [...records.values()].some(({ entity: { life, cells } }) => {
    const former = cells['code']?.value;
    return life === 'dead' && typeof former === 'string' && rest.people.areRelated(former, code);
  });
  const birth = rest.handsOf(system).log.findLast((change) => {
    return change.kind === 'created' && change.collection === collection && change.id === item.id;
  });
  return isDead && birth !== undefined && isLostWithoutTrace(rest, system, code, birth.at);
}

/** Somebody there has or had the same address, and until that is clear nobody is created. */
function isRelativeAskedAbout(
  rest: Rest,
  system: System,
  collection: CollectionName,
  code: string,
): boolean {
  const rows = rest.rowsOf(system.tenant);
  return rest
    .handsOf(system)
    .items(collection)
    .some(
      (item) =>
        rest.people.areRelated(codeOf(item), code) &&
        knownOf(rows, { system, collection, item }).isAsked,
    );
}

/** So much is missing there that a person is asked about all of it at once. */
function isMissedWithMany(
  rest: Rest,
  known: readonly Known[],
  { tenant, endpoint }: System,
): boolean {
  const isAsked = [...rest.rowsOf(tenant).reviews.values()].some(
    (review) =>
      review.state === 'open' &&
      review.endpoint === endpoint &&
      review.remoteId === `${BRAKE_PREFIX}missing`,
  );
  const links = known.flatMap(({ record }) => [...(record?.links.values() ?? [])]);
  return (
    isAsked && links.some((one) => one.endpoint === endpoint && one.missingSince !== undefined)
  );
}

/** The record is kept out of this system on purpose, or takes no part anywhere. */
function isApart(known: readonly Known[], { endpoint }: System): boolean {
  const linked = known.filter(({ link }) => link?.state === 'live');
  if (linked.length === 0) return true;
  const links = linked.flatMap(({ record }) => [...record!.links.values()]);
  return links.some((link) => link.endpoint === endpoint && link.state === 'unlinked');
}

/** The same values in all systems that are written to. */
function values(rest: Rest, code: string, its: readonly Place[]): string[] {
  const [first] = its;
  const fields =
    first?.collection === 'people' ? (Object.keys(PATHS) as FieldName[]) : (['name'] as const);
  const rows = rest.rowsOf(first!.system.tenant);
  const known = its
    .map((place) => ({ place, ...knownOf(rows, place) }))
    .filter(({ record, link }) => link?.state === 'live' && record?.entity.life === 'live');
  return fields.flatMap((field) => {
    const shown = known.filter(({ place }) => isWritten(rest, place, field));
    const [one, ...others] = shown;
    if (!one || shown.some((each) => isFieldExplained(each, field))) return [];
    const { directions } = rest.scenario.tenants[first!.system.tenant]!.policy;
    const isRestricted = directions[field] !== undefined;
    if (shown.some((each) => isKeptThough(each, field, isRestricted))) return [];
    if (known.some(({ isAsked }) => isAsked)) return [];
    if (field === 'company' && isTargetApart(rest, shown)) return [];
    return others.flatMap((other) => {
      const isSameRecord = other.record!.entity.id === one.record!.entity.id;
      const [left, right] = [one, other].map(({ place }) => comparable(rest, place, field));
      // What points to something that is gone is left alone.
      if (!isSameRecord || left === right || left === GONE || right === GONE) return [];
      const texts = [one, other].map(
        ({ place }) =>
          `${place.system.account} shows ${JSON.stringify(place.item.fields[PATHS[field]]).slice(0, 80)}`,
      );
      return [`${field} of ${code}: ${texts.join(', ')}`];
    });
  });
}

/** The company does not take part in all of these systems, so not all of them can point to it. */
function isTargetApart(rest: Rest, shown: readonly { readonly place: Place }[]): boolean {
  const collection = 'companies';
  const takesPart = (system: System, item: Item): boolean => {
    const known = knownOf(rest.rowsOf(system.tenant), { system, collection, item });
    return !known.isAsked && known.link?.state === 'live';
  };
  return shown.some(({ place: { system, item } }) => {
    const id = item.fields.companyId;
    const target = typeof id === 'string' ? companyAt(rest, system, id) : undefined;
    if (!target) return false;
    const code = codeOf(target);
    return !shown.every(({ place }) =>
      rest
        .handsOf(place.system)
        .items(collection)
        .some((one) => codeOf(one) === code && takesPart(place.system, one)),
    );
  });
}

function isWritten(
  { scenario, drifted }: Rest,
  { system, collection }: Place,
  field: FieldName,
): boolean {
  if (drifted.has(`${system.account}/${collection}/${PATHS[field]}`)) return false;
  const { directions } = scenario.tenants[system.tenant]!.policy;
  const way =
    collection === 'companies' ? 'both' : (directions[field]?.[system.scene.name] ?? 'both');
  return way === 'both' || way === 'out';
}

/** The value without what systems do to spellings. */
function comparable(rest: Rest, { system, item }: Place, field: FieldName): string {
  const value = item.fields[PATHS[field]] ?? null;
  if (value === null) return 'null';
  const text = typeof value === 'string' ? value : '';
  switch (field) {
    case 'name':
      return [...marksIn(value)].join();
    case 'email':
      return text.trim().toLowerCase();
    case 'phone':
      return text.replaceAll(/\D/g, '');
    case 'tags':
      return JSON.stringify([...(value as string[])].toSorted());
    case 'address':
      return addressOf(value as Record<string, unknown>);
    case 'status':
      return text;
    case 'company':
      return targetCode(rest, system, text);
  }
}

function addressOf({ city = null, street = null }: Record<string, unknown>): string {
  return city === null && street === null ? 'null' : JSON.stringify([city, street]);
}

const GONE = 'gone';

function targetCode(rest: Rest, system: System, id: string): string {
  const item = companyAt(rest, system, id);
  return item ? codeOf(item) : GONE;
}

function companyAt(rest: Rest, system: System, id: string): Item | undefined {
  const hands = rest.handsOf(system);
  const there = hands.where('companies', id);
  return there === id || isTraceable(rest, system, id)
    ? hands.items('companies').find((one) => one.id === there)
    : undefined;
}

/**
 * Some systems do not tell what an item was merged into. Then it was deleted, as far as anybody can see,
 * unless it is known to be an item of a record that lives on.
 */
function isTraceable(rest: Rest, { tenant, nature, endpoint }: System, id: string): boolean {
  if (nature.tellsMerges) return true;
  const { refs, records } = rest.rowsOf(tenant);
  const owner = refs.get(nameOfRef({ sync: syncId(tenant, 'companies'), endpoint, remoteId: id }));
  return owner !== undefined && records.get(owner.entity)?.entity.life !== 'dead';
}
