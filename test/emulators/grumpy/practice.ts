/**
 * One account of Grumpy with the habits a test is about, and the ways into it: the API as a caller
 * sees it, and the hands of the people inside. Requests go straight in, so time passes only when a
 * test lets it.
 */
import assert from 'node:assert/strict';
import type { Emulator } from '../../../runtime/emulators/emulator.ts';
import {
  openGrumpy,
  type Abilities,
  type AccountOptions,
  type GrumpyOptions,
  type Hands,
} from '../../../runtime/emulators/grumpy/grumpy.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';

export interface Practice {
  readonly world: VirtualWorld;
  readonly grumpy: Emulator;
  readonly hands: Hands;
  /** Any request, answered or not. */
  readonly send: (method: string, path: string, body?: unknown) => Promise<Response>;
  /** Expects success and answers the body. */
  readonly get: (path: string) => Promise<Json>;
  readonly post: (path: string, body: unknown) => Promise<Json>;
  /** Lets time pass, and everything happen that is due meanwhile. */
  readonly pass: (ms: number) => Promise<void>;
}

/** What came over the wire; tests look into it as they please. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers are compared, never computed with
export type Json = any;

export const COLLECTIONS: AccountOptions['collections'] = {
  contacts: [
    { path: 'email', type: 'email', unique: true },
    { path: 'name', type: 'text', maxLength: 20 },
    { path: 'tags', type: 'set', options: ['a', 'b', 'c'] },
    { path: 'address', type: 'object' },
  ],
  companies: [{ path: 'name', type: 'text' }],
};

export function practice({
  seed = 1,
  abilities = {},
  collections = COLLECTIONS,
  ...troubles
}: {
  seed?: number;
  abilities?: Partial<Abilities>;
  collections?: AccountOptions['collections'];
} & Pick<GrumpyOptions, 'trouble' | 'webhookTrouble'> = {}): Practice {
  const world = virtualWorld({ seed });
  const account = { name: 'sales', token: 'open-sesame', abilities, collections };
  const grumpy = openGrumpy({ world, accounts: [account], ...troubles });

  const send = (method: string, path: string, body?: unknown): Promise<Response> =>
    grumpy.handle(requestOf(method, path, body));
  const succeed = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const response = await send(method, path, body);
    const answer: Json = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return answer;
  };
  return {
    world,
    grumpy,
    hands: grumpy.account('sales'),
    send,
    get: (path) => succeed('GET', path),
    post: (path, body) => succeed('POST', path, body),
    pass: async (ms) => void (await world.runUntil(world.clock.now() + ms)),
  };
}

/** A request of a caller who knows the token. */
export function requestOf(
  method: string,
  path: string,
  body?: unknown,
  token = 'open-sesame',
): Request {
  return new Request(`https://grumpy.test/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
