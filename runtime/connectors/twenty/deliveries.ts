/**
 * Webhooks that have arrived: whether Twenty sent them, and which items they are about.
 *
 * What is signed is the time, a colon, and the body to the byte. A delivery has no id, and may come twice
 * with another date in it; so what it is about, and how that stands, is its id.
 */
import { createHmac } from 'node:crypto';
import { digestsMatch, fingerprintOf } from '../../core/hash.ts';
import type { Hint, RawDelivery } from '../connector.ts';
import { bodyOf, headerIn, isRecent, refused } from '../deliveries.ts';
import * as api from './api.ts';
import type { ObjectType } from './objects.ts';

export interface Expected {
  /** Missing when nobody has set up webhooks. */
  readonly secret: string | undefined;
  readonly vendorNow: number;
  readonly types: readonly ObjectType[];
  /** What errors call the account. */
  readonly login: string;
}

export function receive(
  delivery: RawDelivery,
  { secret, vendorNow, types, login }: Expected,
): readonly Hint[] {
  const { headers, body } = delivery;
  const receiver = { vendor: 'twenty', login };
  if (secret === undefined || secret === '') {
    throw refused(receiver, 'the secret is not known', COMPARE);
  }
  const time = headerIn(headers, 'x-twenty-webhook-timestamp');
  const expected = createHmac('sha256', secret).update(`${time}:`).update(body).digest('hex');
  if (!digestsMatch(headerIn(headers, 'x-twenty-webhook-signature'), expected)) {
    throw refused(receiver, 'its signature is not right', COMPARE);
  }
  if (!isRecent(Number(time), vendorNow)) {
    throw refused(receiver, 'it was signed at another time', COMPARE);
  }
  return hintsIn(bodyOf(delivery, api.delivery, receiver), types);
}

const COMPARE =
  'If it came from Twenty, compare the secret of the webhook and the clock of this machine.';

function hintsIn(
  { eventName, webhookId, objectMetadata: { nameSingular }, record }: api.WireDelivery,
  types: readonly ObjectType[],
): readonly Hint[] {
  const state = fingerprintOf(JSON.stringify(record));
  const delivery = [webhookId ?? '', eventName, record.id, state].join('-');
  const own = types.find(({ one }) => one === nameSingular);
  const hints = own ? [{ delivery, collection: own.name, id: record.id }] : [];
  // A row that says what something is about is a change of that.
  const holder = types.find(({ targets }) => targets?.row === nameSingular);
  const id = holder?.targets && record[holder.targets.own];
  if (holder === undefined || typeof id !== 'string') return hints;
  return [{ delivery, collection: holder.name, id }];
}
