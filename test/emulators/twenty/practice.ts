/** One workspace of Twenty in a world of its own, and a client that speaks plain HTTP to it. */
import type { Call } from '../../../runtime/emulators/call.ts';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import type { AccountOptions } from '../../../runtime/emulators/twenty/options.ts';
import type { Emulator } from '../../../runtime/emulators/emulator.ts';
import { openTwenty } from '../../../runtime/emulators/twenty/twenty.ts';
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
  readonly twenty: Emulator;
  readonly hands: Hands;
  /** What follows `/rest/`. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Asked>;
  readonly get: (path: string) => Promise<Asked>;
  /** The record that was created. */
  readonly made: (object: string, body: unknown) => Promise<Json>;
  readonly send: (path: string, init: RequestInit) => Promise<Asked>;
  readonly graph: (path: string, query: string, variables?: object) => Promise<Asked>;
  readonly pass: (ms: number) => Promise<void>;
}

export const TOKEN = 'eyJ.open-sesame';
export const NOBODY = '11111111-1111-4111-8111-111111111111';

export function practice(
  options: Partial<AccountOptions> = {},
  trouble?: (call: Call) => Trouble | undefined,
): Practice {
  const world = virtualWorld({ seed: 1 });
  const limits = { short: 10_000, long: 10_000 };
  const twenty = openTwenty({
    world,
    accounts: [{ name: 'crm', token: TOKEN, limits, ...options }],
    ...(trouble === undefined ? {} : { trouble }),
  });
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const send = async (path: string, init: RequestInit): Promise<Asked> => {
    const response = await twenty.handle(new Request(`https://api.test${path}`, init));
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const { status } = response;
    return { status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  const ask: Practice['ask'] = (method, path, body) =>
    send(`/rest/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    world,
    twenty,
    hands: twenty.account('crm'),
    send,
    ask,
    get: (path) => ask('GET', path),
    made: async (object, body) => {
      const answer = await ask('POST', object, body);
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return Object.values(answer.body.data)[0];
    },
    graph: (path, document, variables = {}) =>
      send(path, { method: 'POST', headers, body: JSON.stringify({ query: document, variables }) }),
    pass: async (ms) => void (await world.runUntil(world.clock.now() + ms)),
  };
}

export function query(parameters: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams(parameters).toString()}`;
}

export function message(asked: Asked): string {
  return asked.body.messages[0] as string;
}
