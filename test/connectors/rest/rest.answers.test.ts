/** What a document can say, and how the connector knows who it is; with apps that are made for one test. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import type { Account, Collection } from '../../../runtime/connectors/connector.ts';
import { rest } from '../../../runtime/connectors/rest/rest.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';
import { failureOf } from '../scene.ts';

const ORIGIN = 'https://app.example.com';
const SECRET = 'a-secret-that-is-long-enough-71ac';
const BEARER = { kind: 'bearer', token: 'canary-token-71ac' };

describe('the login of an own app', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  it('is signed with a secret, for a few minutes, and made anew before it expires', () =>
    within(
      { auth: { kind: 'jwt', secret: SECRET, subject: 'us', claims: { customer: 7 } } },
      async (scene) => {
        const [head, claims, seal] = jwtIn(scene.sent.at(-1)!);
        const text = scene.sent.at(-1)!.headers.get('authorization')!.slice('Bearer '.length);
        assert.deepEqual(head, { alg: 'HS256', typ: 'JWT' });
        assert.deepEqual([claims['sub'], claims['customer']], ['us', 7]);
        const signed = text.slice(0, text.lastIndexOf('.'));
        assert.equal(seal, createHmac('sha256', SECRET).update(signed).digest('base64url'));
        await scene.world.schedule.sleep(250_000);
        await scene.contacts.list({ limit: 1 });
        assert.equal(jwtIn(scene.sent.at(-1)!)[2], seal);
        await scene.world.schedule.sleep(45_000);
        await scene.contacts.list({ limit: 1 });
        assert.notEqual(jwtIn(scene.sent.at(-1)!)[2], seal);
      },
    ));

  for (const [algorithm, pair] of [
    ['ES256', { privateKey, publicKey }],
    ['RS256', rsa],
  ] as const) {
    it(`is signed with a private key by ${algorithm}`, () =>
      within({ auth: { kind: 'jwt', privateKey: pemOf(pair.privateKey) } }, async ({ sent }) => {
        const [head, , seal] = jwtIn(sent[0]!);
        assert.equal(head['alg'], algorithm);
        const text = sent[0]!.headers.get('authorization')!.slice('Bearer '.length);
        const signed = Buffer.from(text.slice(0, text.lastIndexOf('.')));
        const key = { key: pair.publicKey, dsaEncoding: 'ieee-p1363' } as const;
        assert.ok(verify('sha256', signed, key, Buffer.from(seal, 'base64url')));
      }));
  }

  it('is told to be none when it can be guessed, or is of another sort', async () => {
    for (const [auth, why] of [
      [{ kind: 'jwt', secret: 'short' }, /less than 32 characters/],
      [{ kind: 'jwt', secret: SECRET, algorithm: 'ES256' }, /ES256 takes a private key/],
      [{ kind: 'jwt', privateKey: '-----BEGIN NONSENSE' }, /private key is none/],
    ] as const) {
      await assert.rejects(
        within({ auth }, async () => {}),
        { message: why },
      );
    }
  });

  it('is only left out on this machine, and loudly', async () => {
    const auth = { kind: 'development', customer: 'demo' };
    await assert.rejects(
      within({ auth }, async () => {}),
      {
        kind: 'forbidden',
        message: /without proving it/,
      },
    );
    await within({ auth, origin: 'http://127.0.0.1:8080' }, async ({ sent, world }) => {
      assert.equal(sent[0]!.headers.get('x-auth-id'), 'demo');
      assert.match(world.logged[0]!.message, /^DEVELOPMENT ONLY/);
    });
  });

  it('never shows in what goes wrong', () =>
    within({ auth: BEARER }, async ({ contacts, answer }) => {
      answer.with = () =>
        Response.json({ message: `No ${BEARER.token}`, path: 'name' }, { status: 422 });
      const outcome = await contacts.write([{ op: 'create', raw: { name: 'Anna' } }]);
      const failure = await failureOf(contacts.list({ limit: 1 }));
      assert.doesNotMatch(inspect([outcome, failure], { depth: 9 }), /canary/);
      assert.match(failure.message, /No \[secret\]/);
    }));
});

describe('the document of an own app', () => {
  it('may call things by other names, and say so there or in the configuration', async () => {
    const renamed = document();
    renamed.paths['/contacts']['x-tributary'] = { changedAt: 'touched', marker: 'ours' };
    await within({ document: renamed }, async ({ contacts }) => {
      assert.deepEqual([contacts.can.version, contacts.can.marker], ['time', 'ours']);
    });
    const collections = { contacts: { changedAt: 'touched', marker: null } };
    await within({ document: renamed, collections }, async ({ contacts }) => {
      assert.deepEqual([contacts.can.version, contacts.can.marker], ['time', undefined]);
    });
    const wrong = { contacts: { changedAt: 'nothing' } };
    await assert.rejects(
      within({ collections: wrong }, async () => {}),
      { message: /"nothing" is to be "changedAt".*does not have it/ },
    );
  });

  it('says whether a change takes the whole item', async () => {
    for (const method of ['put', 'patch'] as const) {
      const changing = document();
      const one: Record<string, unknown> = changing.paths['/contacts/{id}'];
      one[method] = changing.paths['/contacts']['post'];
      await within({ document: changing }, async ({ contacts }) => {
        assert.equal(contacts.can.replacesItems, method === 'put');
      });
    }
  });

  it('is read anew by whoever opens a collection again, because the app may have changed', async () => {
    const changed = document();
    const given = { document: `${ORIGIN}/openapi.json` };
    const sees: Scene['answer']['with'] = ({ url }) =>
      Response.json(url.endsWith('/openapi.json') ? changed : []);
    await within({ ...given, sees }, async ({ account, contacts }) => {
      const typeIn = ({ fields }: typeof contacts) =>
        fields.find(({ path }) => path === 'name')?.type;
      assert.equal(typeIn(contacts), 'string');
      const { properties } = changed.components.schemas.Contact as {
        properties: Record<string, unknown>;
      };
      properties['name'] = { type: 'number' };
      assert.equal(typeIn(await account.collection('contacts')), 'number');
    });
  });

  it('has to be one', async () => {
    for (const given of [{ swagger: '2.0' }, {}]) {
      await assert.rejects(
        within({ document: given }, async () => {}),
        {
          message: /is no OpenAPI document/,
        },
      );
    }
    const { paths: _paths, ...empty } = document();
    await assert.rejects(
      within({ document: empty }, async () => {}),
      {
        message: /has no collection "contacts".*this one has none/,
      },
    );
  });

  it('decides what is sent: nothing that it does not know, or that does not fit', () =>
    within({}, async ({ contacts, sent }) => {
      const before = sent.length;
      for (const [raw, path] of [
        [{ name: 'Anna', nickname: 'A' }, 'nickname'],
        [{ name: 5 }, 'name'],
        [{}, 'name'],
        [{ name: 'Anna', address: { city: 5 } }, 'address.city'],
      ] as const) {
        const [outcome] = await contacts.write([{ op: 'create', raw }]);
        assert.ok(outcome?.kind === 'failed');
        assert.deepEqual([outcome.error.kind, outcome.error.path], ['rejected', path]);
        assert.match(outcome.error.message, /It was not sent\./);
      }
      assert.equal(sent.length, before);
    }));

  it('may ask for more than anybody can follow, which is told', async () => {
    const strange = document();
    strange.components.schemas.Contact = {
      ...strange.components.schemas.Contact,
      if: { required: ['name'] },
    };
    await within({ document: strange }, async ({ world, contacts }) => {
      assert.match(world.logged[0]!.message, /POST \/contacts is not checked/);
      assert.ok(contacts.fields.some(({ path }) => path === 'address.city'));
    });
  });
});

interface Scene {
  readonly world: ReturnType<typeof virtualWorld>;
  readonly account: Account;
  readonly contacts: Collection;
  /** What the app was asked. */
  readonly sent: Request[];
  readonly answer: { with: (request: Request) => Response };
}

async function within(
  {
    auth = BEARER,
    origin = ORIGIN,
    sees = () => Response.json([]),
    ...more
  }: {
    auth?: unknown;
    origin?: string;
    document?: unknown;
    collections?: unknown;
    sees?: Scene['answer']['with'];
  },
  story: (scene: Scene) => Promise<void>,
): Promise<void> {
  const world = Object.assign(virtualWorld({ seed: 'own app' }), { allowedHosts: ['127.0.0.1'] });
  const sent: Request[] = [];
  const answer: Scene['answer'] = { with: sees };
  world.serve(origin, (request) => {
    sent.push(request);
    return answer.with(request);
  });
  await inWorld(world, async () => {
    const given = { baseUrl: origin, auth, document: document(), ...more };
    const account = await rest.open(rest.config.parse(given), world);
    await story({ world, account, contacts: await account.collection('contacts'), sent, answer });
  });
}

function jwtIn({ headers }: Request): [Record<string, unknown>, Record<string, unknown>, string] {
  const [head, claims, seal] = headers.get('authorization')!.slice('Bearer '.length).split('.');
  const read = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return [read(head!), read(claims!), seal!];
}

/** A small app, with a schema that refers to itself. */
function document() {
  const contact = { $ref: '#/components/schemas/Contact' };
  const json = (schema: unknown) => ({ content: { 'application/json': { schema } } });
  const all: Record<string, unknown> = {
    get: {
      parameters: [{ name: 'ours', in: 'query', schema: { type: 'string' } }],
      responses: { 200: json({ type: 'array', items: contact }) },
    },
    post: { requestBody: json(contact), responses: { 201: json(contact) } },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Small', version: '1' },
    paths: { '/contacts': all, '/contacts/{id}': { get: { responses: { 200: json(contact) } } } },
    components: {
      schemas: {
        Contact: {
          type: 'object',
          required: ['name'],
          properties: {
            id: { type: 'string', readOnly: true },
            name: { type: 'string' },
            ours: { type: ['string', 'null'] },
            touched: { type: 'string', format: 'date-time', readOnly: true },
            address: { type: 'object', properties: { city: { type: 'string' } } },
            friend: contact,
          },
        } as Record<string, unknown>,
      },
    },
  };
}
