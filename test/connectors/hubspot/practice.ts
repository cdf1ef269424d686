/** An account of HubSpot to try things in: the emulator's, or one that answers what a test says. */
import type {
  Account,
  Collection,
  Memory,
  Outcome,
} from '../../../runtime/connectors/connector.ts';
import { hubspot, type HubSpotConfig } from '../../../runtime/connectors/hubspot/hubspot.ts';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import {
  openHubSpot,
  type HubSpot,
  type AccountOptions,
} from '../../../runtime/emulators/hubspot/hubspot.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';

const ORIGIN = 'https://api.hubapi.com';
export const TOKEN = 'pat-eu1-open-sesame';
export const SECRET = 'test-client-secret-0001';
export const NOW = Date.UTC(2026, 10, 2, 12);

export interface Practice {
  readonly world: VirtualWorld;
  readonly emulator: HubSpot;
  readonly hands: Hands;
  readonly account: Account;
  /** Until no search lags behind, and HubSpot has added all that it adds. */
  readonly wait: () => Promise<void>;
  readonly reopen: (memory?: Memory) => Promise<Account>;
}

/** Runs a story in an account of the emulator. */
export function practising<T>(
  story: (practice: Practice) => Promise<T>,
  {
    account: options,
    config,
    memory,
  }: {
    readonly account?: Partial<AccountOptions>;
    readonly config?: Partial<HubSpotConfig>;
    readonly memory?: Memory;
  } = {},
): Promise<T> {
  const world = virtualWorld({ seed: 1, startAt: NOW });
  const app = { clientSecret: SECRET, ...options?.app };
  const own = { name: 'sales', token: TOKEN, webhookCacheMs: 0, ...options, app };
  const emulator = openHubSpot({ world, accounts: [own] });
  world.serve(ORIGIN, (request) => emulator.handle(request));
  const open = (kept = memory) => opened(world, config, kept);
  return inWorld(world, async () =>
    story({
      world,
      emulator,
      hands: emulator.account('sales'),
      account: await open(),
      wait: () => world.schedule.sleep(120_001),
      reopen: open,
    }),
  );
}

function opened(
  world: VirtualWorld,
  config: Partial<HubSpotConfig> = {},
  memory?: Memory,
): Promise<Account> {
  const login = config.refreshToken === undefined ? { token: TOKEN } : {};
  const settings = { ...login, clientSecret: SECRET, title: 'Sales', ...config };
  return hubspot.open(hubspot.config.parse(settings), world, memory);
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: never;
}

/** By the end of the path, or by the method and that end; the answer, or what makes it of the request. */
export type Answers = Readonly<Record<string, unknown>>;

/** An answer that is no 200, or has headers of its own. */
export class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const PROPERTIES = {
  results: [
    ['hs_object_id', 'number', true],
    ['email', 'string', false],
    ['firstname', 'string', false],
    ['lastmodifieddate', 'datetime', true],
  ].map(([name, type, readOnlyValue]) => ({
    name,
    label: `The ${String(name)}`,
    type,
    fieldType: 'text',
    groupName: 'contactinformation',
    options: [],
    modificationMetadata: { readOnlyValue },
  })),
};

const USUAL: Answers = {
  details: { portalId: 62515, timeZone: 'Europe/Budapest', accountType: 'STANDARD' },
  '/properties/2026-09/contacts': PROPERTIES,
  '/contacts/companies/batch/read': { status: 'COMPLETE', results: [] },
};

/** Runs a story in an account that answers so; every request is kept. */
export function answering<T>(
  answers: Answers,
  story: (account: Account, asked: readonly Asked[], world: VirtualWorld) => Promise<T>,
  config?: Partial<HubSpotConfig>,
): Promise<T> {
  const world = virtualWorld({ seed: 1, startAt: NOW });
  const asked: Asked[] = [];
  world.serve(ORIGIN, async (request) => {
    const { pathname: path, searchParams: query } = new URL(request.url);
    const { method } = request;
    const text = await request.text();
    const body = (text.startsWith('{') ? JSON.parse(text) : text) as never;
    asked.push({ method, path, query, body });
    const all = [...Object.entries(answers), ...Object.entries(USUAL)];
    const [, found] = all.find(([end]) => `${method} ${path}`.endsWith(end)) ?? [];
    if (found === undefined) throw new Error(`Nobody has said what ${method} ${path} answers.`);
    const made =
      typeof found === 'function' ? (found as (one: Asked) => unknown)(asked.at(-1)!) : found;
    if (made instanceof Reply) {
      return new Response(made.body === undefined ? null : JSON.stringify(made.body), made);
    }
    return Response.json(made ?? null);
  });
  return inWorld(world, async () => story(await opened(world, config), asked, world));
}

/** What comes of one request that is answered so, by a server that is fine otherwise. */
export function answered<T>(answers: Answers, ask: (items: Collection) => Promise<T>): Promise<T> {
  return answering(answers, async (account) => ask(await account.collection('contacts')));
}

/** With a property for the marker that no two items share. */
export const MARKED = {
  '/properties/2026-09/contacts': {
    results: [
      { name: 'hs_object_id', type: 'number', modificationMetadata: { readOnlyValue: true } },
      { name: 'email', type: 'string' },
      { name: 'tributary_marker', type: 'string', hasUniqueValue: true },
    ],
  },
};

/** An object as HubSpot tells it. */
export function object(id: string, properties: Readonly<Record<string, string | null>> = {}) {
  return {
    id,
    properties: { hs_object_id: id, ...properties },
    createdAt: '2026-03-30T17:50:06.069Z',
    updatedAt: '2026-11-02T08:11:09.330Z',
    archived: false,
  };
}

export function batch(results: readonly unknown[], errors?: readonly unknown[]) {
  const times = { startedAt: '2026-11-02T08:11:09.300Z', completedAt: '2026-11-02T08:11:09.400Z' };
  const refused = errors && { numErrors: errors.length, errors };
  return { status: 'COMPLETE', results, ...refused, ...times };
}

/** What became of each, in a word. */
export function endsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'done' ? `done ${outcome.id}` : outcome.error.kind,
  );
}
