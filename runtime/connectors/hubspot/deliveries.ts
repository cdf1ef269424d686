/**
 * Webhooks that have arrived: whether HubSpot sent them, and which items they are about.
 *
 * What is signed is the method, the address as HubSpot called it, the body to the byte, and the time. Of
 * the address some letters are not escaped when it is signed; and behind a proxy it is another one than
 * the request that arrives shows, so it is better told in the configuration. HubSpot has older signatures
 * as well, which do not hold the time, so that a delivery could be copied: these are not taken.
 */
import { createHmac } from 'node:crypto';
import { digestsMatch } from '../../core/hash.ts';
import type { Hint, RawDelivery } from '../connector.ts';
import { bodyOf, headerIn, isRecent, refused } from '../deliveries.ts';
import * as api from './api.ts';
import { objectTypes } from './objects.ts';

export interface Expected {
  /** The client secret of the app. */
  readonly secret: string;
  /** Where HubSpot was told to send to; missing when that is the address of the request itself. */
  readonly url: string | undefined;
  readonly vendorNow: number;
  /** One app serves many accounts; what is about others is passed over. */
  readonly portalId: string;
  /** What errors call the account. */
  readonly login: string;
}

export function receive(
  delivery: RawDelivery,
  { secret, url = delivery.url, vendorNow, portalId, login }: Expected,
): readonly Hint[] {
  const { method, headers, body } = delivery;
  const receiver = { vendor: 'hubspot', login };
  if (!URL.canParse(url)) {
    throw refused(receiver, 'the address that HubSpot sends to is not known', COMPARE);
  }
  const time = headerIn(headers, 'x-hubspot-request-timestamp');
  const expected = createHmac('sha256', secret)
    .update(method.toUpperCase() + unescaped(url))
    .update(body)
    .update(time)
    .digest('base64');
  if (!digestsMatch(headerIn(headers, 'x-hubspot-signature-v3'), expected)) {
    throw refused(receiver, 'its signature is not right', COMPARE);
  }
  if (!isRecent(Number(time), vendorNow)) {
    throw refused(receiver, 'it was signed at another time', COMPARE);
  }
  const hints = bodyOf(delivery, api.delivery, receiver)
    .filter((event) => event.portalId === portalId)
    .flatMap(hintsIn);
  // An edit of three properties is three events.
  return [...new Map(hints.map((hint) => [`${hint.collection} ${hint.id}`, hint])).values()];
}

const COMPARE =
  'If it came from HubSpot, compare the client secret and the address of the webhooks, and the clock of this machine.';

/** These, and no other ones; the question mark that begins the query is none of them. */
const ESCAPES = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

function unescaped(url: string): string {
  return url.replace(/#.*$/, '').replace(ESCAPES, (code) => decodeURIComponent(code));
}

function hintsIn(event: api.WireEvent): Hint[] {
  const [one = ''] = (event.subscriptionType ?? event.eventType ?? '').split('.');
  const collection = collectionOf(one, event.objectTypeId ?? undefined);
  if (collection === undefined) return [];
  const delivery = DELIVERY.map((name) => event[name] ?? '').join('-');
  const { objectId, fromObjectId, primaryObjectId, newObjectId, mergedObjectIds } = event;
  const ids = [objectId, fromObjectId, primaryObjectId, newObjectId, ...(mergedObjectIds ?? [])];
  return ids.flatMap((id) => (id ? [{ delivery, collection, id }] : []));
}

/** The id of an event alone is not unique. */
const DELIVERY = [
  'subscriptionId',
  'objectId',
  'fromObjectId',
  'propertyName',
  'occurredAt',
  'eventId',
] as const;

/** Conversations and the like are about no item; kinds of the account's own are named by their ids. */
function collectionOf(one: string, objectTypeId: string | undefined): string | undefined {
  if (one === 'object') {
    return objectTypes.find(({ id }) => id === objectTypeId)?.name ?? objectTypeId;
  }
  return objectTypes.find((type) => type.one === one)?.name;
}
