/**
 * How the user's own app knows who is calling: a token, one that is signed here for each few minutes, a
 * fixed header, a name with a password; or nothing worth the name, on this machine, while the real login is
 * not there yet.
 */
import { createPrivateKey, createSecretKey, sign, createHmac, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import { basicAuth, tokenAuth, type Auth } from '../auth.ts';
import { VendorError } from '../connector.ts';

const bare = z.string().regex(/^[\x21-\x7e]+$/, 'It has no spaces and no accents.');

const jwt = z
  .strictObject({
    kind: z.literal('jwt'),
    secret: z.string().min(1).optional().meta({
      title: 'Secret',
      description: 'That the app knows as well. At least 32 characters.',
    }),
    privateKey: z.string().startsWith('-----BEGIN ').optional().meta({
      title: 'Private key',
      description: 'Instead of a secret; the app knows the public one.',
    }),
    algorithm: z.enum(['HS256', 'RS256', 'ES256']).optional().meta({ title: 'Algorithm' }),
    subject: z
      .string()
      .min(1)
      .optional()
      .meta({ title: 'Subject', description: 'Who is calling.' }),
    issuer: z.string().min(1).optional().meta({ title: 'Issuer' }),
    audience: z.string().min(1).optional().meta({ title: 'Audience' }),
    claims: z.record(z.string(), z.unknown()).optional().meta({
      title: 'More',
      description: 'What the app wants to read in the token, such as a customer.',
    }),
    lifetimeS: z.int().min(30).max(3_600).default(300).meta({ title: 'Lifetime in seconds' }),
  })
  .refine(({ secret, privateKey }) => (secret === undefined) !== (privateKey === undefined), {
    message: 'Fill in a secret or a private key, and not both.',
  });

export const login = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bearer'),
    token: bare.meta({ title: 'Token', description: 'Sent as it is.' }),
  }),
  jwt,
  z.strictObject({
    kind: z.literal('header'),
    name: z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'It is the name of a header.'),
    value: bare,
  }),
  z.strictObject({
    kind: z.literal('basic'),
    user: z.string().min(1),
    password: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal('development'),
    customer: bare.meta({
      title: 'Customer',
      description: 'Sent as x-auth-id, and believed by everybody. Only for an app on this machine.',
    }),
  }),
]);
export type Login = z.infer<typeof login>;

export function authOf(
  given: Login,
  { world, baseUrl, account }: { world: World; baseUrl: string; account: string },
): Auth {
  switch (given.kind) {
    case 'bearer':
      return tokenAuth(given.token);
    case 'header':
      return tokenAuth(given.value, { header: given.name, scheme: '' });
    case 'basic':
      return basicAuth(given.user, given.password);
    case 'jwt':
      return signedAuth(given, world, account);
    case 'development':
      return developmentAuth(given.customer, { world, baseUrl, account });
  }
}

/** Whoever sends this header is believed; so it goes nowhere but to this machine. */
function developmentAuth(
  customer: string,
  { world, baseUrl, account }: { world: World; baseUrl: string; account: string },
): Auth {
  const { hostname } = new URL(baseUrl);
  if (!/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)) {
    throw new VendorError('forbidden', {
      what: `Account '${account}' of rest would tell ${hostname} who it is without proving it. That is for an app on this machine that is still being written.`,
      next: 'Set "auth" to a login that the app checks: bearer, jwt, header or basic.',
    });
  }
  world.log.write(
    'warn',
    `DEVELOPMENT ONLY: account '${account}' of rest proves to nobody who it is. Anybody who reaches the app can do the same.`,
    { customer },
  );
  return { headers: async () => ({ 'x-auth-id': customer }), secrets: [] };
}

// ---------------------------------------------------------------------------------------------
// Tokens that are signed here

type Jwt = Extract<Login, { kind: 'jwt' }>;

/** So that it does not expire on the way, and is good for an app whose clock is behind. */
const EARLY_MS = 15_000;
const CLOCKS_S = 30;

function signedAuth(given: Jwt, world: World, account: string): Auth {
  const signer = signerOf(given, account);
  const lifeMs = given.lifetimeS * 1_000;
  let token = { text: '', madeAt: -Infinity };
  let before = '';

  function makeOne(): void {
    before = token.text;
    const madeAt = world.clock.now();
    token = { text: tokenFor(given, signer, madeAt, world.newId()), madeAt };
  }

  return {
    async headers() {
      if (world.clock.now() >= token.madeAt + lifeMs - EARLY_MS) makeOne();
      return { authorization: `Bearer ${token.text}` };
    },
    get secrets() {
      const { secret = '', privateKey = '' } = given;
      return [secret, privateKey, token.text, before];
    },
    /** It may have been taken back early; one that was made for this very call would be refused again. */
    async renew({ authorization }) {
      if (authorization !== `Bearer ${token.text}`) return true;
      if (world.clock.now() - token.madeAt < FRESH_MS) return false;
      makeOne();
      return true;
    },
  };
}

const FRESH_MS = 5_000;

function tokenFor(given: Jwt, { algorithm, sign: seal }: Signer, now: number, id: string): string {
  const { subject, issuer, audience, claims = {}, lifetimeS } = given;
  const nowS = Math.floor(now / 1_000);
  const payload = {
    ...claims,
    ...(subject !== undefined && { sub: subject }),
    ...(issuer !== undefined && { iss: issuer }),
    ...(audience !== undefined && { aud: audience }),
    iat: nowS - CLOCKS_S,
    exp: nowS + lifetimeS,
    jti: id,
  };
  const text = [{ alg: algorithm, typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${seal(text).toString('base64url')}`;
}

interface Signer {
  readonly algorithm: 'HS256' | 'RS256' | 'ES256';
  readonly sign: (text: string) => Buffer;
}

const SECRET_BYTES_MIN = 32;

function signerOf({ secret, privateKey, algorithm }: Jwt, account: string): Signer {
  const wrong = (why: string): never => {
    const what = `Account '${account}' of rest cannot sign its tokens: ${why}.`;
    throw new VendorError('unauthorized', { what, next: 'Correct "auth" in the account.' });
  };
  if (secret !== undefined) {
    if (algorithm !== undefined && algorithm !== 'HS256') wrong(`${algorithm} takes a private key`);
    if (Buffer.byteLength(secret) < SECRET_BYTES_MIN) {
      wrong(`the secret has less than ${SECRET_BYTES_MIN} characters, and could be guessed`);
    }
    const key = createSecretKey(secret, 'utf8');
    return {
      algorithm: 'HS256',
      sign: (text) => createHmac('sha256', key).update(text).digest(),
    };
  }
  const key = keyIn(privateKey!) ?? wrong('the private key is none');
  const isEc = key.asymmetricKeyType === 'ec';
  if (!isEc && key.asymmetricKeyType !== 'rsa') wrong('the private key is neither RSA nor P-256');
  if (isEc && key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') wrong('the key is not P-256');
  const own = isEc ? 'ES256' : 'RS256';
  if (algorithm !== undefined && algorithm !== own) wrong(`the private key is for ${own}`);
  return {
    algorithm: own,
    sign: (text) => sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }),
  };
}

function keyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // Said by the caller, without what stands in the key.
    return undefined;
  }
}
