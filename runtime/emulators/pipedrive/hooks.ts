/**
 * How Pipedrive tells of changes: one letter per change, with what the record was and is, over HTTP Basic
 * and without a signature. Who often does not answer at first is not told anything for a while, and who
 * never answers, not at all any more.
 */
import type { World } from '../../world/world.ts';
import type { Change, Item } from '../crm/model.ts';
import { isSame } from '../crm/values.ts';
import type { Outcome, WebhookDialect } from '../webhooks.ts';
import type { Company } from './company.ts';
import { factsOf } from './fields.ts';
import { shown, type Shown } from './showing.ts';
import { sourceOf } from './trail.ts';

export interface Hook {
  readonly url: string;
  readonly action: string;
  readonly object: string;
  readonly name: string;
  readonly userId: number;
  /** Of HTTP Basic. */
  readonly user: string;
  readonly password: string;
  readonly hasLogin: boolean;
  readonly type: 'general' | 'application';
  readonly addedAtMs: number;
  lastSuccessMs: number;
  lastDeliveryMs: number | undefined;
  lastStatus: number | undefined;
}

interface Message {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly data: object | null;
  readonly previous: object | null;
}

export const HOOK_ACTIONS = ['create', 'change', 'delete', '*'] as const;
export const HOOK_OBJECTS = [
  'activity',
  'deal',
  'lead',
  'note',
  'organization',
  'person',
  'pipeline',
  'product',
  'stage',
  'user',
  'deal_installment',
  'deal_product',
  'board',
  'phase',
  'project',
  'task',
  '*',
] as const;
export const HOOKS_MOST = 40;
export const ANSWER_MS_MAX = 10_000;

const FAILURES_UNTIL_BANNED = 10;
const BANNED_MS = 30 * 60_000;
const GIVEN_UP_AFTER_MS = 3 * 86_400_000;

const OBJECTS: Readonly<Record<string, string>> = {
  persons: 'person',
  organizations: 'organization',
  deals: 'deal',
  activities: 'activity',
  notes: 'note',
  pipelines: 'pipeline',
  stages: 'stage',
  users: 'user',
};

/** `remove` takes a hook back by its id. */
export function webhookDialect(
  company: Company,
  world: World,
  remove: (id: string) => void,
): WebhookDialect<Hook, Message> {
  const bans = new Map<string, { readonly failures: number; readonly untilMs: number }>();
  const acts = new WeakMap<readonly Change[], string>();

  function heard(hook: Hook, { hook: id, attempt, isAccepted, status, nowMs }: Outcome): void {
    hook.lastDeliveryMs = nowMs;
    hook.lastStatus = status;
    if (isAccepted) hook.lastSuccessMs = nowMs;
    // A ban lasts its time, also for who accepts a later try.
    if (attempt === 0) {
      const ban = bans.get(hook.url) ?? { failures: 0, untilMs: -Infinity };
      const failures = isAccepted ? 0 : ban.failures + 1;
      const isTooMuch = failures >= FAILURES_UNTIL_BANNED;
      bans.set(
        hook.url,
        isTooMuch ? { failures: 0, untilMs: nowMs + BANNED_MS } : { ...ban, failures },
      );
    }
    if (!isAccepted && nowMs - hook.lastSuccessMs >= GIVEN_UP_AFTER_MS) remove(id);
  }

  return {
    answerMsMax: ANSWER_MS_MAX,
    retriesAfterMs: [3000, 30_000, 150_000],
    heard,
    messages(hook, changes) {
      const nowMs = company.account.nowMs;
      if (nowMs < (bans.get(hook.url)?.untilMs ?? -Infinity)) return [];
      const correlation = acts.get(changes) ?? world.newId();
      acts.set(changes, correlation);
      return changes.flatMap((change) => {
        const told = toldOf(company, change, changes);
        const isMeant =
          told !== undefined &&
          (hook.action === '*' || hook.action === told.action) &&
          (hook.object === '*' || hook.object === OBJECTS[change.collection]) &&
          !company.collection(change.collection).hidden.has(change.id);
        if (!isMeant) return [];
        const { action, data, previous, more } = told;
        const meta = {
          action,
          company_id: String(company.id),
          correlation_id: correlation,
          entity_id: change.id,
          entity: OBJECTS[change.collection]!,
          id: world.newId(),
          is_bulk_edit: false,
          timestamp: timestampOf(change, nowMs),
          type: hook.type,
          user_id: company.userOf(change.by),
          version: '2.0',
          change_source: sourceOf(change),
          permitted_user_ids: company.live('users').map(({ id }) => id),
          ...more,
        };
        return [{ meta, data, previous }];
      });
    },
    letter({ userId, hasLogin, user, password }, { meta, data, previous }, { hook, attempt }) {
      const all = {
        ...meta,
        webhook_id: hook,
        webhook_owner_id: String(userId),
        attempt: attempt + 1,
        host: `${company.account.name}.pipedrive.com`,
      };
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      return {
        headers: hasLogin ? { authorization } : {},
        body: JSON.stringify({ meta: all, data, previous }),
      };
    },
  };
}

function timestampOf({ collection }: Change, nowMs: number): string | number {
  return collection === 'users' ? Math.floor(nowMs / 1000) : new Date(nowMs).toISOString();
}

interface Told {
  readonly action: 'create' | 'change' | 'delete';
  readonly data: object | null;
  readonly previous: object | null;
  readonly more?: object;
}

/** Undefined for what nobody is told: that something which was deleted before is now gone for good. */
function toldOf(company: Company, change: Change, all: readonly Change[]): Told | undefined {
  const { kind, before, after, collection, id, into } = change;
  const formOf = (item: Item): Shown => letterForm(company, collection, item);
  switch (kind) {
    case 'created':
      return { action: 'create', data: formOf(after!), previous: null };
    case 'updated': {
      const loser = all.find((other) => other.kind === 'merged' && other.into === id);
      return {
        action: 'change',
        data: formOf(after!),
        previous: changedIn(formOf(before!), formOf(after!)),
        ...(loser === undefined ? {} : { more: { merged_from_id: loser.id } }),
      };
    }
    case 'restored':
      return {
        action: 'change',
        data: formOf(after!),
        previous: before === undefined ? null : changedIn(formOf(before), formOf(after!)),
      };
    case 'deleted':
    case 'destroyed':
      if (before === undefined || before.archived) return undefined;
      return { action: 'delete', data: null, previous: formOf(before) };
    case 'merged':
      return {
        action: 'delete',
        data: null,
        previous: formOf(before!),
        more: { merged_to_id: into },
      };
  }
}

/** Not quite what the API shows: a level that is a text, and values of custom fields with their types. */
function letterForm(company: Company, name: string, item: Item): Shown {
  const collection = company.collection(name);
  const { is_deleted: _deleted, custom_fields: custom, ...rest } = shown(company, collection, item);
  const { visible_to: level, label_ids: labels } = rest;
  const values = Object.entries(custom ?? {}).map(([code, value]) => {
    const { type } = factsOf(company.fieldWith(collection, code)!);
    return [code, typed(type, value as unknown)] as const;
  });
  return {
    ...rest,
    ...(level === undefined ? {} : { visible_to: level === null ? null : `${level as number}` }),
    ...(name === 'persons' ? { label: (labels as readonly number[])[0] ?? null } : {}),
    ...(custom === undefined ? {} : { custom_fields: Object.fromEntries(values) }),
  };
}

function typed(type: string, value: unknown): object | null {
  if (value === null) return null;
  if (['enum', 'user', 'org', 'people'].includes(type)) return { type, id: value };
  if (type === 'set') return { type, values: (value as readonly number[]).map((id) => ({ id })) };
  if (type === 'daterange' || type === 'timerange') {
    const { value: from, until, ...zone } = value as { value: string; until: string };
    const { timezone_id: zoneId } = zone as { timezone_id?: number };
    return { type, from, until, ...(zoneId === undefined ? {} : { timezone_id: zoneId }) };
  }
  if (type === 'time') {
    const { value: time, timezone_id: zoneId } = value as { value: string; timezone_id: number };
    return { type, value: time, timezone_id: zoneId };
  }
  return typeof value === 'object' ? { type, ...value } : { type, value };
}

/** Of both, what was before and is different now. */
function changedIn(before: Shown, after: Shown): Shown {
  const changed = Object.keys({ ...before, ...after }).filter(
    (name) => !isSame((before[name] ?? null) as null, (after[name] ?? null) as null),
  );
  return Object.fromEntries(
    changed.map((name) => {
      const [old, now] = [before[name] ?? null, after[name] ?? null];
      const isNested = name === 'custom_fields';
      return [
        name,
        isNested ? changedIn((old ?? {}) as Shown, (now ?? {}) as Shown) : old,
      ] as const;
    }),
  );
}
