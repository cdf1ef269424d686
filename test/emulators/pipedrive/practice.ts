/**
 * One company at Pipedrive with the abilities a test is about, and the ways into it: the API as a caller
 * sees it, and the hands of the people inside. Requests go straight in, so time passes only when a test
 * lets it.
 */
import assert from 'node:assert/strict';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import type { AccountOptions } from '../../../runtime/emulators/pipedrive/options.ts';
import type { Emulator } from '../../../runtime/emulators/emulator.ts';
import {
  openPipedrive,
  type PipedriveOptions,
} from '../../../runtime/emulators/pipedrive/pipedrive.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';

export interface Practice {
  readonly world: VirtualWorld;
  readonly pipedrive: Emulator;
  readonly hands: Hands;
  /** Any request, answered or not. */
  readonly send: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Sent,
  ) => Promise<Response>;
  /** Expects a 2xx and answers the body. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Json>;
  readonly get: (path: string) => Promise<Json>;
  /** Expects this status and answers the body. */
  readonly refuse: (
    status: number,
    ...request: readonly [method: string, path: string, body?: unknown]
  ) => Promise<Json>;
  /** Lets time pass, and everything happen that is due meanwhile. */
  readonly pass: (ms: number) => Promise<void>;
}

type Sent = Readonly<Record<string, string>>;

/** What came over the wire; tests look into it as they please. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers are compared, never computed with
export type Json = any;

export const TOKEN = '0123456789abcdef0123456789abcdef01234567';
export const START = Date.UTC(2026, 0, 1);

/** Fields of a company's own, one of each kind; `codeOf` gives their codes. */
export const CODES = {
  text: '1'.repeat(40),
  double: '2'.repeat(40),
  monetary: '3'.repeat(40),
  enum: '4'.repeat(40),
  set: '5'.repeat(40),
  date: '6'.repeat(40),
} as const;

export function practice({
  seed = 1,
  abilities = {},
  fields = {},
  app,
  ...troubles
}: {
  seed?: number;
} & Partial<Pick<AccountOptions, 'abilities' | 'fields' | 'app'>> &
  Pick<PipedriveOptions, 'trouble' | 'webhookTrouble'> = {}): Practice {
  const world = virtualWorld({ seed });
  const pipedrive = openPipedrive({
    world,
    accounts: [
      {
        name: 'acme-test',
        token: TOKEN,
        abilities: { plan: 'ultimate', seats: 10, ...abilities },
        fields,
        ...(app === undefined ? {} : { app }),
      },
    ],
    ...troubles,
  });
  const send: Practice['send'] = (method, path, body, headers) =>
    pipedrive.handle(requestOf(method, path, body, headers));
  const expect = async (
    isRight: (status: number) => boolean,
    ...what: readonly [string, string, unknown?]
  ): Promise<Json> => {
    const response = await send(...what);
    const answer: Json = await response.json();
    assert.ok(isRight(response.status), `${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const ask: Practice['ask'] = async (...what) => {
    const answer: Json = await expect((status) => status >= 200 && status < 300, ...what);
    assert.equal(answer.success, true);
    return answer;
  };
  return {
    world,
    pipedrive,
    hands: pipedrive.account('acme-test'),
    send,
    ask,
    get: (path) => ask('GET', path),
    refuse: (status, ...what) => expect((its) => its === status, ...what),
    pass: async (ms) => void (await world.runUntil(world.clock.now() + ms)),
  };
}

/** A request of a caller who knows the token, unless the headers say otherwise. */
export function requestOf(
  method: string,
  path: string,
  body?: unknown,
  headers: Sent = { 'x-api-token': TOKEN },
): Request {
  const root = path.startsWith('/') ? '' : '/api/';
  return new Request(`https://acme-test.pipedrive.test${root}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}
