/** One app in a world of its own, and a client that speaks plain HTTP to it. */
import { createHmac } from 'node:crypto';
import type { Call } from '../../../runtime/emulators/call.ts';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import type { AccountOptions } from '../../../runtime/emulators/rest/options.ts';
import type { Emulator } from '../../../runtime/emulators/emulator.ts';
import { openRest } from '../../../runtime/emulators/rest/rest.ts';
import type { Trouble } from '../../../runtime/emulators/trouble.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- what an API answers is looked at, not trusted
export type Json = any;

export interface Asked {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

export interface Practice {
  readonly world: VirtualWorld;
  readonly rest: Emulator;
  readonly hands: Hands;
  /** What follows the address of the app; with the token, unless other headers say otherwise. */
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Asked>;
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Asked>;
  readonly document: () => Promise<Json>;
  readonly pass: (ms: number) => Promise<void>;
}

export const TOKEN = 'open-sesame';
export const NOBODY = '11111111-1111-4111-8111-111111111111';

const PLENTY = [{ name: 'requests', capacity: 10_000, perMs: 1000 }];

/** Its login is a plain token, unless a test is about another one. */
export function practice(
  options: Partial<AccountOptions> = {},
  trouble?: (call: Call) => Trouble | undefined,
): Practice {
  const world = virtualWorld({ seed: 1 });
  const rest = openRest({
    world,
    accounts: [
      {
        name: 'app',
        token: TOKEN,
        limits: PLENTY,
        ...options,
        login: options.login ?? { kind: 'bearer' },
      },
    ],
    ...(trouble === undefined ? {} : { trouble }),
  });
  const ask: Practice['ask'] = async (method, path, body, headers) => {
    const response = await rest.handle(
      new Request(`https://app.test/apps/app/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'x-api-key': TOKEN,
          'content-type': 'application/json',
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    const { status } = response;
    return { status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    world,
    rest,
    hands: rest.account('app'),
    ask,
    get: (path, headers) => ask('GET', path, undefined, headers),
    document: async () => (await ask('GET', 'openapi.json')).body,
    pass: async (ms) => void (await world.runUntil(world.clock.now() + ms)),
  };
}

/** As apps sign theirs. */
export function tokenOf(
  claims: object,
  {
    secret = TOKEN,
    header = { alg: 'HS256', typ: 'JWT' },
  }: { secret?: string; header?: object } = {},
): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

export function query(parameters: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams(parameters).toString()}`;
}
