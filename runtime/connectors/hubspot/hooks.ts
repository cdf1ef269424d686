/**
 * Webhooks of an app, which can be set up with a key of its developer. A private app has to be set up by a
 * person, and a service key has none.
 *
 * Traps: an app sends everything to one address, for all accounts that have installed it; so an address
 * that is not ours is left alone and told. Each property takes a subscription of its own.
 */
import { VendorError, type Hooks, type WantedHooks, type Webhooks } from '../connector.ts';
import type { Call, Rest } from '../http.ts';
import * as api from './api.ts';
import { objectTypeOf, type ObjectType } from './objects.ts';
import { OWNERS } from './owners.ts';
import type { Paths } from './paths.ts';

export interface HookOptions {
  /** Without a login: the key is sent with each call. */
  readonly rest: Rest;
  readonly paths: Paths;
  readonly app: string;
  readonly key: string;
  /** The client secret of the app, which HubSpot signs with. */
  readonly secret: string;
  /** The properties that people and programs can write. */
  readonly propertiesOf: (collection: string) => Promise<readonly string[]>;
  readonly login: string;
}

export function webhooks(options: HookOptions): Webhooks {
  return {
    ensure: (wanted, signal) => ensure(options, wanted, signal),
    async remove(url, signal) {
      if ((await targetOf(options, signal)) !== url) return;
      await call(options, ['settings'], { method: 'DELETE', answer: api.anything, signal });
    },
  };
}

async function ensure(
  options: HookOptions,
  { url, collections }: WantedHooks,
  signal: AbortSignal | undefined,
): Promise<Hooks> {
  const { app, login, secret } = options;
  const target = await targetOf(options, signal);
  if (target !== undefined && target !== url) {
    throw new VendorError('rejected', {
      what: `The webhooks of the app ${app}, which account '${login}' of hubspot uses, lead to another address.`,
      next: 'Correct it in the settings of the app, or use an app of its own.',
    });
  }
  if (target === undefined) {
    await call(options, ['settings'], {
      method: 'PUT',
      body: { targetUrl: url, throttling: { maxConcurrentRequests: 10 } },
      answer: api.anything,
      signal,
    });
  }
  const wanted = new Map<string, Wanted>();
  // Of owners nobody is told.
  for (const name of collections.filter((each) => each !== OWNERS)) {
    const all = wantedFor(objectTypeOf(name), await options.propertiesOf(name));
    for (const each of all) wanted.set(nameOf(each), each);
  }
  const { results } = await call(options, SUBSCRIPTIONS, {
    method: 'GET',
    answer: api.subscriptions,
    signal,
  });
  const known = Map.groupBy(results, nameOf);
  for (const [name, each] of wanted) {
    const [first, ...twice] = known.get(name) ?? [];
    for (const { id } of twice) {
      const path = [...SUBSCRIPTIONS, id];
      await call(options, path, { method: 'DELETE', answer: api.anything, signal });
    }
    // They are made asleep, unless they are told to be awake.
    const active = true;
    if (first === undefined) {
      const body = { ...each, active };
      await call(options, SUBSCRIPTIONS, { method: 'POST', body, answer: api.subscribed, signal });
    } else if (!first.active) {
      const path = [...SUBSCRIPTIONS, first.id];
      await call(options, path, {
        method: 'PATCH',
        body: { active },
        answer: api.subscribed,
        signal,
      });
    }
  }
  return { secret };
}

const SUBSCRIPTIONS = ['subscriptions'];

/** Undefined when nobody has said yet where to. */
async function targetOf(
  options: HookOptions,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const settings = await call<{ targetUrl: string } | api.WireRefusal>(options, ['settings'], {
    method: 'GET',
    answer: api.hookSettings,
    answers: { 404: api.refusal },
    signal,
  });
  return 'refused' in settings ? undefined : settings.targetUrl;
}

function call<T>(
  { rest, paths, app, key }: HookOptions,
  names: readonly string[],
  wanted: Omit<Call<T>, 'path' | 'query'>,
): Promise<T> {
  return rest.send({ ...wanted, path: paths.hooks(app, ...names), query: { hapikey: key } });
}

interface Wanted {
  readonly eventType: string;
  readonly propertyName?: string;
  readonly objectTypeId?: string;
}

/** These have events of their own; those of all others are told apart by the id of their kind. */
const WITH_EVENTS = new Set(['contact', 'company', 'deal', 'ticket']);

function wantedFor({ one, id }: ObjectType, properties: readonly string[]): readonly Wanted[] {
  const [prefix, kind] = WITH_EVENTS.has(one) ? [one, {}] : ['object', { objectTypeId: id }];
  const happenings = ['creation', 'deletion', 'merge', 'restore', 'associationChange'];
  return [
    ...happenings.map((name) => ({ eventType: `${prefix}.${name}`, ...kind })),
    ...properties.map((propertyName) => ({
      eventType: `${prefix}.propertyChange`,
      propertyName,
      ...kind,
    })),
  ];
}

function nameOf({
  eventType,
  propertyName,
  objectTypeId,
}: Pick<api.WireSubscription, 'eventType' | 'propertyName' | 'objectTypeId'>): string {
  // Those with events of their own may be told with the id of their kind or without.
  const kind = eventType.startsWith('object.') ? (objectTypeId ?? '') : '';
  return `${eventType} ${kind} ${propertyName ?? ''}`;
}
