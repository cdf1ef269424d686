import assert from 'node:assert/strict';
import type { Account, Hint } from '../../../runtime/connectors/connector.ts';
import { inWorld } from '../in-world.ts';
import { failureOf } from '../scene.ts';
import { CONFIG, practice, type Asked } from './practice.ts';

const URL_OF_OURS = 'https://hooks.example/pipedrive/secret-path';
const SECRET = 'made-by-us';

interface Hook {
  readonly id: number;
  readonly subscription_url: string;
  readonly event_object: string;
  readonly event_action: string;
  readonly name: string;
  readonly version: string;
  is_active: 0 | 1;
}

/** The webhooks of a company, which do not tell their passwords. */
function company() {
  const hooks: Hook[] = [];
  const bodies: Record<string, unknown>[] = [];
  let id = 0;
  const answers = {
    'GET /api/v1/webhooks': () => hooks,
    'POST /api/v1/webhooks': ({ body }: Asked) => {
      const {
        http_auth_user: _user,
        http_auth_password: _password,
        ...told
      } = body as Hook & {
        http_auth_user: string;
        http_auth_password: string;
      };
      bodies.push(body as Record<string, unknown>);
      hooks.push({ ...told, id: (id += 1), is_active: 1 });
      return hooks.at(-1);
    },
    ...Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `DELETE /api/v1/webhooks/${n}`,
        () => {
          hooks.splice(
            hooks.findIndex((each) => each.id === n),
            1,
          );
          return true;
        },
      ]),
    ),
  };
  const { world, asked, open } = practice(answers);
  const during = <T>(work: (account: Account) => Promise<T>): Promise<T> =>
    inWorld(world, async () => work(await open()));
  const ensure = (collections: readonly string[], secret = SECRET) =>
    during((account) => account.webhooks!.ensure({ url: URL_OF_OURS, secret, collections }));
  return { hooks, bodies, asked, during, ensure };
}

describe('the webhooks of Pipedrive', () => {
  it('are made for each collection, with a password', async () => {
    const { hooks, bodies, ensure } = company();
    assert.deepEqual(await ensure(['persons', 'notes', 'no-such']), { secret: SECRET });
    assert.deepEqual(
      hooks.map((each) => each.event_object),
      ['person', 'note'],
    );
    const { name, ...rest } = bodies[0]!;
    assert.deepEqual(rest, {
      subscription_url: URL_OF_OURS,
      event_action: '*',
      event_object: 'person',
      http_auth_user: 'tributary',
      http_auth_password: SECRET,
      version: '2.0',
    });
    assert.match(String(name), /^Tributary person [\w-]{22}$/);
  });

  it('are left as they are when all is well', async () => {
    const { hooks, ensure } = company();
    await ensure(['persons', 'deals']);
    const before = structuredClone(hooks);
    await ensure(['deals', 'persons']);
    assert.deepEqual(hooks, before);
  });

  it('are made anew when they sleep, have another password, or are there twice', async () => {
    const { hooks, ensure } = company();
    await ensure(['persons', 'deals']);
    hooks[0]!.is_active = 0;
    hooks.push({ ...hooks[1]!, id: 30 });
    await ensure(['persons', 'deals']);
    assert.deepEqual(
      hooks.map(({ id }) => id),
      [2, 3],
    );
    await ensure(['persons', 'deals'], 'another');
    assert.deepEqual(
      hooks.map(({ id }) => id),
      [4, 5],
    );
  });

  it('go where nothing is wanted any more, and others stay', async () => {
    const { hooks, ensure, during } = company();
    await ensure(['persons', 'deals']);
    const other = { ...hooks[0]!, id: 30, subscription_url: 'https://other.example/' };
    hooks.push(other);
    await ensure(['deals']);
    assert.deepEqual(
      hooks.map((each) => each.event_object),
      ['deal', 'person'],
    );
    await during((account) => account.webhooks!.remove(URL_OF_OURS));
    assert.deepEqual(hooks, [other]);
    await during((account) => account.webhooks!.remove(URL_OF_OURS));
  });

  it('say why Pipedrive does not take the address', async () => {
    const errors = { subscription_url: ['invalid or non-reachable URL'] };
    const body = { status: 'error', success: false, errors };
    const { world, open } = practice({
      'GET /api/v1/webhooks': [],
      'POST /api/v1/webhooks': Response.json(body, { status: 400 }),
    });
    const wanted = { url: URL_OF_OURS, secret: SECRET, collections: ['persons'] };
    const failure = await failureOf(
      inWorld(world, async () => (await open()).webhooks!.ensure(wanted)),
    );
    assert.equal(failure.kind, 'rejected');
    assert.match(failure.message, /subscription_url invalid or non-reachable URL/);
  });
});

describe('a delivery of Pipedrive', () => {
  const META = { id: 'e-1', entity: 'person', entity_id: '7', company_id: '111', version: '2.0' };
  interface Circumstances {
    readonly user?: string;
    readonly password?: string;
    /** Null: none. */
    readonly given?: string | null;
    readonly config?: object;
  }
  const receive = async (
    body: unknown,
    { password = SECRET, given = SECRET, user = 'tributary', config = CONFIG }: Circumstances = {},
  ): Promise<readonly Hint[]> => {
    const { world, open } = practice({}, config);
    const account = await inWorld(world, () => open());
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const delivery = {
      method: 'POST',
      url: '/',
      headers: { authorization },
      body: Buffer.from(text),
    };
    return account.receive!(delivery, given ?? undefined);
  };

  it('leads to the item, and of a merge to both', async () => {
    assert.deepEqual(await receive({ meta: META, data: null }), [
      { delivery: 'e-1', collection: 'persons', id: '7' },
    ]);
    const merged = await receive({ meta: { ...META, entity: 'deal', merged_to_id: 8 } });
    assert.deepEqual(
      merged.map(({ collection, id }) => [collection, id]),
      [
        ['deals', '7'],
        ['deals', '8'],
      ],
    );
    const from = await receive({ meta: { ...META, entity: 'organization', merged_from_id: '9' } });
    assert.deepEqual(
      from.map(({ id }) => id),
      ['7', '9'],
    );
  });

  it('leads nowhere when it is about another company, or about something else', async () => {
    assert.deepEqual(await receive({ meta: { ...META, company_id: '112' } }), []);
    assert.deepEqual(await receive({ meta: { ...META, entity: 'product' } }), []);
  });

  it('is refused with another password or user, and without any password here', async () => {
    const body = { meta: META };
    for (const wrong of [
      { password: 'another' },
      { password: '' },
      { user: 'somebody' },
      { password: '', given: '' },
      { given: null },
      { password: 'undefined', given: null },
    ]) {
      await assert.rejects(receive(body, wrong), { code: 'delivery-refused' });
    }
  });

  it('is believed with the password of the configuration, where no other one is given', async () => {
    const config = { ...CONFIG, hookUser: 'pd', hookPassword: 'by-hand' };
    const body = { meta: META };
    const asWhom = { config, user: 'pd', password: 'by-hand', given: null };
    assert.equal((await receive(body, asWhom)).length, 1);
    assert.equal((await receive(body, { config, user: 'pd' })).length, 1);
    await assert.rejects(receive(body, { ...asWhom, given: SECRET }), { code: 'delivery-refused' });
  });

  it('is not understood when it is of the older version, or nothing we know', async () => {
    const { id: _id, ...old } = META;
    for (const body of [
      '',
      'x',
      '[]',
      { meta: { ...old, v: 1, object: 'person' } },
      { meta: {} },
    ]) {
      await assert.rejects(receive(body), { kind: 'broken' });
    }
  });
});
