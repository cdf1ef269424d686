/**
 * Who may use the contact store: whoever shows a JWT (HS256) that was signed with the secret of the store,
 * for this very store, and lives for an hour at most. What a token says of itself never decides how it is
 * checked.
 */
import { createHmac } from 'node:crypto';
import { TributaryError } from '../core/errors.ts';
import { digestsMatch } from '../core/hash.ts';
import { Refused } from './refused.ts';

/** Lets a request in, by its header `Authorization`, or throws what it is refused with. */
export type Login = (authorization: string | undefined, now: number) => void;

/** `audience` is whom tokens have to be for. */
export function loginWith({
  secret,
  audience,
}: {
  secret: string | undefined;
  audience: string;
}): Login {
  if (secret === undefined || Buffer.byteLength(secret) < SECRET_BYTES_MIN) {
    const isMissing = secret === undefined || secret === '';
    throw new TributaryError('contacts-secret', {
      what: `The secret that callers of the contact store sign their tokens with is ${isMissing ? 'missing' : `shorter than ${SECRET_BYTES_MIN} characters, and could be guessed`}.`,
      next: `Set ${SECRET_VARIABLE} to a random text, such as the output of "openssl rand -hex 32"; callers need the same one.`,
    });
  }
  return (authorization, now) => {
    const problem = problemWith(authorization, { secret, audience, nowS: now / 1_000 });
    if (problem === undefined) return;
    throw new Refused(401, problem, {
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
  };
}

export const SECRET_VARIABLE = 'TRIBUTARY_CONTACTS_SECRET';
const SECRET_BYTES_MIN = 32;
const LIFE_S_MAX = 3_600;
/** So far may the clocks of two machines be apart. */
const CLOCKS_S = 60;

function problemWith(
  authorization: string | undefined,
  { secret, audience, nowS }: { secret: string; audience: string; nowS: number },
): string | undefined {
  const token = /^Bearer +([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization ?? '');
  if (token === null) return 'Log in: send a signed token as "Authorization: Bearer <JWT>".';
  const [, head = '', body = '', signature = ''] = token;
  if (partOf(head)?.['alg'] !== 'HS256') return 'Sign the token with HS256.';
  const own = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
  if (!digestsMatch(signature, own)) {
    return 'The signature of the token is wrong. Sign it with the secret of this store.';
  }
  const { exp, nbf, iat, aud } = partOf(body) ?? {};
  if (typeof exp !== 'number') return 'The token has no end. Give it one in "exp".';
  if (exp <= nowS) return 'The token has expired. Sign a new one.';
  if (exp > nowS + LIFE_S_MAX + CLOCKS_S) return 'The token lives too long. An hour is the most.';
  if ([nbf, iat].some((from) => typeof from === 'number' && from > nowS + CLOCKS_S)) {
    return 'The token is not valid yet. Compare the clocks.';
  }
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(audience)) {
    return 'The token is for somebody else. Its "aud" has to be the name of this store.';
  }
  return undefined;
}

function partOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const part: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof part === 'object' && part !== null ? { ...part } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
