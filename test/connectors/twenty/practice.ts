/** A workspace of Twenty to try things in: the emulator's, or one that answers what a test says. */
import type { Account, Collection, Outcome } from '../../../runtime/connectors/connector.ts';
import { twenty, type TwentyConfig } from '../../../runtime/connectors/twenty/twenty.ts';
import type { Hands } from '../../../runtime/emulators/crm/hands.ts';
import { openTwenty, type AccountOptions } from '../../../runtime/emulators/twenty/twenty.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';

const ORIGIN = 'https://api.twenty.com';
export const TOKEN = 'eyJ.open-sesame';
export const SECRET = 'test-hook-secret-0001';
export const NOW = Date.UTC(2026, 10, 2, 12);

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: never;
}

export interface Practice {
  readonly world: VirtualWorld;
  readonly hands: Hands;
  readonly account: Account;
  /** Everything that was asked of the emulator. */
  readonly asked: Asked[];
  readonly reopen: () => Promise<Account>;
}

/** Runs a story in a workspace of the emulator. */
export function practising<T>(
  story: (practice: Practice) => Promise<T>,
  {
    account: options,
    hooks = true,
  }: {
    readonly account?: Partial<AccountOptions>;
    /** Whether a person has filled in the secret of the webhook. */
    readonly hooks?: boolean;
  } = {},
): Promise<T> {
  const world = virtualWorld({ seed: 1, startAt: NOW });
  const limits = { short: 10_000, long: 10_000 };
  const emulator = openTwenty({
    world,
    accounts: [{ name: 'crm', token: TOKEN, limits, ...options }],
  });
  const asked: Asked[] = [];
  world.serve(ORIGIN, async (request) => {
    asked.push(await askedIn(request.clone()));
    return emulator.handle(request);
  });
  const hands = emulator.account('crm');
  const config = hooks ? { hookSecret: SECRET } : {};
  const reopen = () => opened(world, config);
  return inWorld(world, async () =>
    story({ world, hands, account: await reopen(), asked, reopen }),
  );
}

async function askedIn(request: Request): Promise<Asked> {
  const { pathname: path, searchParams: query } = new URL(request.url);
  const text = await request.text();
  const body = (text === '' ? text : JSON.parse(text)) as never;
  return { method: request.method, path, query, body };
}

function opened(world: VirtualWorld, config: Partial<TwentyConfig> = {}): Promise<Account> {
  const settings = { apiKey: TOKEN, title: 'Sales', ...config };
  return twenty.open(twenty.config.parse(settings), world);
}

/** By the method and the path; the answer, or what makes it of the request. */
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

/** As Twenty refuses something. */
export function refusal(message: string, status = 400): Reply {
  return new Reply(status, {
    statusCode: status,
    error: 'BadRequestException',
    messages: [message],
  });
}

export function field(name: string, type = 'TEXT', more: object = {}) {
  return { id: `field ${name}`, name, type, label: `The ${name}`, isActive: true, ...more };
}

const TO_ONE = { settings: { relationType: 'MANY_TO_ONE' } };

export const OBJECTS = [
  {
    id: 'a0000000-0000-4000-8000-00000000000a',
    nameSingular: 'person',
    namePlural: 'people',
    labelPlural: 'People',
    isActive: true,
    isCustom: false,
    fields: [
      field('id', 'UUID'),
      field('jobTitle'),
      field('name', 'FULL_NAME'),
      field('emails', 'EMAILS'),
      field('phones', 'PHONES'),
      field('amount', 'CURRENCY'),
      field('bio', 'RICH_TEXT'),
      field('age', 'NUMBER'),
      field('grade', 'SELECT', { options: [{ value: 'A' }] }),
      field('tags', 'ARRAY'),
      field('tributaryMarker'),
      field('company', 'RELATION', TO_ONE),
      field('noteTargets', 'RELATION', { settings: { relationType: 'ONE_TO_MANY' } }),
      field('searchVector', 'TS_VECTOR'),
      field('updatedAt', 'DATE_TIME'),
    ],
  },
];

const USUAL: Answers = { 'GET /rest/metadata/objects': { data: { objects: OBJECTS } } };

/** Runs a story in a workspace that answers so; every request about records is kept. */
export function answering<T>(
  answers: Answers,
  story: (account: Account, asked: readonly Asked[], world: VirtualWorld) => Promise<T>,
  config?: Partial<TwentyConfig>,
): Promise<T> {
  const world = virtualWorld({ seed: 1, startAt: NOW });
  const asked: Asked[] = [];
  const all: Answers = { ...USUAL, ...answers };
  world.serve(ORIGIN, async (request) => {
    const one = await askedIn(request);
    const name = `${one.method} ${one.path}`;
    if (!name.startsWith('GET /rest/metadata')) asked.push(one);
    const found = all[name];
    if (found === undefined) throw new Error(`Nobody has said what ${name} answers.`);
    const made = typeof found === 'function' ? (found as (one: Asked) => unknown)(one) : found;
    if (made instanceof Reply) return new Response(JSON.stringify(made.body), made);
    return Response.json(made ?? null);
  });
  return inWorld(world, async () => story(await opened(world, config), asked, world));
}

/** What comes of one request that is answered so, by a server that is fine otherwise. */
export function answered<T>(answers: Answers, ask: (items: Collection) => Promise<T>): Promise<T> {
  return answering(answers, async (account) => ask(await account.collection('people')));
}

export function idOf(number: number): string {
  return `b0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** A person as Twenty tells it. */
export function person(number: number, members: object = {}) {
  const time = '2026-11-02T08:11:09.330Z';
  return { id: idOf(number), createdAt: time, updatedAt: time, deletedAt: null, ...members };
}

export function page(records: readonly object[], endCursor?: string) {
  const pageInfo = {
    hasNextPage: endCursor !== undefined,
    hasPreviousPage: false,
    startCursor: null,
    endCursor: endCursor ?? null,
  };
  return { data: { people: records }, pageInfo, totalCount: records.length };
}

/** What became of each, in a word. */
export function endsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => (outcome.kind === 'done' ? 'done' : outcome.error.kind));
}
