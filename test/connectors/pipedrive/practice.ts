/** A Pipedrive that is made up for one test: who asks what, and what is answered. */
import type { Account, Collection, Memory } from '../../../runtime/connectors/connector.ts';
import { pipedrive } from '../../../runtime/connectors/pipedrive/pipedrive.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';

const ORIGIN = 'https://acme-test.pipedrive.com';
export const NOW = Date.UTC(2026, 10, 1);
export const CONFIG = { token: 'c0ffee6789abcdef0123456789abcdef01234567', company: 'acme-test' };

/** The keys of fields that the company has made. */
export const KEYS = {
  marker: 'a'.repeat(40),
  choice: 'b'.repeat(40),
  choices: 'c'.repeat(40),
  price: 'd'.repeat(40),
} as const;

export const FIELDS = [
  fieldOf('name', 'varchar', { field_name: 'Full name', is_custom_field: false }),
  fieldOf('label_ids', 'set', { is_custom_field: false, options: [{ id: 5, label: 'Hot' }] }),
  fieldOf(KEYS.marker, 'varchar', { field_name: 'tributary_marker' }),
  fieldOf(KEYS.choice, 'enum', { field_name: 'Grade', options: [{ id: 1 }, { id: 2 }] }),
  fieldOf(KEYS.choices, 'set', { field_name: 'Tags', options: [{ id: 7 }] }),
  fieldOf(KEYS.price, 'monetary', { field_name: 'Price' }),
];

export function fieldOf(code: string, type: string, more: object = {}): object {
  const always = { options: null, subfields: null, is_optional_response_field: false };
  return {
    field_code: code,
    field_name: code,
    field_type: type,
    is_custom_field: true,
    ...always,
    ...more,
  };
}

export interface Asked {
  readonly method: string;
  /** Behind the origin, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An answer, or what makes one. Whatever is no `Response` is 200 with `success` and this as `data`. */
export type Answers = Readonly<Record<string, unknown>>;

export interface Practice {
  readonly world: VirtualWorld;
  readonly asked: Asked[];
  readonly open: (memory?: Memory) => Promise<Account>;
}

/** `answers` by `GET /api/v2/persons`; what is not named is a 404. */
export function practice(answers: Answers, config: object = CONFIG): Practice {
  const world = virtualWorld({ seed: 1, startAt: NOW });
  const asked: Asked[] = [];
  const all: Answers = { ...ALWAYS, ...answers };
  const serve = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const text = await request.text();
    const isJson = request.headers.get('content-type') === 'application/json';
    const one: Asked = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(request.headers),
      body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text,
    };
    asked.push(one);
    const answer = all[`${one.method} ${one.path}`];
    const given: unknown =
      typeof answer === 'function' ? await (answer as (asked: Asked) => unknown)(one) : answer;
    if (given === undefined) return refusal(404, 'Entity was not found');
    return given instanceof Response
      ? given.clone()
      : Response.json({ success: true, data: given });
  };
  world.serve(ORIGIN, serve);
  world.serve('https://oauth.pipedrive.com', serve);
  world.serve('https://api.pipedrive.com', serve);
  const open = (memory?: Memory): Promise<Account> =>
    pipedrive.open(pipedrive.config.parse(config), world, memory);
  return { world, asked, open };
}

const USER = { id: 12, company_id: 111, company_name: 'Acme', company_domain: 'acme-test' };

const ALWAYS: Answers = {
  'GET /api/v1/users/me': USER,
  'GET /v1/users/me': USER,
  'GET /api/v2/personFields': FIELDS,
  'GET /api/v2/organizationFields': FIELDS,
  'GET /api/v2/dealFields': FIELDS,
  'GET /api/v2/activityFields': [fieldOf('subject', 'varchar', { is_custom_field: false })],
};

/** What comes of one thing done with a collection, and what was asked for it. */
export async function done<T>(
  answers: Answers,
  name: string,
  work: (items: Collection, world: VirtualWorld) => Promise<T>,
  config: object = CONFIG,
): Promise<{ readonly result: T; readonly asked: readonly Asked[] }> {
  const { world, asked, open } = practice(answers, config);
  const result = await inWorld(world, async () => {
    const items = await (await open()).collection(name);
    asked.length = 0;
    return work(items, world);
  });
  return { result, asked };
}

export function refusal(status: number, error: string, more: object = {}): Response {
  return Response.json({ success: false, error, ...more }, { status });
}

export function person(id: number, more: object = {}): object {
  return {
    id,
    name: `Anna ${id}`,
    emails: [{ value: `anna${id}@x.test`, primary: true, label: 'work' }],
    phones: [],
    org_id: 3,
    owner_id: 12,
    add_time: '2026-10-01T08:00:00Z',
    update_time: '2026-10-02T08:00:00Z',
    is_deleted: false,
    visible_to: 3,
    label_ids: [],
    custom_fields: {},
    ...more,
  };
}

/** `data` and where the next page begins. */
export function page(data: readonly object[], cursor: string | null = null): Response {
  return Response.json({ success: true, data, additional_data: { next_cursor: cursor } });
}

export function hits(...ids: readonly number[]): Response {
  const items = ids.map((id) => ({ result_score: 1, item: { id, type: 'person' } }));
  return Response.json({ success: true, data: { items }, additional_data: { next_cursor: null } });
}

/** As errors are compared in tests: `GET /api/v2/persons/7`. */
export function requestsIn(asked: readonly Asked[]): readonly string[] {
  return asked.map(({ method, path }) => `${method} ${path.replace(/^\/api\//, '')}`);
}
