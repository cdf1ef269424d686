/**
 * What Pipedrive does with what it keeps: names that it splits, deals that move through stages, and what
 * follows by itself a while later.
 */
import type { Collection } from '../crm/collection.ts';
import type { Deriving, FollowUp, Habits } from '../crm/habits.ts';
import type { Author, Change, Fields, Given, Item, Value } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';
import { isSame, retyped } from '../crm/values.ts';
import { factsOf } from './fields.ts';
import type { Abilities } from './options.ts';
import { storedValue, wholeSeconds, type Geocoded } from './values.ts';

/** What of a company its habits need to know. */
export interface Company {
  readonly abilities: Abilities;
  userOf(author: Author): string;
  collection(name: string): Collection;
  /** Those that are there, in the order of their ids. */
  live(collection: string): readonly { readonly id: string; readonly item: Item }[];
}

const DAY_MS = 86_400_000;

export function habitsOf(company: Company): Partial<Habits> {
  const { abilities } = company;
  return {
    timeStepMs: 1000,
    // Every record has a change log.
    rememberMs: Infinity,
    purgeAfterMs: 30 * DAY_MS,
    store: (field, given, before) => storedValue(field, given, before, abilities),
    retype: (field, value) => {
      const [from, to] = (field.own?.['renaming'] ?? []) as readonly string[];
      if (from === undefined || to === undefined) return retyped(field, value);
      if (Array.isArray(value)) return value.map((label) => (label === from ? to : label));
      return value === from ? to : value;
    },
    derive: (change) => DERIVED[change.collection]?.(drafted(change), change, company),
    afterwards: (change) => followUps(change, company),
    merging: {
      newId: false,
      loser: abilities.mergedLoser === 'deleted' ? 'archived' : 'merged',
    },
    references: { deleted: 'keep', destroyed: 'clear', merged: 'follow' },
  };
}

/** A change in the making. */
interface Draft {
  readonly isNew: boolean;
  has(path: string): boolean;
  get(path: string): Value;
  /** Whether somebody gave it a value, or another one, or took it away. */
  isGiven(path: string): boolean;
  set(path: string, value: Value): void;
  readonly given: Record<string, Value>;
}

function drafted({ before, after }: Deriving): Draft {
  const given: Record<string, Value> = {};
  const get = (path: string): Value =>
    (Object.hasOwn(given, path) ? given[path] : after[path]) ?? null;
  return {
    isNew: before === undefined,
    has: (path) => get(path) !== null,
    get,
    isGiven: (path) => !isSame(before?.[path] ?? null, after[path] ?? null),
    set: (path, value) => void (given[path] = value),
    given,
  };
}

type Deriver = (draft: Draft, change: Deriving, company: Company) => Given;

const DERIVED: Readonly<Record<string, Deriver>> = {
  persons(draft, change, company) {
    if (draft.isGiven('name')) {
      if (draft.has('name') && !draft.isGiven('first_name') && !draft.isGiven('last_name')) {
        const [first = '', ...more] = (draft.get('name') as string).trim().split(/\s+/);
        draft.set('first_name', first === '' ? null : first);
        draft.set('last_name', more.length === 0 ? null : more.join(' '));
      }
    } else if (draft.isGiven('first_name') || draft.isGiven('last_name')) {
      const isHalf = draft.isNew && !(draft.has('first_name') && draft.has('last_name'));
      if (isHalf) throw required('name');
      const parts = [draft.get('first_name'), draft.get('last_name')] as (string | null)[];
      draft.set('name', parts.filter((part) => part !== null).join(' ') || null);
    }
    require(draft, 'name');
    return owned(draft, change, company);
  },
  organizations(draft, change, company) {
    require(draft, 'name');
    return owned(draft, change, company);
  },
  deals(draft, change, company) {
    require(draft, 'title');
    defaults(draft, { value: 0, currency: company.abilities.currency, status: 'open' });
    defaults(draft, {
      is_archived: false,
      origin: change.by === 'person' ? 'ManuallyCreated' : 'API',
    });
    stage(draft, change, company);
    status(draft, change, company);
    if (draft.get('is_archived') === true) {
      if (!draft.has('archive_time')) draft.set('archive_time', wholeSeconds(change.nowMs));
    } else if (draft.isGiven('is_archived') || draft.isGiven('archive_time')) {
      draft.set('archive_time', null);
    }
    return owned(draft, change, company);
  },
  activities(draft, change, company) {
    defaults(draft, { type: 'call', busy: false, done: false });
    if (!draft.has('subject')) {
      const type = draft.get('type') as string;
      draft.set('subject', `${type.charAt(0).toUpperCase()}${type.slice(1)}`);
    }
    if (draft.isGiven('done')) {
      const isDone = draft.get('done') === true;
      draft.set('marked_as_done_time', isDone ? wholeSeconds(change.nowMs) : null);
    }
    participants(draft);
    return owned(draft, change, company);
  },
  notes(draft, change, company) {
    require(draft, 'content');
    if (!['deal_id', 'person_id', 'org_id'].some((path) => draft.has(path))) {
      throw required('deal_id, person_id or org_id');
    }
    defaults(draft, {
      pinned_to_deal_flag: false,
      pinned_to_organization_flag: false,
      pinned_to_person_flag: false,
      user_id: company.userOf(change.by),
    });
    return draft.given;
  },
  pipelines(draft, _change, company) {
    require(draft, 'name');
    defaults(draft, {
      order_nr: company.live('pipelines').length + 1,
      is_deal_probability_enabled: false,
    });
    return draft.given;
  },
  stages(draft, _change, company) {
    require(draft, 'name');
    require(draft, 'pipeline_id');
    const order = stagesOf(company, draft.get('pipeline_id') as string).length + 1;
    defaults(draft, { order_nr: order, deal_probability: 100, is_deal_rot_enabled: false });
    return draft.given;
  },
};

function owned(draft: Draft, { by }: Deriving, company: Company): Given {
  defaults(draft, { owner_id: company.userOf(by), visible_to: 3 });
  return draft.given;
}

/** Of what is new. A field that the schema has not is left out by itself. */
function defaults(draft: Draft, values: Readonly<Record<string, Value>>): void {
  if (!draft.isNew) return;
  for (const [path, value] of Object.entries(values)) {
    if (!draft.has(path)) draft.set(path, value);
  }
}

/** A stage belongs to one pipeline; the one leads to the other. */
function stage(draft: Draft, { nowMs }: Deriving, company: Company): void {
  const stages = company.live('stages');
  const pipelineOf = (id: Value): Value =>
    stages.find((one) => one.id === id)?.item.fields['pipeline_id'] ?? null;
  const isStageGiven = draft.isGiven('stage_id') && draft.has('stage_id');
  const isPipelineGiven = draft.isGiven('pipeline_id') && draft.has('pipeline_id');
  if (isStageGiven) {
    const pipeline = pipelineOf(draft.get('stage_id'));
    if (pipeline === null) throw new Refused('invalid', 'There is no such stage.', at('stage_id'));
    if (isPipelineGiven && draft.get('pipeline_id') !== pipeline) {
      throw new Refused('invalid', 'The stage is not in this pipeline.', at('stage_id'));
    }
    draft.set('pipeline_id', pipeline);
  } else if (isPipelineGiven || draft.isNew) {
    const pipeline = isPipelineGiven
      ? (draft.get('pipeline_id') as string)
      : (company.live('pipelines')[0]?.id ?? '1');
    const [first] = stagesOf(company, pipeline);
    if (first === undefined) {
      throw new Refused('invalid', 'There is no such pipeline.', at('pipeline_id'));
    }
    draft.set('pipeline_id', pipeline);
    draft.set('stage_id', first);
  }
  const isMoved = draft.isGiven('stage_id') || draft.given['stage_id'] !== undefined;
  if (isMoved && !draft.isNew) draft.set('stage_change_time', wholeSeconds(nowMs));
}

/** Ids in their order. */
function stagesOf(company: Company, pipeline: string): readonly string[] {
  return company
    .live('stages')
    .filter(({ item }) => item.fields['pipeline_id'] === pipeline)
    .toSorted((one, other) => orderOf(one.item.fields) - orderOf(other.item.fields))
    .map(({ id }) => id);
}

function orderOf(fields: Fields): number {
  return Number(fields['order_nr'] ?? 0);
}

/** Won and lost have their times; a reason for losing is dropped from what is not lost. */
function status(draft: Draft, { nowMs }: Deriving, company: Company): void {
  const now = draft.get('status');
  for (const [path, ...of] of [
    ['won_time', 'won'],
    ['lost_time', 'lost'],
    ['close_time', 'won', 'lost'],
  ] as const) {
    const isMeant = (of as readonly Value[]).includes(now);
    const isGiven = draft.isGiven(path) && draft.has(path);
    if (isGiven && !isMeant) {
      throw new Refused(
        'invalid',
        `${path} is only of deals that are ${of.join(' or ')}.`,
        at(path),
      );
    }
    if (draft.isGiven('status') || draft.isNew) {
      draft.set(path, isMeant ? (isGiven ? draft.get(path) : wholeSeconds(nowMs)) : null);
    }
    const local = `local_${path.replace('_time', '_date')}`;
    const time = draft.get(path) as string | null;
    draft.set(local, time === null ? null : dayIn(company.abilities.timeZone, time));
  }
  if (now !== 'lost') draft.set('lost_reason', null);
}

function dayIn(timeZone: string, time: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(new Date(time));
}

/** The first of them is the primary one, unless another one is. */
function participants(draft: Draft): void {
  const all = (draft.get('participants') ?? []) as readonly string[];
  const person = draft.get('person_id') as string | null;
  if (draft.isGiven('participants') && (person === null || !all.includes(person))) {
    draft.set('person_id', all[0] ?? null);
  } else if (draft.isGiven('person_id') && person !== null && !all.includes(person)) {
    draft.set('participants', [person, ...all]);
  }
}

/** Work on owner and followers moves the time once more, and addresses are looked up. */
function followUps({ kind, collection, before, after }: Change, company: Company): FollowUp[] {
  const { geocodesAfterMs } = company.abilities;
  const following: FollowUp[] = [];
  if (kind === 'created' && FOLLOWED.has(collection)) following.push({ delayMs: [2000, 2001] });
  if (after === undefined || geocodesAfterMs === undefined) return following;
  for (const field of company.collection(collection).schema.fields) {
    const { path } = field;
    if (factsOf(field).kind !== 'address') continue;
    const address = after.fields[path] as { value?: string; country?: string } | null | undefined;
    const isNew = !isSame(before?.fields[path] ?? null, address ?? null);
    if (!isNew || !address?.value || address.country) continue;
    const geocoded: Geocoded = { geocodedFrom: address.value };
    following.push({ delayMs: geocodesAfterMs, fields: { [path]: geocoded } });
  }
  return following;
}

const FOLLOWED: ReadonlySet<string> = new Set(['persons', 'organizations', 'deals', 'activities']);

function require(draft: Draft, path: string): void {
  if (!draft.has(path)) throw required(path);
}

function required(path: string): Refused {
  return new Refused('invalid', `${path} is required`, { path });
}

function at(path: string): { path: string } {
  return { path };
}
