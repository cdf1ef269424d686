/**
 * The built-in contact store as the suite for connectors sees vendors: the real one, over HTTP, in a real
 * database. Its clock runs by itself, so waiting for lags that it does not have is cut short.
 */
import { rest } from '../../../runtime/connectors/rest/rest.ts';
import type { CollectionName } from '../../../runtime/contacts/fields.ts';
import type { TenantId } from '../../../runtime/store/store.ts';
import { standingStill, type StandingStill } from '../../support/standing-still.ts';
import { createTestDatabase, quietWorld } from '../../support/test-database.ts';
import type { LogEntry } from '../../sim/virtual-world.ts';
import { systemWorld } from '../../../runtime/world/system.ts';
import type { People, Raw, SceneWorld, Setting, Trouble, Vendor } from '../scene.ts';
import { CANNOT, TOKEN } from './setting.ts';
import type { StoreCall } from './store-thread.ts';

export interface Store {
  readonly hands: StandingStill;
  /** Ends with a slash. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function builtInStore(): Promise<Store> {
  const database = await createTestDatabase();
  const hands = standingStill(new URL('store-thread.ts', import.meta.url), database.connection);
  const ask = (call: StoreCall): unknown => hands.call(call);
  return {
    hands,
    url: ask({ do: 'listen' }) as string,
    async stop() {
      ask({ do: 'stop' });
      await hands.stop();
      await database.drop();
    },
  };
}

export function storeSetting(on: () => Store): Setting {
  return { title: 'the built-in contact store', cannot: CANNOT, start: () => start(on()) };
}

function start({ hands, url }: Store): Vendor {
  const tenant = quietWorld.newId();
  const ask = (call: StoreCall): unknown => hands.call(call);
  const create = (collection: CollectionName, fields: Raw): string =>
    ask({ do: 'create', collection, fields }) as string;
  ask({ do: 'open', tenant: tenant as TenantId });
  ask({ do: 'secret', secret: TOKEN, name: tenant });
  const way = wayTo(url);
  return {
    world: way.world,
    connector: rest,
    config: {
      baseUrl: url,
      auth: { kind: 'jwt', secret: TOKEN, audience: tenant },
      title: 'Contacts',
      callsPerSecond: 1_000,
    },
    collection: 'contacts',
    people: {
      create: (raw) => create('contacts', raw),
      edit: (id, raw) => void ask({ do: 'update', id, fields: raw }),
      remove: (id) => void ask({ do: 'remove', id }),
      items: () => ask({ do: 'list' }) as ReturnType<People['items']>,
      forbid: way.forbid,
      revoke: () =>
        void ask({ do: 'secret', secret: 'another-secret-of-thirty-two-characters', name: tenant }),
    },
    sample: (number) => ({
      email: `anna${number}@example.com`,
      remark: `Remark ${number}`,
      firstName: 'Anna',
      lastName: `Kovács ${number}`,
      stage: 'lead',
      tags: ['vip'],
    }),
    edit: { remark: 'Kovács és Tóth', lastName: 'Kovács-Tóth', stage: 'customer' },
    unacceptable: { raw: { stage: 'no such stage' }, path: 'stage' },
    pointer: () => {
      const value = create('companies', { name: 'Firma Kft.' });
      return { path: 'companyId', value, cleared: null };
    },
    tellsAuthors: false,
    lateMs: 20,
    trouble: way.trouble,
    delivery: () => Promise.reject(new Error('It sends no webhooks.')),
  };
}

const WAIT_MS_MAX = 5;

/** The way to the store, on which requests and answers can get lost, or be refused by somebody in between. */
function wayTo(url: string): {
  readonly world: SceneWorld;
  readonly trouble: (next: Trouble) => void;
  readonly forbid: () => void;
} {
  const logged: LogEntry[] = [];
  const troubles: Trouble[] = [];
  const underWay: Promise<unknown>[] = [];
  let isForbidden = false;
  const real = systemWorld({ allowedHosts: [new URL(url).host] });
  const { schedule, clock, network } = real;

  async function fetched(request: Request): Promise<Response> {
    if (request.url.endsWith('/openapi.json')) return dateless(await network.fetch(request));
    const [next] = troubles;
    // Only writes can be carried out late.
    if (next === undefined || (next.kind === 'late' && request.method === 'GET')) {
      const answer = await network.fetch(request);
      return answer.ok && isForbidden ? refusal(403) : dateless(answer);
    }
    troubles.shift();
    if (next.kind === 'status') return refusal(next.status, next.retryAfterS);
    if (next.kind === 'answerLost') await (await network.fetch(request)).arrayBuffer();
    if (next.kind === 'late') underWay.push(carriedOut(await copyOf(request), next.ms));
    throw new TypeError('fetch failed');
  }

  async function carriedOut(request: Request, afterMs: number): Promise<void> {
    await schedule.sleep(afterMs);
    await (await network.fetch(request)).arrayBuffer();
  }

  const world: SceneWorld = {
    ...real,
    network: { fetch: fetched },
    logged,
    log: {
      write: (level, message, details = {}) =>
        void logged.push({ atMs: clock.now(), level, message, details }),
    },
    schedule: {
      after(delayMs, task) {
        if (delayMs > 0) return schedule.after(delayMs, task);
        const turn = setImmediate(task);
        return () => clearImmediate(turn);
      },
      async sleep(delayMs, signal) {
        await schedule.sleep(Math.min(delayMs, WAIT_MS_MAX), signal);
        await Promise.all(underWay);
      },
    },
  };
  return {
    world,
    trouble: (next) => void troubles.push(next),
    forbid: () => void (isForbidden = true),
  };
}

/** It tells whole seconds, which is long where all waiting is short. */
function dateless(answer: Response): Response {
  const headers = new Headers(answer.headers);
  headers.delete('date');
  return new Response(answer.body, { status: answer.status, headers });
}

/** Without the signal of whoever has given up. */
async function copyOf(request: Request): Promise<Request> {
  const { url, method, headers } = request;
  const text = await request.text();
  return new Request(url, { method, headers, ...(text !== '' && { body: text }) });
}

function refusal(status: number, retryAfterS?: number): Response {
  const headers: HeadersInit = retryAfterS === undefined ? {} : { 'retry-after': `${retryAfterS}` };
  return Response.json({ title: 'Refused', status }, { status, headers });
}
