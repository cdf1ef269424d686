/**
 * Understands requests, and nothing more than README.md says: whoever sends a member, a parameter or
 * a type that is not described there is told so with 400, instead of being half understood.
 */
import { z } from 'zod';
import type { Random } from '../../world/world.ts';
import type { Action, Call } from '../call.ts';
import type { Collection } from '../crm/collection.ts';
import { iso } from '../crm/item.ts';
import type { Webhooks } from '../webhooks.ts';
import type { Account } from './account.ts';
import type { Hook } from './hooks.ts';
import type { Abilities, Batch } from './options.ts';
import { changes, history, list, read, search, sightOf } from './reading.ts';
import { refusal } from './refused.ts';
import { create, remove, restore, update } from './writing.ts';

export interface Understood {
  readonly call: Call;
  /** Does it, once, and returns the body of the answer. */
  carryOut(busy?: readonly number[]): object;
}

/** What a request has to do with, apart from itself. */
export interface Surroundings {
  readonly account: Account;
  readonly webhooks: Webhooks<Hook>;
  readonly lag: Random;
}

/** Throws `RequestRefused` for everything that is not in README.md. */
export async function understand(
  request: Request,
  surroundings: Surroundings,
): Promise<Understood> {
  const { pathname, searchParams } = new URL(request.url);
  const { route, collection, id } = find(request.method, pathname, surroundings);
  if (collection !== undefined && surroundings.account.forbidden.has(collection.name)) {
    throw refusal(403, 'forbidden', `This token may not use ${collection.name}.`);
  }
  const place = { ...surroundings, collection };
  if (request.method !== 'POST') return route({ ...Object.fromEntries(searchParams), id }, place);
  const { given, characters } = await bodyOf(request);
  const understood = route(given, place);
  const { bodyCharactersMax } = surroundings.account.abilities;
  if (characters <= bodyCharactersMax) return understood;
  throw refusal(413, 'too_large', `A body has ${bodyCharactersMax} characters at most.`);
}

type Route = (given: unknown, place: Place) => Understood;

interface Place extends Surroundings {
  readonly collection: Collection | undefined;
}

interface Found {
  readonly route: Route;
  readonly collection?: Collection;
  readonly id?: string;
}

function find(method: string, path: string, { account }: Surroundings): Found {
  const [root, version, ...names] = path.split('/');
  const [first = '', second, third] = names;
  if (root === '' && version === 'v1' && third === undefined) {
    if (first === 'hooks' && second !== undefined && method === 'DELETE') {
      return { route: removeHook, id: second };
    }
    const general = second === undefined ? GENERAL[`${method} ${first}`] : undefined;
    if (general !== undefined) return { route: general };
    const collection = account.collections.get(first);
    const entry = ROUTES[second === undefined ? method : `${method} ${second}`];
    if (collection !== undefined && entry !== undefined && entry.isThere(account.abilities)) {
      return { route: entry.route, collection };
    }
  }
  throw refusal(404, 'not_found', `There is no ${method} ${path}.`);
}

async function bodyOf(request: Request): Promise<{ given: unknown; characters: number }> {
  const type = request.headers.get('content-type') ?? '';
  const text = await request.text();
  if (/^application\/json\s*(?:;|$)/i.test(type)) {
    try {
      return { given: JSON.parse(text) as unknown, characters: text.length };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw refusal(400, 'bad_request', 'The body must be JSON, and say that it is.');
}

interface Definition<Input> {
  readonly action: Action;
  readonly input: z.ZodType<Input>;
  /** How many items it is about, and which limit of a batch counts for them. */
  readonly items?: (input: Input) => number;
  readonly ids?: (input: Input) => readonly string[];
  readonly most?: Batch;
  readonly answer: (place: Place, input: Input, busy: readonly number[]) => object;
}

function define<Input>({ action, input, items, ids, most, answer }: Definition<Input>): Route {
  return (given, place) => {
    const parsed = input.safeParse(given);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw refusal(400, 'bad_request', issue?.message ?? 'Not understood.', {
        path: issue?.path.join('.'),
      });
    }
    const { account, collection } = place;
    const count = items?.(parsed.data) ?? 1;
    if (most !== undefined && count > account.abilities.batch[most]) {
      const mostItems = account.abilities.batch[most];
      throw refusal(413, 'too_large', `${action} takes ${mostItems} at most.`);
    }
    return {
      call: {
        account: account.name,
        ...(collection === undefined ? {} : { collection: collection.name }),
        action,
        items: count,
        ...(ids === undefined ? {} : { ids: ids(parsed.data) }),
      },
      carryOut: (busy = []) => answer(place, parsed.data, busy),
    };
  };
}

const nothing = z.strictObject({ id: z.undefined() });
const id = z.string().min(1);
const fields = z.record(z.string(), z.unknown());
const limit = z
  .string()
  .regex(/^[1-9]\d{0,5}$/)
  .transform(Number)
  .optional();
const ifVersion = z.number().optional();

/** A batch of nothing is a mistake of the caller. */
function batchOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item).min(1) });
}

const about = define({
  action: 'about',
  input: nothing,
  answer: ({ account }) => {
    const collections = [...account.collections.values()].map(({ name, schema }) => {
      const unique = [...schema.fields].filter((field) => field.unique === true);
      return [name, unique.map(({ path }) => path)] as const;
    });
    const uniqueFields = Object.fromEntries(collections.filter(([, paths]) => paths.length > 0));
    return {
      account: account.name,
      now: iso(account.nowMs),
      abilities: { ...account.abilities, uniqueFields },
    };
  },
});

const addHook = define({
  action: 'hooks',
  input: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    secret: z.string().min(1),
    collections: z.array(z.string()).min(1),
  }),
  answer: ({ account, webhooks }, hook) => {
    const unknown = hook.collections.find((name) => !account.collections.has(name));
    if (unknown === undefined) return { id: webhooks.add(hook) };
    throw refusal(400, 'bad_request', `There is no collection ${unknown}.`);
  },
});

const removeHook = define({
  action: 'hooks',
  input: z.strictObject({ id }),
  answer: ({ webhooks }, hook) => {
    if (webhooks.remove(hook.id)) return {};
    throw refusal(404, 'not_found', `There is no webhook ${hook.id}.`);
  },
});

/** Whoever asks later does not learn the secrets. */
const listHooks = define({
  action: 'hooks',
  input: nothing,
  answer: ({ webhooks }) => ({
    hooks: [...webhooks.hooks].map(([hook, { url, collections }]) => ({
      id: hook,
      url,
      collections,
    })),
  }),
});

const GENERAL: Readonly<Record<string, Route>> = {
  'GET about': about,
  'GET hooks': listHooks,
  'POST hooks': addHook,
};

/** Without a limit, a page has as many as it may have. */
function pageOf(place: Place, page: { limit?: number | undefined }): number {
  return page.limit ?? place.account.abilities.batch.list;
}

function view(place: Place, kind: 'read' | 'search' | 'changes') {
  return sightOf(place.account, place.collection!, kind, place.lag);
}

function batchIn({ account, collection }: Place, busy: readonly number[]) {
  return { account, collection: collection!, busy: new Set(busy) };
}

const always = (): boolean => true;

/** What can be asked of a collection; the key is the method and what follows the collection's name. */
const ROUTES: Readonly<
  Record<string, { isThere: (abilities: Abilities) => boolean; route: Route }>
> = {
  'GET fields': {
    isThere: always,
    route: define({
      action: 'fields',
      input: nothing,
      answer: ({ collection }) => ({ fields: collection!.schema.describe() }),
    }),
  },
  GET: {
    isThere: always,
    route: define({
      action: 'list',
      input: z.strictObject({ id: z.undefined(), limit, after: z.string().optional() }),
      items: (page) => page.limit ?? 1,
      most: 'list',
      answer: (place, page) => list(view(place, 'read'), { ...page, limit: pageOf(place, page) }),
    }),
  },
  'GET changes': {
    isThere: (abilities) => abilities.changes,
    route: define({
      action: 'changes',
      input: z.strictObject({
        id: z.undefined(),
        since: z.iso.datetime({ precision: 3 }),
        limit,
        after: z.string().optional(),
      }),
      items: (page) => page.limit ?? 1,
      most: 'list',
      answer: (place, page) =>
        changes(view(place, 'changes'), { ...page, limit: pageOf(place, page) }),
    }),
  },
  'POST read': {
    isThere: always,
    route: define({
      action: 'read',
      input: z.strictObject({ ids: z.array(id).min(1) }),
      items: ({ ids }) => ids.length,
      ids: ({ ids }) => ids,
      most: 'read',
      answer: (place, input) => read(view(place, 'read'), input),
    }),
  },
  'POST search': {
    isThere: always,
    route: define({
      action: 'find',
      input: z.strictObject({
        path: z.string(),
        values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
      }),
      items: ({ values }) => values.length,
      most: 'find',
      answer: (place, input) => search(view(place, 'search'), input),
    }),
  },
  'POST history': {
    isThere: (abilities) => abilities.history,
    route: define({
      action: 'history',
      input: batchOf(z.strictObject({ id, since: z.number() })),
      items: ({ items }) => items.length,
      ids: ({ items }) => items.map((item) => item.id),
      most: 'read',
      answer: (place, input) => history(view(place, 'read'), input),
    }),
  },
  'POST create': {
    isThere: always,
    route: define({
      action: 'create',
      input: batchOf(z.strictObject({ fields, marker: z.string().min(1).optional() })),
      items: ({ items }) => items.length,
      most: 'create',
      answer: (place, input, busy) => create(batchIn(place, busy), input),
    }),
  },
  'POST update': {
    isThere: always,
    route: define({
      action: 'update',
      input: batchOf(z.strictObject({ id, fields, ifVersion })),
      items: ({ items }) => items.length,
      ids: ({ items }) => items.map((item) => item.id),
      most: 'update',
      answer: (place, input, busy) => {
        refuseConditions(place, input.items);
        return update(batchIn(place, busy), input);
      },
    }),
  },
  'POST delete': {
    isThere: always,
    route: define({
      action: 'delete',
      input: batchOf(z.strictObject({ id, ifVersion })),
      items: ({ items }) => items.length,
      ids: ({ items }) => items.map((item) => item.id),
      most: 'delete',
      answer: (place, input, busy) => {
        refuseConditions(place, input.items);
        return remove(batchIn(place, busy), input);
      },
    }),
  },
  'POST restore': {
    isThere: (abilities) => abilities.restore,
    route: define({
      action: 'restore',
      input: batchOf(z.strictObject({ id })),
      items: ({ items }) => items.length,
      ids: ({ items }) => items.map((item) => item.id),
      most: 'restore',
      answer: (place, input, busy) => restore(batchIn(place, busy), input),
    }),
  },
};

/** To ignore a condition would be worse than to refuse it. */
function refuseConditions(
  { account }: Place,
  items: readonly { ifVersion?: number | undefined }[],
): void {
  if (account.abilities.conditionalWrites) return;
  if (items.every((item) => item.ifVersion === undefined)) return;
  throw refusal(400, 'bad_request', 'This account knows no ifVersion.');
}
