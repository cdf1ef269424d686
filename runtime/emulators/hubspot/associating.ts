/** The calls about associations, of one pair and in batches, and about their labels. */
import { z } from 'zod';
import {
  APP,
  batchAnswer,
  batchOf,
  limitIn,
  objectIn,
  shaped,
  type Answer,
  type Ask,
  type Plan,
} from './asking.ts';
import {
  associate,
  associatedWith,
  dissociate,
  plainDirection,
  type Associated,
  type Way,
} from './associations.ts';
import { directions, type AssociationType, type Direction } from './association-types.ts';
import type { ObjectType } from './objects.ts';
import { idsIn } from './references.ts';
import { invalid, notFound, type Complaint } from './refused.ts';
import { worded } from './accepting.ts';
import { specShape, isRefusal } from './writing.ts';

const READ_MAX = 1000;
const WRITE_MAX = 2000;
const PAGE_MAX = 500;

const idShape = z.object({ id: z.coerce.string() });

export function list(ask: Ask): Plan {
  const way = wayIn(ask);
  const limit = limitIn(ask.query, { usual: PAGE_MAX, most: PAGE_MAX });
  return {
    ...planOf('read', way),
    carryOut() {
      assertThere(ask, way);
      const all = associatedWith(ask.host.account, way);
      const { page, paging } = paged(all, limit, ask.query.get('after') ?? undefined);
      const results = page.map((one) => shownTarget(ask, one));
      return { status: 200, body: { results, ...(paging ? { paging } : {}) } };
    },
  };
}

export function putDefault(ask: Ask): Plan {
  const way = wayIn(ask);
  const { otherId } = ask.params as { otherId: string };
  return {
    ...planOf('update', way),
    carryOut: () => {
      const results = associateByDefault(ask, way, otherId);
      return batchAnswer(ask, 200, results);
    },
  };
}

export function put(ask: Ask): Plan {
  const way = wayIn(ask);
  const { otherId } = ask.params as { otherId: string };
  const specs = shaped(z.array(specShape).min(1), ask.body);
  return {
    ...planOf('update', way),
    carryOut: () => {
      const { account } = ask.host;
      const chosen = writing(ask, way, () => associate(account, way, otherId, specs, APP));
      return { status: 201, body: shownPair(way, otherId, chosen) };
    },
  };
}

export function remove(ask: Ask): Plan {
  const way = wayIn(ask);
  const { otherId } = ask.params as { otherId: string };
  return {
    ...planOf('update', way),
    carryOut: () => {
      writing(ask, way, () => dissociate(ask.host.account, way, otherId, APP));
      return { status: 204 };
    },
  };
}

/** Each input may go on where the answer before has ended. */
export function batchRead(ask: Ask): Plan {
  const { from, to } = kindsIn(ask);
  const input = z.object({ id: z.coerce.string(), after: z.string().nullish() });
  const { inputs } = shaped(batchOf(input, READ_MAX), ask.body);
  return {
    action: 'read',
    object: from,
    items: inputs.length,
    ids: inputs.map(({ id }) => id),
    carryOut() {
      const results: object[] = [];
      const complaints: Complaint[] = [];
      for (const { id, after } of inputs) {
        const all = associatedWith(ask.host.account, { from, id, to });
        if (all.length === 0) {
          complaints.push(noneFound(from, to, id));
          continue;
        }
        const { page, paging } = paged(all, PAGE_MAX, after ?? undefined);
        const targets = page.flatMap((one) => shownTargets(ask, one));
        results.push({ from: { id }, to: targets, ...(paging ? { paging } : {}) });
      }
      return batchAnswer(ask, 200, results, complaints);
    },
  };
}

export function batchDefault(ask: Ask): Plan {
  return batchWrite(ask, z.object({ from: idShape, to: idShape }), 200, (way, { to }) =>
    associateByDefault(ask, way, to.id),
  );
}

const labelledShape = z.object({ from: idShape, to: idShape, types: z.array(specShape).min(1) });

export function batchCreate(ask: Ask): Plan {
  if (ask.version === 'v3') return batchCreateByName(ask);
  return batchWrite(ask, labelledShape, 201, (way, { to, types }) => {
    const chosen = writing(ask, way, () => associate(ask.host.account, way, to.id, types, APP));
    return [shownPair(way, to.id, chosen)];
  });
}

/** Types have names in version 3. */
function batchCreateByName(ask: Ask): Plan {
  const shape = z.object({ from: idShape, to: idShape, type: z.string() });
  return batchWrite(ask, shape, 201, (way, { to, type: name }) => {
    const { account } = ask.host;
    const known = directions(account.types, way.from.name, way.to.name);
    const found = known.find((direction) => direction.name === name);
    if (found === undefined) throw invalid(`${name} is not a valid association type`);
    const { typeId: associationTypeId, type } = found;
    const specs = [{ associationTypeId, associationCategory: type.category }];
    writing(ask, way, () => associate(account, way, to.id, specs, APP));
    return [{ from: { id: way.id }, to: { id: to.id }, type: name }];
  });
}

export function batchArchive(ask: Ask): Plan {
  const target = z.union([z.array(idShape), idShape.transform((one) => [one])]);
  const shape = z.object({ from: idShape, to: target });
  return batchWrite(ask, shape, 204, (way, { to }) => {
    for (const { id } of to) {
      writing(ask, way, () => dissociate(ask.host.account, way, id, APP));
    }
    return [];
  });
}

export function batchArchiveLabels(ask: Ask): Plan {
  return batchWrite(ask, labelledShape, 204, (way, { to, types }) => {
    const typeIds = types.map(({ associationTypeId }) => associationTypeId);
    writing(ask, way, () => dissociate(ask.host.account, way, to.id, APP, typeIds));
    return [];
  });
}

export function labels(ask: Ask): Plan {
  const { from, to } = kindsIn(ask);
  return {
    action: 'fields',
    object: from,
    carryOut: () => ({
      status: 200,
      body: { results: directions(ask.host.account.types, from.name, to.name).map(shownType) },
    }),
  };
}

const labelShape = z.object({
  label: z.string().min(1),
  name: z.string().min(1),
  inverseLabel: z.string().nullish(),
});

export function createLabel(ask: Ask): Plan {
  const { from, to } = kindsIn(ask);
  const { label, name, inverseLabel } = shaped(labelShape, ask.body);
  const { account } = ask.host;
  if (account.types.some((type) => type.name === name && type.from === from.name)) {
    throw invalid(`A label with the name ${name} already exists`);
  }
  return {
    action: 'define',
    object: from,
    carryOut() {
      const used = account.types.flatMap(({ typeId, back }) => [typeId, back.typeId]);
      const typeId = Math.max(FIRST_OWN_TYPE_ID, ...used.filter((id) => id < 100)) + 1;
      const isPaired = (inverseLabel ?? '') !== '' || from.name !== to.name;
      const type: AssociationType = {
        from: from.name,
        to: to.name,
        path: `associations.${to.name}.${name}`,
        typeId,
        name,
        label,
        back: {
          typeId: isPaired ? typeId + 1 : typeId,
          name,
          label: inverseLabel ?? label,
        },
        category: 'USER_DEFINED',
        kind: 'labelled',
      };
      account.addType(type);
      const both = directions(account.types, from.name, to.name).filter(
        (direction) => direction.type === type,
      );
      return { status: 200, body: { results: both.map(shownType) } };
    },
  };
}

const labelChangeShape = z.object({
  associationTypeId: z.coerce.number(),
  label: z.string().min(1),
  inverseLabel: z.string().nullish(),
});

export function changeLabel(ask: Ask): Plan {
  const { associationTypeId, label, inverseLabel } = shaped(labelChangeShape, ask.body);
  const { type } = ownLabel(ask, String(associationTypeId));
  return {
    action: 'define',
    object: objectIn(ask),
    carryOut() {
      const back = { ...type.back, label: inverseLabel ?? type.back.label };
      ask.host.account.changeType(type, { ...type, label, back });
      return { status: 204 };
    },
  };
}

export function removeLabel(ask: Ask): Plan {
  const { type } = ownLabel(ask, ask.params['label']!);
  return {
    action: 'define',
    object: objectIn(ask),
    carryOut() {
      ask.host.account.removeType(type);
      return { status: 204 };
    },
  };
}

function ownLabel(ask: Ask, typeId: string): Direction {
  const { from, to } = kindsIn(ask);
  const found = directions(ask.host.account.types, from.name, to.name).find(
    (one) => String(one.typeId) === typeId && one.type.category === 'USER_DEFINED',
  );
  if (found === undefined) throw notFound();
  return found;
}

/** Those below are HubSpot's own, as far as they have two digits. */
const FIRST_OWN_TYPE_ID = 36;

function kindsIn(ask: Ask): { from: ObjectType; to: ObjectType } {
  return { from: objectIn(ask, 'type'), to: objectIn(ask, 'other') };
}

function wayIn(ask: Ask): Way {
  const { from, to } = kindsIn(ask);
  return { from, to, id: ask.params['id']! };
}

function planOf(action: 'read' | 'update', { from, id }: Way): Omit<Plan, 'carryOut'> {
  return { action, object: from, ids: [id] };
}

/** In the words of the record that keeps it. */
function writing<Result>({ host, version }: Ask, { from, id }: Way, work: () => Result): Result {
  const collection = host.account.collections.get(from.name)!;
  const place = { account: host.account, object: from, collection, version };
  return worded(place, id, () => host.account.atomically(work));
}

function associateByDefault(ask: Ask, way: Way, otherId: string): readonly object[] {
  const { account } = ask.host;
  const { typeId, type, isBack } = plainDirection(account, way.from, way.to);
  const spec = { associationCategory: type.category, associationTypeId: typeId };
  writing(ask, way, () => associate(account, way, otherId, [spec], APP));
  const backId = isBack ? type.typeId : type.back.typeId;
  const [one, other] = [{ id: way.id }, { id: otherId }];
  return [
    { from: one, to: other, associationSpec: spec },
    { from: other, to: one, associationSpec: { ...spec, associationTypeId: backId } },
  ];
}

/** Each input stands alone. */
function batchWrite<Shape extends z.ZodType<{ from: { id: string } }>>(
  ask: Ask,
  shape: Shape,
  usual: number,
  write: (way: Way, input: z.output<Shape>) => readonly object[],
): Plan {
  const { from, to } = kindsIn(ask);
  const { inputs } = shaped(batchOf(shape, WRITE_MAX), ask.body);
  // Versions with a date have one status for everything.
  const status = /^v\d$/.test(ask.version) ? usual : 200;
  return {
    action: 'update',
    object: from,
    items: inputs.length,
    ids: inputs.map((input) => input.from.id),
    carryOut(): Answer {
      const results: object[] = [];
      const complaints: Complaint[] = [];
      for (const input of inputs) {
        try {
          results.push(...write({ from, to, id: input.from.id }, input));
        } catch (error) {
          if (!isRefusal(error)) throw error;
          const { message, category } = error.body as Complaint;
          const context = { fromObjectId: [input.from.id] };
          complaints.push({ status: 'error', category, message, context });
        }
      }
      return status === 204 ? { status } : batchAnswer(ask, status, results, complaints);
    },
  };
}

function assertThere({ host }: Ask, { from, id }: Way): void {
  const collection = host.account.collections.get(from.name)!;
  if (collection.live(id) === undefined || collection.hidden.has(id)) throw notFound();
}

function noneFound(from: ObjectType, to: ObjectType, id: string): Complaint {
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
    message: `No ${to.singular} is associated with ${from.singular} ${id}.`,
    context: { fromObjectId: [id], fromObjectType: [from.singular], toObjectType: [to.singular] },
  };
}

function paged(all: readonly Associated[], limit: number, after: string | undefined) {
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const page = all.slice(start, start + limit);
  const last = page.at(-1)?.id ?? '';
  const isMore = start + limit < all.length;
  return { page, paging: isMore ? { next: { after: last, link: `?after=${last}` } } : undefined };
}

function shownTargets(ask: Ask, one: Associated): readonly object[] {
  if (ask.version !== 'v3') return [shownTarget(ask, one)];
  return one.directions.map(({ name }) => ({ id: one.id, type: name }));
}

/** Ids are numbers in version 4, and texts since. */
function shownTarget({ version }: Ask, { id, directions: all }: Associated): object {
  return {
    toObjectId: version === 'v4' ? Number(id) : id,
    associationTypes: all.map(shownType),
  };
}

function shownType({ type, typeId, label }: Direction): object {
  return { category: type.category, typeId, label };
}

function shownPair({ from, id, to }: Way, otherId: string, chosen: readonly Direction[]): object {
  return {
    fromObjectTypeId: from.typeId,
    fromObjectId: id,
    toObjectTypeId: to.typeId,
    toObjectId: otherId,
    labels: chosen.flatMap(({ label }) => idsIn(label)),
  };
}
