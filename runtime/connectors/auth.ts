/**
 * How a vendor knows who is calling: headers that are sent with each call. A token that does not change,
 * a name with a password, and a token that is signed here; the one that a vendor renews is in oauth.ts.
 *
 * Promise: everything that could open a door is among `secrets`, so that no error ever holds it.
 */
import { createHmac } from 'node:crypto';
import type { World } from '../world/world.ts';

export interface Auth {
  /** For one call. Fails with a `VendorError` when somebody has to log in again. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** What was sent and will be: cut out of everything that an error says. */
  readonly secrets: readonly string[];
  /**
   * The vendor refused these headers (401). Answers whether there are others now, so that the call is
   * worth one more try.
   */
  renew?(refused: Readonly<Record<string, string>>): Promise<boolean>;
}

/** `Authorization: Bearer ...`, and what else carries a token: `{ header: 'x-api-token', scheme: '' }`. */
export function tokenAuth(
  token: string,
  { header = 'authorization', scheme = 'Bearer' }: { header?: string; scheme?: string } = {},
): Auth {
  const headers = { [header]: scheme === '' ? token : `${scheme} ${token}` };
  return { headers: async () => headers, secrets: [token] };
}

export function basicAuth(user: string, password: string): Auth {
  const token = Buffer.from(`${user}:${password}`).toString('base64');
  return { headers: async () => ({ authorization: `Basic ${token}` }), secrets: [password, token] };
}

/** A JSON Web Token that is signed with a shared secret (HS256), and anew before it expires. */
export function signedAuth({
  world,
  secret,
  claims = {},
  lifeMs = 300_000,
}: {
  readonly world: Pick<World, 'clock'>;
  readonly secret: string;
  /** Who is calling, for whom: `iss`, `sub`, `aud`. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly lifeMs?: number;
}): Auth {
  let token = '';
  /** May still be on its way. */
  let before = '';
  let renewAt = -Infinity;
  return {
    async headers() {
      const now = world.clock.now();
      if (now >= renewAt) {
        before = token;
        token = signed({ ...claims, ...times(now, lifeMs) }, secret);
        renewAt = now + lifeMs / 2;
      }
      return { authorization: `Bearer ${token}` };
    },
    get secrets() {
      return [secret, token, before].filter((one) => one !== '');
    },
  };
}

/** In whole seconds, as the standard has it. */
function times(now: number, lifeMs: number): { iat: number; exp: number } {
  return { iat: Math.floor(now / 1_000), exp: Math.floor((now + lifeMs) / 1_000) };
}

function signed(claims: Readonly<Record<string, unknown>>, secret: string): string {
  const said = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`;
}
