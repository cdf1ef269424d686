/**
 * Who asks. Each app knows one kind of login, and tells everybody else with 401 what is wrong, as far as
 * that helps nobody to guess.
 */
import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { Account } from './account.ts';
import type { Login } from './options.ts';
import { refusal } from './refused.ts';

/** Throws `RequestRefused` for whoever is not let in. */
export function assertLogin({ headers }: Request, account: Account): void {
  const { settings, token, nowMs } = account;
  const { login } = settings;
  const authorization = headers.get('authorization') ?? '';
  const problem = ((): string | undefined => {
    switch (login.kind) {
      case 'bearer':
        return isSame(bearerOf(authorization), token) ? undefined : 'The token is not known.';
      case 'jwt':
        return problemOf(bearerOf(authorization), { login, secret: token, nowS: nowMs / 1000 });
      case 'header':
        return isSame(headers.get(login.name), token) ? undefined : `${login.name} is not known.`;
      case 'basic':
        return isSame(basicOf(authorization), `${login.user}:${token}`)
          ? undefined
          : 'User and password are not known.';
      case 'development':
        return isSame(headers.get('x-auth-id'), token) ? undefined : 'There is no such customer.';
    }
  })();
  if (problem === undefined) return;
  const challenge = CHALLENGES[login.kind];
  const said: Record<string, string> =
    challenge === undefined ? {} : { 'www-authenticate': challenge };
  throw refusal(settings, 401, problem, { headers: said });
}

const CHALLENGES: Readonly<Partial<Record<Login['kind'], string>>> = {
  bearer: 'Bearer',
  jwt: 'Bearer error="invalid_token"',
  basic: 'Basic realm="app"',
};

function problemOf(
  token: string | undefined,
  { login, secret, nowS }: { login: Login & { kind: 'jwt' }; secret: string; nowS: number },
): string | undefined {
  const [head = '', body = '', signature = '', ...more] = token?.split('.') ?? [];
  const [header, claims] = [partOf(head), partOf(body)];
  if (header === undefined || claims === undefined || more.length > 0) return 'That is no token.';
  const { algorithm = 'HS256', longestS = Infinity } = login;
  // What the token says of itself must not decide how it is checked.
  if (header['alg'] !== algorithm) return `The token must be signed with ${algorithm}.`;
  if (!isSigned(`${head}.${body}`, signature, login, secret)) return 'The signature is wrong.';
  const { exp, nbf, iat, sub, aud, iss } = claims;
  if (typeof exp !== 'number') return 'The token has no end.';
  if (exp <= nowS) return 'The token has expired.';
  if ([nbf, iat].some((from) => typeof from === 'number' && from > nowS)) {
    return 'The token is not valid yet.';
  }
  if (Number.isFinite(longestS) && (typeof iat !== 'number' || exp - iat > longestS)) {
    return 'The token lives too long.';
  }
  if (login.subject !== undefined && sub !== login.subject) return 'The subject is not known.';
  if (login.issuer !== undefined && iss !== login.issuer) return 'The issuer is not known.';
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (login.audience !== undefined && !audiences.includes(login.audience)) {
    return 'The token is for somebody else.';
  }
  const lacking = Object.entries(login.claims ?? {}).find(
    ([name, value]) => JSON.stringify(claims[name]) !== JSON.stringify(value),
  );
  return lacking === undefined ? undefined : `The token does not say the right ${lacking[0]}.`;
}

function isSigned(
  text: string,
  signature: string,
  { algorithm = 'HS256', publicKey = '' }: Login & { kind: 'jwt' },
  secret: string,
): boolean {
  if (algorithm === 'HS256') {
    return isSame(signature, createHmac('sha256', secret).update(text).digest('base64url'));
  }
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

function partOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const part: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const isObject = typeof part === 'object' && part !== null && !Array.isArray(part);
    return isObject ? (part as Readonly<Record<string, unknown>>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function bearerOf(authorization: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

function basicOf(authorization: string): string | undefined {
  const coded = /^Basic +(\S+)$/i.exec(authorization)?.[1];
  return coded && Buffer.from(coded, 'base64').toString('utf8');
}

function isSame(given: string | null | undefined, wanted: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
