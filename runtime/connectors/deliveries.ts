/**
 * Webhooks that have arrived, as every connector treats them: nothing is read before it has proven who sent
 * it, nothing counts that was signed long ago, and no error repeats what is in it.
 */
import type { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import { VendorError, type RawDelivery } from './connector.ts';

/** Whose webhook it is said to be, as errors name it. */
export interface Receiver {
  readonly vendor: string;
  readonly login: string;
}

/** The header of that name, written in small letters; empty when there is none. */
export function headerIn(headers: RawDelivery['headers'], wanted: string): string {
  const [, value = ''] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === wanted) ?? [];
  return value;
}

/** Whether it was signed just now, by the vendor's clock; later somebody may have copied it. */
export function isRecent(signedAt: number, vendorNow: number): boolean {
  return Number.isInteger(signedAt) && Math.abs(vendorNow - signedAt) <= AGE_MS_MAX;
}

const AGE_MS_MAX = 300_000;

/** What a delivery says; only for one that has proven who sent it. */
export function bodyOf<Body>(
  { body }: RawDelivery,
  shape: z.ZodType<Body>,
  { vendor, login }: Receiver,
): Body {
  try {
    return shape.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    // No cause: it quotes the body, and with it what customers wrote.
    throw new VendorError('broken', {
      what: `${vendor} sent account '${login}' a webhook that nobody understands.`,
      next: 'Its API has changed and the connector needs an update; report it.',
    });
  }
}

export function refused(
  { vendor, login }: Receiver,
  reason: string,
  /** What to look at when the vendor did send it. */
  next: string,
): TributaryError {
  return new TributaryError('delivery-refused', {
    what: `A webhook for account '${login}' of ${vendor} was refused: ${reason}.`,
    next,
  });
}
