/** Tokens as callers of the contact store sign them, and as they should not. */
import { createHmac } from 'node:crypto';

export const SECRET = 'a-secret-of-tests-with-more-than-32-characters';

export interface Made {
  readonly secret?: string;
  readonly header?: object;
  readonly claims?: object;
}

/** Good for five minutes after `now`, unless its claims say otherwise. */
export function tokenFor(
  audience: string,
  now: number,
  { secret = SECRET, header = { alg: 'HS256', typ: 'JWT' }, claims = {} }: Made = {},
): string {
  const nowS = Math.floor(now / 1_000);
  const text = [header, { aud: audience, iat: nowS, exp: nowS + 300, ...claims }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
