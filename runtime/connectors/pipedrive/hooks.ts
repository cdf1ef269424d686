/**
 * Webhooks: setting them up, and what arrives.
 *
 * Traps: nothing is signed; a delivery proves itself with a password only, which is ours to make up. The
 * same webhook made twice sends everything twice. None can be changed, so it is made anew. Pipedrive
 * stops sending to who does not answer, and after three days forgets the webhook; so it has to be ensured
 * again and again. The name of a webhook holds a digest of its password, because nobody tells it again.
 */
import { digestsMatch, fingerprintOf } from '../../core/hash.ts';
import { basicAuth } from '../auth.ts';
import type { Hint, Hooks, RawDelivery, WantedHooks, Webhooks } from '../connector.ts';
import { bodyOf, headerIn, refused } from '../deliveries.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import { objectTypeNamed, objectTypes } from './objects.ts';
import type { Paths } from './paths.ts';

export interface HookOptions {
  readonly rest: Rest;
  readonly paths: Paths;
  /** Whom deliveries log in as. */
  readonly user: string;
}

export function webhooks(options: HookOptions): Webhooks {
  return {
    ensure: (wanted, signal) => ensure(options, wanted, signal),
    async remove(url, signal) {
      for (const { id } of await hooksTo(options, url, signal)) await drop(options, id, signal);
    },
  };
}

async function ensure(
  options: HookOptions,
  { url, secret, collections }: WantedHooks,
  signal: AbortSignal | undefined,
): Promise<Hooks> {
  const { rest, paths, user } = options;
  const wanted = new Map(
    collections.flatMap((collection) => {
      const type = objectTypeNamed(collection);
      if (type === undefined) return [];
      return [[type.one, `Tributary ${type.one} ${fingerprintOf(`${user}:${secret}`)}`]];
    }),
  );
  const kept = new Set<string>();
  for (const hook of await hooksTo(options, url, signal)) {
    const {
      event_object: one,
      event_action: action,
      version,
      is_active: isActive,
      name,
      id,
    } = hook;
    const isOurs = name === wanted.get(one) && action === '*' && version === '2.0' && isActive;
    if (isOurs && !kept.has(one)) kept.add(one);
    else await drop(options, id, signal);
  }
  for (const [one, name] of wanted) {
    if (kept.has(one)) continue;
    await rest.send({
      method: 'POST',
      path: paths.v1('webhooks'),
      body: {
        subscription_url: url,
        event_action: '*',
        event_object: one,
        name,
        http_auth_user: user,
        http_auth_password: secret,
        version: '2.0',
      },
      answer: api.hooked,
      signal,
    });
  }
  return { secret };
}

async function hooksTo(
  { rest, paths }: HookOptions,
  url: string,
  signal: AbortSignal | undefined,
): Promise<readonly api.WireHook[]> {
  const path = paths.v1('webhooks');
  const { data } = await rest.send({ method: 'GET', path, answer: api.hooks, signal });
  return data.filter(({ subscription_url: to }) => to === url);
}

/** Who has gone already is gone. */
async function drop(
  { rest, paths }: HookOptions,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await rest.send({
    method: 'DELETE',
    path: paths.v1('webhooks', id),
    answer: api.anything,
    answers: { 404: api.anything },
    signal,
  });
}

// ---------------------------------------------------------------------------------------------
// What arrives

export interface Expected {
  readonly user: string;
  /** None: nothing that arrives can be believed. */
  readonly secret: string | undefined;
  /** What is about other companies is passed over. */
  readonly companyId: string;
  /** What errors call the account. */
  readonly login: string;
}

export function receive(
  delivery: RawDelivery,
  { user, secret, companyId, login }: Expected,
): readonly Hint[] {
  const receiver = { vendor: 'pipedrive', login };
  if (!secret) throw refused(receiver, 'no password for webhooks is known here', COMPARE);
  const [wanted = ''] = basicAuth(user, secret).secrets.slice(-1);
  const given = headerIn(delivery.headers, 'authorization');
  // Digests of both, so that the time it takes tells nothing about the length either.
  if (!digestsMatch(fingerprintOf(given), fingerprintOf(`Basic ${wanted}`))) {
    throw refused(receiver, 'its password is not right', COMPARE);
  }
  const { meta } = bodyOf(delivery, api.delivery, receiver);
  const type = objectTypes.find(({ one }) => one === meta.entity);
  if (type === undefined || (meta.company_id ?? companyId) !== companyId) return [];
  const ids = [meta.entity_id, meta.merged_to_id, meta.merged_from_id];
  return ids.flatMap((id) => (id ? [{ delivery: meta.id, collection: type.name, id }] : []));
}

const COMPARE =
  'If it came from Pipedrive, compare the user and the password of the webhook, or have it set up anew.';
