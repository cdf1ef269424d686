/**
 * Persons, organizations, deals, activities, pipelines and stages in the newer version of the API: list,
 * get, create, update, delete. Lists are sorted by what the request says and then by id, and a page is
 * what comes behind the place of the last item; so what changes between two pages is met again, not lost.
 */
import type { Collection } from '../crm/collection.ts';
import { latest } from '../crm/item.ts';
import type { Given, Item, State } from '../crm/model.ts';
import { stateIn, statesIn, viewOf } from '../crm/view.ts';
import type { Company } from './company.ts';
import { givenOf, type Body } from './given.ts';
import { APP, done, type Asked, type PipedriveHost, type Route, type Task } from './host.ts';
import { isAfter, inOrder, readCursor, writtenCursor, type Query } from './query.ts';
import { forbidden, invalid, notFound } from './refused.ts';
import { addTimeOf, INCLUDABLE, shownAs, type Wishes } from './showing.ts';
import { assertLinks, assertVisible, update, writing } from './writing.ts';

interface Kind {
  readonly collection: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly listCost: number;
  /** Parameters that are ids, and the path that they are about. */
  readonly filters: Readonly<Record<string, string>>;
  readonly sorts: readonly [string, ...string[]];
  readonly isForAdmins?: true;
}

const SORTS = ['id', 'update_time', 'add_time'] as const;
const CONTACTS = {
  reads: ['contacts:read', 'contacts:full'],
  writes: ['contacts:full'],
  listCost: 10,
  sorts: SORTS,
};
const SETTINGS = {
  reads: ['deals:read', 'deals:full', 'admin'],
  writes: ['admin'],
  listCost: 5,
  isForAdmins: true,
} as const;

const DEALS: Kind = {
  collection: 'deals',
  reads: ['deals:read', 'deals:full'],
  writes: ['deals:full'],
  listCost: 10,
  sorts: SORTS,
  filters: {
    owner_id: 'owner_id',
    person_id: 'person_id',
    org_id: 'org_id',
    pipeline_id: 'pipeline_id',
    stage_id: 'stage_id',
  },
};

const KINDS: readonly Kind[] = [
  {
    ...CONTACTS,
    collection: 'persons',
    filters: { owner_id: 'owner_id', org_id: 'org_id' },
  },
  { ...CONTACTS, collection: 'organizations', filters: { owner_id: 'owner_id' } },
  DEALS,
  {
    collection: 'activities',
    reads: ['activities:read', 'activities:full'],
    writes: ['activities:full'],
    listCost: 10,
    sorts: [...SORTS, 'due_date'],
    filters: {
      owner_id: 'owner_id',
      deal_id: 'deal_id',
      person_id: 'person_id',
      org_id: 'org_id',
    },
  },
  { ...SETTINGS, collection: 'pipelines', sorts: SORTS, filters: {} },
  {
    ...SETTINGS,
    collection: 'stages',
    sorts: [...SORTS, 'order_nr'],
    filters: { pipeline_id: 'pipeline_id' },
  },
];

export const OBJECT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: 'v2/deals/archived',
    collection: 'deals',
    cost: 20,
    scopes: DEALS.reads,
    understand: (asked) => list(asked, DEALS, { isArchived: true }),
  },
  ...KINDS.flatMap(routesOf),
];

function routesOf(kind: Kind): readonly Route[] {
  const { collection, reads, writes, listCost, isForAdmins } = kind;
  const root = `v2/${collection}`;
  const reading = { collection, scopes: reads };
  const changing = { collection, scopes: writes, ...(isForAdmins ? { isForAdmins } : {}) };
  return [
    {
      ...reading,
      method: 'GET',
      path: root,
      cost: listCost,
      understand: (asked) => list(asked, kind),
    },
    { ...changing, method: 'POST', path: root, cost: 5, hasBody: true, understand: create(kind) },
    { ...reading, method: 'GET', path: `${root}/:id`, cost: 1, understand: get(kind) },
    {
      ...changing,
      method: 'PATCH',
      path: `${root}/:id`,
      cost: 5,
      hasBody: true,
      understand: patch(kind),
    },
    { ...changing, method: 'DELETE', path: `${root}/:id`, cost: 3, understand: remove(kind) },
  ];
}

function list({ host, query }: Asked, kind: Kind, { isArchived = false } = {}): Task {
  const { company } = host;
  const collection = company.collection(kind.collection);
  const limit = query.limit();
  const sort = query.choice('sort_by', kind.sorts);
  const direction = query.choice('sort_direction', ['asc', 'desc']);
  const cursor = readCursor(query.text('cursor'), { field: sort, sortDirection: direction });
  const ids = idsOf(query);
  const wishes = wishesOf(query, kind);
  const isWanted = wantedBy(query, kind, company, isArchived);
  // Without a wish for what was changed, the id leads straight to the place.
  const isById = sort === 'id' && direction === 'asc';

  function carryOut(): Response {
    const { abilities } = company;
    const view = viewOf(company.account, collection, {
      lag: host.lag,
      mostMs: abilities.listLagMs,
    });
    const found: { item: Item; id: number; fieldValue: string | number }[] = [];
    for (const { entry, state } of statesIn(view, isById ? (cursor?.id ?? 0) : 0)) {
      if (state.life !== 'live' && state.life !== 'archived') continue;
      if (ids !== undefined && !ids.has(entry.id)) continue;
      const item = collection.item(entry.id, state);
      if (!isWanted(item, state)) continue;
      const place = { id: entry.order, fieldValue: sortedBy(sort, item, state, entry.order) };
      if (cursor !== undefined && !isAfter(place, cursor)) continue;
      found.push({ item, ...place });
      if (isById && found.length > limit) break;
    }
    const sign = direction === 'asc' ? 1 : -1;
    if (!isById) {
      found.sort((one, other) => {
        return sign * (inOrder(one.fieldValue, other.fieldValue) || one.id - other.id);
      });
    }
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    const next = last && { field: sort, fieldValue: last.fieldValue, sortDirection: direction };
    return Response.json({
      success: true,
      data: page.map(({ item }) => shownAs(company, collection, item, wishes)),
      additional_data: { next_cursor: last ? writtenCursor({ ...next, id: last.id }) : null },
    });
  }

  const action = query.text('updated_since') === undefined ? 'list' : 'changes';
  const call: Omit<Task['call'], 'collection'> =
    ids === undefined
      ? { action, items: limit }
      : { action: 'read', items: ids.size, ids: [...ids] };
  return { call: { collection: collection.name, ...call }, carryOut };
}

function idsOf(query: Query): ReadonlySet<string> | undefined {
  if (query.text('filter_id') !== undefined) throw invalid("'filter_id' is of no filter there is");
  const ids = query.list('ids', { most: 100 });
  const strange = ids?.find((id) => !/^[1-9]\d*$/.test(id));
  if (strange !== undefined) throw invalid("'ids' must be positive integers");
  return ids && new Set(ids);
}

function wishesOf(query: Query, { collection }: Kind): Wishes {
  return {
    customFields: query.list('custom_fields', { most: 15 }),
    optionLabels: query.flag('include_option_labels') === true,
    labels: query.flag('include_labels') === true,
    include: query.choices('include_fields', [...(INCLUDABLE[collection] ?? [])]) ?? [],
  };
}

const STATUSES = ['open', 'won', 'lost', 'deleted'] as const;

/** Whether an item is one of those that a list is about. */
function wantedBy(
  query: Query,
  { collection, filters }: Kind,
  company: Company,
  isArchived: boolean,
): (item: Item, state: State) => boolean {
  const since = query.time('updated_since') ?? -Infinity;
  const until = query.time('updated_until') ?? Infinity;
  const equal = Object.entries(filters).flatMap(([name, path]) => {
    const id = query.id(name);
    return id === undefined ? [] : [[path, id] as const];
  });
  const isDone = collection === 'activities' ? query.flag('done') : undefined;
  const dealId = collection === 'persons' ? query.id('deal_id') : undefined;
  const isDeal = collection === 'deals';
  const statuses = isDeal ? query.choices('status', STATUSES) : undefined;
  const showsDeleted = !isDeal && company.abilities.listsDeleted;
  return ({ id: its, fields, archived = false }, { updatedAtMs }) => {
    if (archived && !showsDeleted && !statuses?.includes('deleted')) return false;
    if (!archived && statuses && !(statuses as readonly unknown[]).includes(fields['status'])) {
      return false;
    }
    if (isDeal && (fields['is_archived'] === true) !== isArchived) return false;
    if (updatedAtMs < since || updatedAtMs >= until) return false;
    if (isDone !== undefined && fields['done'] !== isDone) return false;
    if (dealId !== undefined) {
      const deal = company.live('deals').find(({ id }) => id === dealId);
      if (deal?.item.fields['person_id'] !== its) return false;
    }
    return equal.every(([path, id]) => fields[path] === id);
  };
}

function sortedBy(sort: string, item: Item, state: State, order: number): string | number {
  if (sort === 'id') return order;
  if (sort === 'update_time') return state.updatedAtMs;
  if (sort === 'add_time') return addTimeOf(item);
  const value = item.fields[sort] ?? null;
  return typeof value === 'number' ? value : ((value ?? '') as string);
}

function get(kind: Kind): Route['understand'] {
  return ({ host, places, query }) => {
    const { company } = host;
    const { collection, id } = whichOf(company, kind, places);
    const wishes = wishesOf(query, kind);
    return {
      call: { collection: collection.name, action: 'read', items: 1, ids: [id] },
      carryOut() {
        // What somebody has just written is there at once.
        const state = stateIn({ collection, seenMs: company.account.worldMs }, id);
        const isShown =
          state?.life === 'live' ||
          (state?.life === 'archived' && company.abilities.deletedById === 'shown');
        if (!isShown) throw notFound();
        return done(shownAs(company, collection, collection.item(id, state), wishes));
      },
    };
  };
}

function create(kind: Kind): Route['understand'] {
  return ({ host, body }) => {
    const { company } = host;
    const collection = company.collection(kind.collection);
    const given = givenOf(company, collection, body as Body, { isNew: true });
    return {
      call: { collection: collection.name, action: 'create', items: 1 },
      carryOut(isBusy) {
        assertLinks(company, collection, given);
        if (kind === DEALS) assertStage(company, given);
        if (kind === DEALS) assertRoomForDeals(company);
        const id = writing(host, collection, isBusy, (account) =>
          account.create(collection, given, APP),
        );
        return written(host, collection, id, company.abilities.createdStatus);
      },
    };
  };
}

function assertRoomForDeals(company: Company): void {
  const { dealsMax } = company.abilities;
  if (dealsMax === Infinity || company.live('deals').length < dealsMax) return;
  throw forbidden('feature_capping_deals_limit');
}

/** Of a pipeline and a stage that are both given, also when the deal is in one of them already. */
function assertStage(company: Company, { pipeline_id: pipeline, stage_id: stage }: Given): void {
  if (typeof pipeline !== 'string' || typeof stage !== 'string') return;
  const found = company.live('stages').find(({ id }) => id === stage);
  if (found?.item.fields['pipeline_id'] === pipeline) return;
  throw invalid('the stage is not in this pipeline', 'stage_id');
}

function patch(kind: Kind): Route['understand'] {
  return ({ host, places, body }) => {
    const { company } = host;
    const { collection, id } = whichOf(company, kind, places);
    const given = givenOf(company, collection, body as Body, { isNew: false });
    return {
      call: { collection: collection.name, action: 'update', items: 1, ids: [id] },
      carryOut(isBusy) {
        assertVisible(collection, id);
        assertLinks(company, collection, given);
        if (kind === DEALS) assertStage(company, given);
        writing(host, collection, isBusy, () => update(company, collection, id, given));
        return written(host, collection, id, 200);
      },
    };
  };
}

function remove(kind: Kind): Route['understand'] {
  return ({ host, places }) => {
    const { collection, id } = whichOf(host.company, kind, places);
    return {
      call: { collection: collection.name, action: 'delete', items: 1, ids: [id] },
      carryOut(isBusy) {
        assertVisible(collection, id);
        writing(host, collection, isBusy, (account) => {
          account.remove(collection, id, APP);
          return id;
        });
        return done({ id: Number(id) });
      },
    };
  };
}

function whichOf(
  company: Company,
  kind: Kind,
  [id = '']: readonly string[],
): { collection: Collection; id: string } {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw invalid("'id' must be a positive integer");
  return { collection: company.collection(kind.collection), id };
}

const ALL: Wishes = { customFields: undefined, optionLabels: false, labels: false, include: [] };

function written(
  { company }: PipedriveHost,
  collection: Collection,
  id: string,
  status: number,
): Response {
  const item = collection.item(id, latest(collection.entry(id)!));
  return done(shownAs(company, collection, item, ALL), status);
}
