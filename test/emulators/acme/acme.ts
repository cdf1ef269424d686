/**
 * Acme, the smallest vendor that is complete: two collections, one path, and everything that an emulator
 * has. It shows what the shared parts need from a vendor, and proves that they need no more.
 *
 *     GET   /acme/{collection}/{id}    the values of an item
 *     PATCH /acme/{collection}/{id}    some of them anew
 */
import { Account } from '../../../runtime/emulators/crm/account.ts';
import type { Habits } from '../../../runtime/emulators/crm/habits.ts';
import { latest } from '../../../runtime/emulators/crm/item.ts';
import type { Doer, FieldOptions } from '../../../runtime/emulators/crm/model.ts';
import { refusing } from '../../../runtime/emulators/crm/refused.ts';
import { stateIn, viewOf } from '../../../runtime/emulators/crm/view.ts';
import {
  hostOf,
  openEmulator,
  RequestRefused,
  type Dialect,
  type Host,
  type Understood,
} from '../../../runtime/emulators/desk.ts';
import type { Circumstances, Emulator, Seeding } from '../../../runtime/emulators/emulator.ts';
import { companiesOf } from '../../../runtime/emulators/town.ts';
import { Webhooks, type WebhookDialect } from '../../../runtime/emulators/webhooks.ts';

/** What an account can be set to; every habit has a kind default. */
export interface AcmeAccount {
  readonly name: string;
  readonly token: string;
  readonly searchLagMs?: number;
  readonly fields?: Readonly<Record<string, readonly FieldOptions[]>>;
}

export interface AcmeOptions extends Circumstances {
  readonly accounts?: readonly AcmeAccount[];
}

export function openAcme({
  accounts = [{ name: 'acme', token: 'demo-acme' }],
  ...circumstances
}: AcmeOptions): Emulator {
  const { world, webhookTrouble: trouble } = circumstances;
  const about = { vendor: 'acme', title: 'Acme' };
  const hosts = accounts.map(({ name, token, searchLagMs = 0, fields = STANDARD }): AcmeHost => {
    const account = new Account(
      { ...about, name, token, collections: fields, habits: HABITS },
      world.clock,
    );
    const limits = [{ name: 'burst', capacity: 20, perMs: 2000, refills: 'rolling' }] as const;
    return {
      ...hostOf(account, world, { limits }),
      searchLagMs,
      webhooks: new Webhooks({ account, world, dialect: WEBHOOKS, trouble }),
    };
  });
  return openEmulator({
    ...about,
    paths: ['/acme'],
    circumstances,
    hosts,
    dialect: DIALECT,
    seed: seedDemo,
  });
}

function seedDemo(emulator: Pick<Emulator, 'account'>, { count, random, town }: Seeding): void {
  const hands = emulator.account('acme');
  const companies = Array.from({ length: companiesOf(count) }, (_, index) =>
    hands.create('companies', { name: town.company(index).name }),
  );
  for (let index = 0; index < count; index += 1) {
    const { name, email, company } = town.person(index);
    const knowsEmail = random.next() < 0.8;
    hands.create('people', {
      name,
      email: knowsEmail ? email : null,
      companyId: companies[company],
    });
  }
}

const STANDARD: Readonly<Record<string, readonly FieldOptions[]>> = {
  people: [
    { path: 'name', type: 'text' },
    { path: 'email', type: 'email', unique: true, own: { label: 'E-mail' } },
    { path: 'companyId', type: 'reference', to: 'companies' },
  ],
  companies: [{ path: 'name', type: 'text' }],
};

/** Whole seconds, a second bump two seconds after a create, and thirty days until a deletion is final. */
const HABITS: Partial<Habits> = {
  timeStepMs: 1000,
  purgeAfterMs: 30 * 86_400_000,
  afterwards: ({ kind }) => (kind === 'created' ? [{ delayMs: [2000, 2001] }] : []),
};

interface AcmeHost extends Host {
  readonly searchLagMs: number;
  readonly webhooks: Webhooks<Hook>;
}

const APP: Doer = { by: 'app', via: 'api' };

const DIALECT: Dialect<AcmeHost> = {
  identify: (request, hosts) =>
    hosts.find(({ account }) => request.headers.get('x-token') === account.token),
  costs: ({ method }) => ({ burst: method === 'GET' ? 1 : 2 }),
  understand,
  stranger: () => Response.json({ error: 'unauthorized' }, { status: 401 }),
  slowDown: () => Response.json({ error: 'limit' }, { status: 429 }),
  failure: (_host, status) => Response.json({ error: 'failed' }, { status }),
  refused: ({ status, body, headers }) => Response.json(body, { status, headers }),
};

/** Everything that is refused before anything happens is refused here; what is then done, in `carryOut`. */
async function understand(request: Request, host: AcmeHost): Promise<Understood> {
  const { account } = host;
  const [, , name = '', id = ''] = new URL(request.url).pathname.split('/');
  const collection = account.collections.get(name);
  if (collection === undefined) throw new RequestRefused(404, { error: 'no such path' });
  const call = { account: account.name, collection: name, items: 1, ids: [id] };
  if (request.method === 'GET') {
    return {
      call: { ...call, action: 'read' },
      carryOut() {
        const view = viewOf(account, collection, { lag: host.lag, mostMs: host.searchLagMs });
        const state = stateIn(view, id);
        if (state?.life !== 'live') throw new RequestRefused(404, { error: 'not found' });
        return Response.json(collection.item(id, state).fields);
      },
    };
  }
  const given = (await request.json()) as Record<string, unknown>;
  return {
    call: { ...call, action: 'update' },
    carryOut: (busy) => {
      if (busy.includes(0)) throw new RequestRefused(503, { error: 'try again' });
      return refusing(
        () => {
          account.atomically(() => account.update(collection, id, given, APP));
          return Response.json(collection.item(id, latest(collection.entry(id)!)).fields);
        },
        ({ code, path }) =>
          Response.json({ error: code, path }, { status: code === 'missing' ? 404 : 400 }),
      );
    },
  };
}

interface Hook {
  readonly url: string;
}

const WEBHOOKS: WebhookDialect<Hook, object> = {
  answerMsMax: 10_000,
  retriesAfterMs: [3000, 30_000, 150_000],
  messages: (_hook, changes) =>
    changes.map(({ collection, id, kind }) => ({ collection, id, kind })),
  letter: (_hook, message, { delivery, attempt }) => ({
    headers: { authorization: 'Basic cGQ6bG9uZw==' },
    body: JSON.stringify({ ...message, delivery, attempt }),
  }),
};
