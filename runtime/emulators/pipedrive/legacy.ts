/**
 * What is only in the older version of the API, beside notes: users, types of activities, recent changes,
 * change logs and merging. It is more lenient: numbers may be texts, and what it does not know it ignores.
 */
import type { Collection } from '../crm/collection.ts';
import { latest } from '../crm/item.ts';
import type { Item } from '../crm/model.ts';
import { ACTIVITY_TYPES } from './fields.ts';
import type { Body } from './given.ts';
import { APP, done, type Asked, type Route, type Task } from './host.ts';
import { noteForm, oldForm, userForm } from './old-form.ts';
import { idOf, numbered, pageOf, wordsOf } from './older.ts';
import { isSpacedTime, spacedMs } from './query.ts';
import { bad, lacking } from './refused.ts';
import { updateTimeOf } from './showing.ts';
import { spaced, wholeSeconds } from './values.ts';
import { assertVisible, writing } from './writing.ts';

const RECENTS_DAYS = 31;
const DAY_MS = 86_400_000;

export const LEGACY_ROUTES: readonly Route[] = [
  ...userRoutes(),
  {
    method: 'GET',
    path: 'v1/activityTypes',
    cost: 20,
    scopes: ['activities:read', 'activities:full', 'admin'],
    understand: ({ host: { company } }) => ({
      call: { collection: 'activities', action: 'fields', items: 1 },
      carryOut: () => done(ACTIVITY_TYPES.map((key, index) => typeForm(company.id, key, index))),
    }),
  },
  {
    method: 'GET',
    path: 'v1/recents',
    cost: 20,
    scopes: ['recents:read', 'search:read'],
    understand: recents,
  },
  ...[
    { collection: 'persons', what: 'Person', scope: 'contacts:full' },
    { collection: 'organizations', what: 'Organization', scope: 'contacts:full' },
    { collection: 'deals', what: 'Deal', scope: 'deals:full' },
  ].flatMap(({ collection, what, scope }): readonly Route[] => [
    {
      method: 'GET',
      path: `v1/${collection}/:id/changelog`,
      collection,
      cost: 20,
      scopes: ['recents:read'],
      understand: (asked) => changelog(asked, collection, what),
    },
    {
      method: 'PUT',
      path: `v1/${collection}/:id/merge`,
      collection,
      cost: 40,
      scopes: [scope],
      hasBody: true,
      understand: (asked) => merge(asked, collection, what),
    },
  ]),
];

function userRoutes(): readonly Route[] {
  const users = (work: (asked: Asked, all: readonly Item[]) => unknown) => (asked: Asked) => ({
    call: { collection: 'users', action: 'about', items: 1 } as const,
    carryOut: () => {
      const all = asked.host.company.live('users').map(({ item }) => item);
      return done(work(asked, all));
    },
  });
  const common = { method: 'GET', collection: 'users', scopes: ['users:read'] } as const;
  const shown = ({ host }: Asked, items: readonly Item[]) =>
    items.map((item) => userForm(host.company, item));
  return [
    { ...common, path: 'v1/users', cost: 20, understand: users(shown) },
    {
      method: 'GET',
      path: 'v1/users/me',
      cost: 2,
      scopes: ['base'],
      understand: users(({ host: { company } }, all) => ({
        ...userForm(
          company,
          all.find(({ id }) => id === company.asker)!,
        ),
        company_id: company.id,
        company_name: company.account.name,
        company_domain: company.account.name,
        company_country: 'EE',
        language: { language_code: 'en', country_code: 'US' },
      })),
    },
    {
      ...common,
      path: 'v1/users/find',
      cost: 40,
      understand: users((asked, all) => {
        const term = asked.query.text('term')?.toLowerCase();
        if (!term) throw bad('term is required');
        const path = asked.query.text('search_by_email') === '1' ? 'email' : 'name';
        const isWanted = ({ fields }: Item): boolean =>
          (fields[path] as string).toLowerCase().includes(term);
        return shown(asked, all.filter(isWanted));
      }),
    },
    {
      ...common,
      path: 'v1/users/:id',
      cost: 2,
      understand: users(({ host, places: [id] }, all) => {
        const found = all.find((item) => item.id === id);
        if (found === undefined) throw lacking('User');
        return userForm(host.company, found);
      }),
    },
  ];
}

function typeForm(companyId: number, key: string, index: number): object {
  return {
    id: companyId * 100 + index,
    order_nr: index + 1,
    name: `${key.charAt(0).toUpperCase()}${key.slice(1)}`,
    key_string: key,
    icon_key: key,
    active_flag: true,
    color: null,
    is_custom_flag: false,
  };
}

const RECENT_ITEMS: Readonly<Record<string, string>> = {
  activity: 'activities',
  deal: 'deals',
  note: 'notes',
  person: 'persons',
  organization: 'organizations',
  pipeline: 'pipelines',
  stage: 'stages',
  user: 'users',
};
const RECENT_NOTHINGS = ['activityType', 'file', 'filter', 'product'];

/** Everything that has changed since, deleted or not, oldest first; nothing from more than a month ago. */
function recents({ host: { company }, query }: Asked): Task {
  const since = query.text('since_timestamp');
  if (!isSpacedTime(since)) throw bad('since_timestamp must be a time such as 2026-11-01 10:20:00');
  const kinds = query.list('items') ?? Object.keys(RECENT_ITEMS);
  const known = [...Object.keys(RECENT_ITEMS), ...RECENT_NOTHINGS];
  const strange = kinds.find((kind) => !known.includes(kind));
  if (strange !== undefined) throw bad(`There are no items ${strange}`);

  function carryOut(): Response {
    const { account } = company;
    const fromMs = Math.max(spacedMs(since!), account.nowMs - RECENTS_DAYS * DAY_MS);
    const found = kinds.flatMap((kind) => {
      const name = RECENT_ITEMS[kind];
      if (name === undefined || account.forbidden.has(name)) return [];
      const its = company.collection(name);
      return changedSince(its, fromMs).map((item) => ({ kind, its, item }));
    });
    found.sort((one, other) => {
      const [a, b] = [one.item.updatedAt, other.item.updatedAt];
      return a < b ? -1 : Number(a > b);
    });
    const { page, pagination } = pageOf(found, query);
    const last = page.at(-1);
    return Response.json({
      success: true,
      data: page.map(({ kind, its, item }) => ({
        item: kind,
        id: Number(item.id),
        data:
          kind === 'note'
            ? noteForm(company, item)
            : kind === 'user'
              ? userForm(company, item)
              : oldForm(company, its, item, { isFlat: false }),
      })),
      additional_data: {
        since_timestamp: spaced(wholeSeconds(fromMs)),
        last_timestamp_on_page: last ? spaced(updateTimeOf(last.item)) : null,
        pagination,
      },
    });
  }
  return { call: { action: 'changes', items: 1 }, carryOut };
}

function changedSince(collection: Collection, fromMs: number): readonly Item[] {
  return collection.entries.flatMap((entry) => {
    const state = latest(entry);
    const isThere =
      state.life === 'live' || (state.life === 'archived' && state.into === undefined);
    if (!isThere || state.updatedAtMs < fromMs || collection.hidden.has(entry.id)) return [];
    return [collection.item(entry.id, state)];
  });
}

function changelog(asked: Asked, collection: string, what: string): Task {
  const { company, trail } = asked.host;
  const its = company.collection(collection);
  const [id, limit] = [idOf(asked), asked.query.limit()];
  const text = asked.query.text('cursor');
  const [, place] = /^id:(\d+)$/.exec(Buffer.from(text ?? '', 'base64').toString()) ?? [];
  if (text !== undefined && place === undefined) throw bad('cursor is not one of this list');
  const carryOut = (): Response => {
    if (company.present(its, id) === undefined) throw lacking(what);
    const entries = trail.entries(collection, id);
    const end = place === undefined ? entries.length : Math.min(Number(place), entries.length);
    const start = Math.max(0, end - limit);
    const next = start === 0 ? null : Buffer.from(`id:${start}`).toString('base64');
    const data = entries.slice(start, end).toReversed();
    return Response.json({ success: true, data, additional_data: { next_cursor: next } });
  };
  return { call: { collection, action: 'history', items: 1, ids: [id] }, carryOut };
}

/** The one in the path is gone afterwards; the other one has taken over. */
function merge(asked: Asked, name: string, what: string): Task {
  const { host, body } = asked;
  const { company } = host;
  const its = company.collection(name);
  const loser = idOf(asked);
  const winner = numbered((body as Body)['merge_with_id'] ?? null, 'merge_with_id');
  if (winner === null) throw bad('merge_with_id is required');
  const carryOut = (isBusy: boolean): Response => {
    for (const id of [loser, winner]) assertVisible(its, id, wordsOf(what));
    writing(host, its, isBusy, (account) => account.merge(its, loser, winner, APP), wordsOf(what));
    const item = its.item(winner, latest(its.entry(winner)!));
    const whole = {
      ...oldForm(company, its, item, { isFlat: true }),
      merge_what_id: Number(loser),
    };
    return done(name === 'organizations' ? { id: Number(winner) } : whole);
  };
  return { call: { collection: name, action: 'merge', items: 2, ids: [loser, winner] }, carryOut };
}
