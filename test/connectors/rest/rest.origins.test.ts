/** Whom the login of an own app is sent to, wherever the document of the app comes from. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Account, VendorError } from '../../../runtime/connectors/connector.ts';
import { rest } from '../../../runtime/connectors/rest/rest.ts';
import { virtualWorld, type Answer } from '../../sim/virtual-world.ts';
import { inWorld } from '../in-world.ts';
import { failureOf } from '../scene.ts';

const APP = 'http://127.0.0.1:8080';
const SECRET = 'canary-of-thirty-two-characters-and-more';
const BEARER = { kind: 'bearer', token: SECRET };

/** Each with the header that it is sent in. */
const LOGINS = [
  [BEARER, 'authorization'],
  [{ kind: 'header', name: 'X-Key', value: SECRET }, 'x-key'],
  [{ kind: 'basic', user: 'us', password: SECRET }, 'authorization'],
  [{ kind: 'jwt', secret: SECRET }, 'authorization'],
  [{ kind: 'development', customer: SECRET }, 'x-auth-id'],
] as const;

/** What any call has to say of itself. */
const USUAL = ['accept', 'user-agent'];

describe('the document of an own app', () => {
  for (const [auth, header] of LOGINS) {
    for (const [where, document] of [
      ['where nothing is said', undefined],
      ['at its origin', `${APP}/docs/v1/openapi.json?as=json`],
    ] as const) {
      it(`is asked for with the login (${auth.kind}) ${where}`, async () => {
        const { sent } = await opening({ auth, ...(document !== undefined && { document }) });
        assert.equal(sent.length, 2);
        assert.equal(sent[0]!.url, document ?? `${APP}/api/openapi.json`);
        for (const { headers } of sent) assert.ok(headers.has(header), inspect(headers));
      });
    }
  }

  for (const [where, origin] of [
    ['at another host', 'https://docs.example.com'],
    ['at another host that begins like the app', 'https://127.0.0.1.example.com:8080'],
    ['at another port', 'http://127.0.0.1:8081'],
    ['by another scheme', 'https://127.0.0.1:8080'],
  ] as const) {
    for (const [auth, header] of LOGINS) {
      it(`is asked for without the login (${auth.kind}) ${where}`, async () => {
        const document = `${origin}/openapi.json?as=json`;
        const { sent } = await opening({ auth, document });
        assert.deepEqual(
          sent.map(({ url }) => url),
          [document, `${APP}/api/contacts`],
        );
        assert.deepEqual([...sent[0]!.headers.keys()].toSorted(), USUAL);
        assert.ok(sent[1]!.headers.has(header));
      });
    }
  }

  for (const [from, document] of [
    ['its origin', `${APP}/openapi.json`],
    ['where nothing is said', undefined],
    ['elsewhere', 'https://docs.example.com/openapi.json'],
  ] as const) {
    for (const status of [301, 302, 303, 307, 308]) {
      it(`is not followed to where a redirect (${status}) from ${from} leads`, async () => {
        const location = 'https://evil.example.com/openapi.json';
        const { sent, failure } = await opening({
          ...(document !== undefined && { document }),
          documentFrom: () => new Response(null, { status, headers: { location } }),
        });
        assert.match(failure!.message, /sends GET \/openapi\.json of account .* elsewhere/);
        assert.deepEqual(
          sent.map(({ url, redirect }) => [url, redirect]),
          [[document ?? `${APP}/api/openapi.json`, 'manual']],
        );
      });
    }
  }

  it('leads the login nowhere by the servers that it names', async () => {
    const servers = [{ url: 'https://evil.example.com' }];
    const { sent } = await opening({ documentFrom: () => Response.json({ ...DOCUMENT, servers }) });
    for (const { url } of sent) assert.equal(new URL(url).origin, APP);
  });

  it('is not taken from an address that holds a login of its own', async () => {
    const { sent, failure } = await opening({
      document: `https://us:${SECRET}@docs.example.com/openapi.json`,
    });
    assert.match(failure!.message, /holds credentials/);
    assert.doesNotMatch(inspect(failure), new RegExp(SECRET));
    assert.deepEqual(sent, []);
  });

  it('is told to be out of reach where it needs a login elsewhere, which is no fault of ours', async () => {
    const { failure } = await opening({
      document: 'https://docs.example.com/openapi.json',
      documentFrom: () => Response.json({ message: 'Who are you?' }, { status: 401 }),
    });
    assert.equal(failure!.kind, 'forbidden');
    assert.match(failure!.message, /docs\.example\.com .* without a login.*goes to the app alone/);
  });

  it('tells nothing of the clock of the app where it comes from elsewhere', async () => {
    const { account } = await opening({
      document: 'https://docs.example.com/openapi.json',
      documentFrom: () =>
        Response.json(DOCUMENT, { headers: { date: 'Thu, 01 Jan 2026 05:00:00 GMT' } }),
    });
    assert.equal(account!.clockOffsetMs, undefined);
  });
});

interface Opened {
  /** In the order in which it was sent, whoever got it. */
  readonly sent: readonly Request[];
  readonly account?: Account;
  readonly failure?: VendorError;
}

/** Opens the account; everybody whom it could ask is there, and gives out the document. */
async function opening({
  auth = BEARER,
  documentFrom = () => Response.json(DOCUMENT),
  ...more
}: {
  auth?: object;
  document?: string;
  documentFrom?: Answer;
}): Promise<Opened> {
  const world = Object.assign(virtualWorld({ seed: 'origins' }), { allowedHosts: ['127.0.0.1'] });
  const sent: Request[] = [];
  for (const origin of [
    APP,
    'http://127.0.0.1:8081',
    'https://127.0.0.1:8080',
    'https://127.0.0.1.example.com:8080',
    'https://docs.example.com',
    'https://evil.example.com',
  ]) {
    world.serve(origin, (request) => {
      sent.push(request);
      return request.url.includes('openapi.json') ? documentFrom(request) : Response.json([]);
    });
  }
  const config = rest.config.parse({ baseUrl: `${APP}/api`, auth, ...more });
  return inWorld(world, async () => {
    const opened = rest.open(config, world, { load: async () => undefined, save: async () => {} });
    return opened.then(
      (account) => ({ sent, account }),
      async () => ({ sent, failure: await failureOf(opened) }),
    );
  });
}

const CONTACT = { type: 'object', properties: { id: { type: 'string', readOnly: true } } };

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Small', version: '1' },
  paths: {
    '/contacts': { get: { responses: { 200: json({ type: 'array', items: CONTACT }) } } },
    '/contacts/{id}': { get: { responses: { 200: json(CONTACT) } } },
  },
};

function json(schema: object): object {
  return { content: { 'application/json': { schema } } };
}
