/** Notes, which there are only in the older version of the API. */
import type { Item } from '../crm/model.ts';
import type { Body } from './given.ts';
import { APP, done, type Asked, type Route, type Task } from './host.ts';
import { noteForm } from './old-form.ts';
import { idOf, numbered, pageOf, wordsOf } from './older.ts';
import { isSpacedTime, spacedMs } from './query.ts';
import { bad, forbidden, lacking } from './refused.ts';
import { addTimeOf, updateTimeOf } from './showing.ts';
import { isDay, wholeSeconds } from './values.ts';
import { assertLinks, assertVisible, update, writing } from './writing.ts';

const READS = ['deals:read', 'deals:full', 'contacts:read', 'contacts:full'];
const WRITES = ['deals:full', 'contacts:full'];
const COSTS = { list: 20, get: 2, write: 10, remove: 6 };
const NOTE = wordsOf('Note');

export const NOTE_ROUTES: readonly Route[] = noteRoutes();

function noteRoutes(): readonly Route[] {
  const collection = 'notes';
  const call = (action: 'list' | 'read' | 'create' | 'update' | 'delete', id?: string) => ({
    collection,
    action,
    items: 1,
    ...(id === undefined ? {} : { ids: [id] }),
  });
  const reading = { collection, method: 'GET', scopes: READS } as const;
  const writes = { collection, scopes: WRITES } as const;
  const shownNote = ({ host: { company } }: Asked, id: string): Response => {
    const its = company.collection(collection);
    const state = company.present(its, id);
    const isShown = state?.life === 'live' || company.abilities.deletedById === 'shown';
    if (state === undefined || !isShown) throw lacking('Note');
    return done(noteForm(company, its.item(id, state)));
  };
  return [
    { ...reading, path: 'v1/notes', cost: COSTS.list, understand: listNotes },
    {
      ...reading,
      path: 'v1/notes/:id',
      cost: COSTS.get,
      understand: (asked) => {
        const id = idOf(asked);
        return { call: call('read', id), carryOut: () => shownNote(asked, id) };
      },
    },
    {
      ...writes,
      method: 'POST',
      path: 'v1/notes',
      cost: COSTS.write,
      hasBody: true,
      understand: (asked) => {
        const { host } = asked;
        const its = host.company.collection(collection);
        const given = noteOf(asked, { isNew: true });
        const carryOut = (isBusy: boolean): Response => {
          assertLinks(host.company, its, given, NOTE);
          const create = (account: typeof host.account): string => account.create(its, given, APP);
          return shownNote(asked, writing(host, its, isBusy, create, NOTE));
        };
        return { call: call('create'), carryOut };
      },
    },
    {
      ...writes,
      method: 'PUT',
      path: 'v1/notes/:id',
      cost: COSTS.write,
      hasBody: true,
      understand: (asked) => {
        const { host } = asked;
        const [its, id] = [host.company.collection(collection), idOf(asked)];
        const given = noteOf(asked, { isNew: false });
        const carryOut = (isBusy: boolean): Response => {
          assertVisible(its, id, NOTE);
          assertLinks(host.company, its, given, NOTE);
          writing(host, its, isBusy, () => update(host.company, its, id, given), NOTE);
          return shownNote(asked, id);
        };
        return { call: call('update', id), carryOut };
      },
    },
    {
      ...writes,
      method: 'DELETE',
      path: 'v1/notes/:id',
      cost: COSTS.remove,
      understand: (asked) => {
        const { host } = asked;
        const [its, id] = [host.company.collection(collection), idOf(asked)];
        const carryOut = (isBusy: boolean): Response => {
          assertVisible(its, id, NOTE);
          const remove = (account: typeof host.account): string => {
            account.remove(its, id, APP);
            return id;
          };
          writing(host, its, isBusy, remove, NOTE);
          return done(true);
        };
        return { call: call('delete', id), carryOut };
      },
    },
  ];
}

/** What a note is given; members that there are not are ignored. */
function noteOf(
  { host: { company }, body }: Asked,
  { isNew }: { isNew: boolean },
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  const { content, user_id: user, add_time: addTime, ...rest } = body as Body;
  if (content !== undefined && typeof content !== 'string') throw bad('content must be a string');
  if (content !== undefined) given['content'] = content;
  for (const path of ['deal_id', 'person_id', 'org_id']) {
    if (rest[path] !== undefined) given[path] = numbered(rest[path], path);
  }
  for (const path of ['lead_id', 'project_id', 'task_id']) {
    if (rest[path] !== undefined && rest[path] !== null)
      throw bad(`${path} is of nothing there is`);
  }
  for (const what of ['deal', 'organization', 'person']) {
    const path = `pinned_to_${what}_flag`;
    if (rest[path] !== undefined) given[path] = [1, '1', true].includes(rest[path] as number);
  }
  if (user !== undefined) {
    const id = numbered(user, 'user_id');
    if (id !== company.asker && !company.abilities.isAdmin) throw forbidden();
    given['user_id'] = id;
  }
  if (addTime !== undefined && isNew) {
    if (!isSpacedTime(addTime)) throw bad('add_time must be a time such as 2026-11-01 10:20:00');
    given['add_time'] = wholeSeconds(spacedMs(addTime));
  }
  return given;
}

const NOTE_SORTS: Readonly<Record<string, (item: Item) => string | number>> = {
  id: ({ id }) => Number(id),
  user_id: ({ fields }) => Number(fields['user_id'] ?? 0),
  deal_id: ({ fields }) => Number(fields['deal_id'] ?? 0),
  person_id: ({ fields }) => Number(fields['person_id'] ?? 0),
  org_id: ({ fields }) => Number(fields['org_id'] ?? 0),
  content: ({ fields }) => fields['content'] as string,
  add_time: addTimeOf,
  update_time: updateTimeOf,
};

function listNotes({ host: { company }, query }: Asked): Task {
  const since = query.time('updated_since') ?? -Infinity;
  const days = ['start_date', 'end_date'].map((name) => query.text(name));
  if (days.some((day) => day !== undefined && !isDay(day))) throw bad('a date is YYYY-MM-DD');
  const [from = '', to = '9999'] = days;
  const links = ['user_id', 'deal_id', 'person_id', 'org_id'].flatMap((path) => {
    const id = query.text(path);
    return id === undefined ? [] : [[path, id] as const];
  });
  const pins = ['deal', 'organization', 'person'].flatMap((what) => {
    const path = `pinned_to_${what}_flag`;
    const flag = query.text(path);
    return flag === undefined ? [] : [[path, flag === '1'] as const];
  });
  const isNobodys = ['lead_id', 'project_id', 'task_id'].some((name) => query.text(name));
  const carryOut = (): Response => {
    const wanted = company.live('notes').filter(({ id, item }) => {
      const day = addTimeOf(item).slice(0, 10);
      return (
        !isNobodys &&
        !company.collection('notes').hidden.has(id) &&
        Date.parse(item.updatedAt) >= since &&
        day >= from &&
        day <= to &&
        [...links, ...pins].every(([path, value]) => item.fields[path] === value)
      );
    });
    const sorted = sortedNotes(
      wanted.map(({ item }) => item),
      query.text('sort'),
    );
    const { page, pagination } = pageOf(sorted, query);
    const data = page.map((item) => noteForm(company, item));
    return Response.json({ success: true, data, additional_data: { pagination } });
  };
  const action = since === -Infinity ? 'list' : 'changes';
  return { call: { collection: 'notes', action, items: 1 }, carryOut };
}

function sortedNotes(items: readonly Item[], sort: string | undefined): readonly Item[] {
  const wishes = (sort ?? 'id ASC').split(',').map((wish) => {
    const [name = '', direction = 'ASC'] = wish.trim().split(/\s+/);
    const key = NOTE_SORTS[name];
    if (key === undefined) throw bad(`Notes cannot be sorted by ${name}`);
    return { key, sign: direction.toUpperCase() === 'DESC' ? -1 : 1 };
  });
  return items.toSorted((one, other) => {
    for (const { key, sign } of wishes) {
      const [a, b] = [key(one), key(other)];
      if (a !== b) return a < b ? -sign : sign;
    }
    return 0;
  });
}
