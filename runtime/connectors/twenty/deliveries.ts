/**
 * Webhooks that have arrived: whether Twenty sent them, and which items they are about.
 *
 * What is signed is the time, a colon, and the body to the byte. A delivery has no id, and may come twice
 * with another date in it; so what it is about, and how that stands, is its id.
 */
import { createHmac } from 'node:crypto';
import { TributaryError } from '../../core/errors.ts';
import { digestsMatch, fingerprintOf } from '../../core/hash.ts';
import { VendorError, type Hint, type RawDelivery } from '../connector.ts';
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

/** How old or how far ahead a delivery may be; later somebody may have copied it. */
const AGE_MS_MAX = 300_000;

export function receive(
  { headers, body }: RawDelivery,
  { secret, vendorNow, types, login }: Expected,
): readonly Hint[] {
  if (secret === undefined || secret === '') throw refused(login, 'the secret is not known');
  const time = headerIn(headers, 'x-twenty-webhook-timestamp');
  const expected = createHmac('sha256', secret).update(`${time}:`).update(body).digest('hex');
  if (!digestsMatch(headerIn(headers, 'x-twenty-webhook-signature'), expected)) {
    throw refused(login, 'its signature is not right');
  }
  const isTime = /^\d{1,16}$/.test(time);
  if (!isTime || Math.abs(vendorNow - Number(time)) > AGE_MS_MAX) {
    throw refused(login, 'it was signed at another time');
  }
  return hintsIn(eventIn(body, login), types);
}

function headerIn(headers: RawDelivery['headers'], wanted: string): string {
  const [, value = ''] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === wanted) ?? [];
  return value;
}

function refused(login: string, reason: string): TributaryError {
  return new TributaryError('delivery-refused', {
    what: `A webhook for account '${login}' of twenty was refused: ${reason}.`,
    next: 'If it came from Twenty, compare the secret of the webhook and the clock of this machine.',
  });
}

function eventIn(body: Uint8Array, login: string): api.WireDelivery {
  try {
    return api.delivery.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    // No cause: it quotes the body, and with it what customers wrote.
    throw new VendorError('broken', {
      what: `twenty sent account '${login}' a webhook that nobody understands.`,
      next: 'Its API has changed and the connector needs an update; report it.',
    });
  }
}

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
