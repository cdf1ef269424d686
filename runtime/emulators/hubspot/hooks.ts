/**
 * How HubSpot tells an app: events in lists of up to a hundred, in any order, signed in two ways, and
 * eleven times at most within a day.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Random } from '../../world/world.ts';
import type { Change } from '../crm/model.ts';
import type { WebhookDialect } from '../webhooks.ts';
import type { Account } from './account.ts';
import { eventsOf, isFor } from './events.ts';
import type { AppSettings } from './app-settings.ts';

export interface Hook {
  /** Where the app wants it just now. */
  readonly url: string;
  readonly account: Account;
  readonly app: AppSettings;
  readonly chance: Random;
}

type Message = readonly Readonly<Record<string, unknown>>[];

const EVENTS_MAX = 100;
const MINUTE_MS = 60_000;

export const HUBSPOT_WEBHOOKS: WebhookDialect<Hook, Message> = {
  answerMsMax: 5000,
  // Ten tries more, spread over a day.
  retriesAfterMs: [1, 4, 12, 25, 48, 90, 150, 240, 360, 480].map((minutes) => minutes * MINUTE_MS),
  messages(hook, changes) {
    const { account, app, chance } = hook;
    const { target, subscriptions } = app.effective(account.worldMs);
    const canTell = app.options.kind !== 'serviceKey' && target !== undefined;
    if (!canTell || subscriptions.size === 0) return [];
    const events = numbered(hook, changes).toSorted(() => chance.next() - 0.5);
    const chunks: Message[] = [];
    for (let start = 0; start < events.length; start += EVENTS_MAX) {
      chunks.push(events.slice(start, start + EVENTS_MAX));
    }
    return chunks;
  },
  letter({ url, account, app }, events, { attempt, nowMs }) {
    const body = JSON.stringify(events.map((event) => ({ ...event, attemptNumber: attempt })));
    const { clientSecret } = app.options;
    const { olderSignature } = account.settings;
    return {
      headers: {
        'x-hubspot-signature-v3': signatureV3(clientSecret, { url, body, timestamp: nowMs }),
        'x-hubspot-request-timestamp': String(nowMs),
        'x-hubspot-signature': OLDER[olderSignature](clientSecret, { url, body }),
        'x-hubspot-signature-version': olderSignature,
      },
      body,
    };
  },
};

/** @internal The request as it was posted, with some escapes of the address undone. */
export function signatureV3(
  secret: string,
  { url, body, timestamp }: { url: string; body: string; timestamp: number },
): string {
  return createHmac('sha256', secret)
    .update(`POST${halfDecoded(url)}${body}${timestamp}`)
    .digest('base64');
}

/** @internal */
export const OLDER: Readonly<
  Record<'v1' | 'v2', (secret: string, letter: { url: string; body: string }) => string>
> = {
  v1: (secret, { body }) => hashOf(`${secret}${body}`),
  v2: (secret, { url, body }) => hashOf(`${secret}POST${url}${body}`),
};

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** These, and no other one. */
const UNDONE: Readonly<Record<string, string>> = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
};

function halfDecoded(url: string): string {
  return url.replaceAll(/%[0-9a-f]{2}/gi, (escape) => UNDONE[escape.toUpperCase()] ?? escape);
}

/** Ids of events are numbers that come again. */
function numbered({ account, app, chance }: Hook, changes: readonly Change[]): Message {
  const { subscriptions } = app.effective(account.worldMs);
  const active = [...subscriptions.values()].filter((one) => one.active);
  return eventsOf(account, changes).flatMap((event) =>
    active
      .filter((subscription) => isFor(subscription, event))
      .map(({ id, eventType }) => ({
        eventId: 1 + chance.below(EVENT_IDS),
        subscriptionId: id,
        portalId: account.settings.portalId,
        appId: app.options.id,
        occurredAt: changes[0]!.at,
        subscriptionType: eventType,
        attemptNumber: 0,
        ...(eventType.startsWith('object.') ? { objectTypeId: event.object.typeId } : {}),
        ...event.facts,
      })),
  );
}

const EVENT_IDS = 1000;
