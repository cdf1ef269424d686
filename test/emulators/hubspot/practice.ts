/** One account of HubSpot in a world of its own, and a client that speaks plain HTTP to it. */
import type { Call } from '../../../runtime/emulators/call.ts';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import { openHubSpot, type HubSpot } from '../../../runtime/emulators/hubspot/hubspot.ts';
import type { AccountOptions } from '../../../runtime/emulators/hubspot/options.ts';
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
  readonly hubspot: HubSpot;
  readonly hands: Hands;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Asked>;
  /** With headers of one's own, and no others. */
  readonly send: (path: string, init: RequestInit) => Promise<Asked>;
  readonly pass: (ms: number) => Promise<void>;
}

export const TOKEN = 'pat-eu1-open-sesame';
export const START = Date.UTC(2026, 0, 1);

/** Searches know everything at once, unless a test is about that. */
export function practice(
  options: Partial<AccountOptions> = {},
  trouble?: (call: Call) => Trouble | undefined,
): Practice {
  const world = virtualWorld({ seed: 1 });
  const searchLagMs = { usual: 0, most: 0 };
  const account = { name: 'sales', token: TOKEN, searchLagMs, webhookCacheMs: 0, ...options };
  const hubspot = openHubSpot({
    world,
    accounts: [account],
    ...(trouble === undefined ? {} : { trouble }),
  });
  const send = async (path: string, init: RequestInit): Promise<Asked> => {
    const response = await hubspot.handle(new Request(`https://api.test${path}`, init));
    const { status, headers } = response;
    const text = await response.text();
    const isJson = headers.get('content-type')?.startsWith('application/json') === true;
    return { status, headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    world,
    hubspot,
    hands: hubspot.account('sales'),
    send,
    ask: (method, path, body) =>
      send(path, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    pass: async (ms) => void (await world.runUntil(world.clock.now() + ms)),
  };
}

export const OBJECTS = '/crm/objects/2026-09';
export const CONTACTS = `${OBJECTS}/contacts`;

/** The list of what was wrong that stands inside of a message. */
export function problemsIn(body: Json): readonly { name: string; error: string }[] {
  const listed = (body.message as string).replace(/^Property values were not valid: /, '');
  return (JSON.parse(listed) as Json[]).map(({ name, error }) => ({ name, error }));
}

export function idsIn(body: Json): readonly string[] {
  return (body.results as Json[]).map(({ id }) => id as string);
}
