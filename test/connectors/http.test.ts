import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { z } from 'zod';
import { VendorError, type FailureKind } from '../../runtime/connectors/connector.ts';
import { restClient, type Call, type RestOptions } from '../../runtime/connectors/http.ts';
import { virtualWorld, type Answer, type VirtualWorld } from '../sim/virtual-world.ts';
import { inWorld } from './in-world.ts';

const ORIGIN = 'https://crm.example';
const TOKEN = 'c4n/ry+T0ken=';
const START = Date.UTC(2026, 0, 1, 12);
const people = z.object({ names: z.array(z.string()) });
const READ: Call<unknown> = { method: 'GET', path: ['v1', 'people'], answer: people };
const WRITE: Call<unknown> = { ...READ, method: 'POST', body: { name: 'Anna' } };

describe('the client for vendors that speak JSON', () => {
  it('sends what it is told and answers with what it understands', async () => {
    const seen: unknown[] = [];
    const { send } = client(async (request) => {
      const { method, url, headers } = request;
      const { redirect } = request;
      seen.push(method, url, headers.get('authorization'), redirect, await request.json());
      return Response.json({ names: ['Anna'], more: 1 });
    });
    const call = {
      ...WRITE,
      path: ['v1', 'a/b?c', 'é'],
      query: { since: '2026 & on', limit: 5, after: undefined },
    };
    assert.deepEqual(await send(call), { names: ['Anna'] });
    const url = `${ORIGIN}/api/v1/a%2Fb%3Fc/%C3%A9?since=2026+%26+on&limit=5`;
    assert.deepEqual(seen, ['POST', url, `Bearer ${TOKEN}`, 'manual', { name: 'Anna' }]);
  });

  it('takes another status for an answer where the call says so, and only in the form it says', async () => {
    const refused = z.object({ names: z.tuple([]) });
    const call = { ...WRITE, answers: { 422: refused } };
    const answering = (names: readonly string[]) =>
      client(() => Response.json({ names }, { status: 422 })).send(call);
    assert.deepEqual(await answering([]), { names: [] });
    await assert.rejects(answering(['Anna']), { kind: 'rejected', mayHaveLanded: false });
  });

  it('takes no answer from a status that says no, however well it reads', async () => {
    const fine = { names: ['Anna'] };
    for (const [status, call] of [
      [422, WRITE],
      [500, { ...WRITE, answers: { 422: people } }],
      [200, { ...WRITE, answer: z.object({ id: z.string() }), answers: { 200: people } }],
    ] as const) {
      const { send } = client(() => Response.json(fine, { status }));
      const { message } = await failureOf(send(call));
      assert.ok(message.includes(`(${status}`), message);
    }
  });

  it('leaves nothing behind: neither a timer nor a listener', async () => {
    const { world, send } = client(() => Response.json({ names: [] }));
    const { signal } = new AbortController();
    let listeners = 0;
    const counting = new Proxy(signal, {
      get(target, name) {
        if (name === 'addEventListener') listeners += 1;
        if (name === 'removeEventListener') listeners -= 1;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    await send({ ...READ, signal: counting });
    assert.ok(world.clock.now() - START < 1_000);
    assert.equal(listeners, 0);
  });

  it('reads an answer that comes in pieces, split in the middle of a letter', async () => {
    const bytes = new TextEncoder().encode('{"names":["Pécs"]}');
    const split = bytes.indexOf(0xc3) + 1;
    const body = streamOf(bytes.subarray(0, split), bytes.subarray(split));
    assert.deepEqual(await client(() => new Response(body)).send(READ), { names: ['Pécs'] });
  });

  for (const name of ['', '.', '..']) {
    it(`sends nothing to a path with the name "${name}"`, async () => {
      const { send } = client(() => assert.fail('was called'));
      const call = { ...WRITE, path: ['v1', name, 'people'] };
      await assert.rejects(send(call), { kind: 'rejected', mayHaveLanded: false });
    });
  }
});

/** A status, with its headers; what it means; and whether a write may have been carried out. */
const statuses: readonly [number, Record<string, string>, FailureKind, boolean, number?][] = [
  [302, { location: 'https://evil.example/' }, 'broken', true],
  [400, {}, 'rejected', false],
  [401, {}, 'unauthorized', false],
  [403, {}, 'forbidden', false],
  [404, {}, 'missing', false],
  [408, {}, 'transient', false],
  [409, {}, 'rejected', false],
  [410, {}, 'missing', false],
  [412, {}, 'outdated', false],
  [413, {}, 'tooLarge', false],
  [414, {}, 'tooLarge', false],
  [422, {}, 'rejected', false],
  [423, {}, 'transient', false],
  [425, {}, 'transient', false],
  [429, {}, 'throttled', false],
  [429, { 'retry-after': '7' }, 'throttled', false, 7_000],
  [429, { 'retry-after': '0' }, 'throttled', false, 0],
  [429, { 'retry-after': 'soon' }, 'throttled', false],
  [429, { 'retry-after': '9'.repeat(400) }, 'throttled', false, 86_400_000],
  [431, {}, 'tooLarge', false],
  [500, {}, 'transient', true],
  [502, {}, 'transient', true],
  [503, {}, 'transient', true],
  [503, { 'retry-after': '30' }, 'transient', true, 30_000],
  [504, { 'retry-after': '30' }, 'transient', true, 30_000],
  [599, {}, 'transient', true],
];

describe('an answer with a status that says no', () => {
  for (const [status, headers, kind, mayHaveLanded, retryAfterMs] of statuses) {
    const header = Object.entries(headers).map(([name, value]) => `, ${name} ${value.slice(0, 9)}`);
    it(`is ${kind}${mayHaveLanded ? ', and a write may have landed' : ''}: ${status}${header.join('')}`, async () => {
      for (const call of [READ, WRITE, { ...WRITE, writes: false }]) {
        let requests = 0;
        const { send } = client(() => {
          requests += 1;
          return new Response('<html>Oh no</html>', { status, headers });
        });
        const error = await failureOf(send(call));
        assert.equal(error.kind, kind);
        assert.equal(error.retryAfterMs, retryAfterMs);
        assert.equal(error.mayHaveLanded, mayHaveLanded && call === WRITE);
        assert.match(error.message, new RegExp(`crm.*'Sales'.*\\(${status}\\)\\. [A-Z].*\\.$`));
        assert.equal(requests, 1, 'nothing is retried');
      }
    });
  }

  it('says what to do about a token that is refused', async () => {
    const { send } = client(() => new Response('', { status: 401 }));
    const said =
      "crm refused the token of account 'Sales' (401). Open the account node and log in again.";
    await assert.rejects(send(READ), { message: said });
  });

  it('passes on what the vendor complains about, on one line and not for ever', async () => {
    const { send } = client(() =>
      Response.json({ message: `the name\n\u001b[31mis odd${'!'.repeat(9_999)}` }, { status: 400 }),
    );
    const { message } = await failureOf(send(READ));
    assert.match(message, /\(400: the name \[31mis odd!+…\)/);
    assert.ok(message.length < 500);
  });

  it('understands a date to come back at, by the clock of the vendor where it is told', async () => {
    const at = (time: number): string => new Date(time).toUTCString();
    const told = async (headers: Record<string, string>): Promise<unknown> => {
      const { send } = client(() => new Response('', { status: 429, headers }));
      return (await failureOf(send(READ))).retryAfterMs;
    };
    const ahead = START + 3_600_000;
    assert.equal(await told({ 'retry-after': at(ahead + 60_000), date: at(ahead) }), 60_000);
    assert.equal(await told({ 'retry-after': at(START - 60_000) }), 0);
    const waitMs = await told({ 'retry-after': at(START + 60_000) });
    assert.ok(Number(waitMs) > 59_000 && Number(waitMs) < 60_000, String(waitMs));
  });

  it('counts even when the rest of it is too long, or never comes', async () => {
    for (const body of [streamOf(new Uint8Array(2_000)), neverEnding()]) {
      const { send } = client(() => new Response(body, { status: 403 }), { answerBytesMax: 1_000 });
      await assert.rejects(send(WRITE), { kind: 'forbidden', mayHaveLanded: false });
    }
  });
});

/** What goes wrong, how it is told, and whether a write may have landed. */
const mishaps: readonly [string, Answer, FailureKind, RegExp, boolean][] = [
  ['no JSON', () => new Response('<html>'), 'broken', /understands \(200; no JSON\)/, true],
  ['nothing', () => new Response(null, { status: 204 }), 'broken', /\(204; no JSON\)/, true],
  [
    'another form',
    () => Response.json({ names: ['Anna', 5] }),
    'broken',
    /\(200; names\.1: [^)]*expected string/,
    true,
  ],
  [
    'letters that are not UTF-8',
    () => new Response(Uint8Array.from(Buffer.from('{"names":["P\u00e9cs"]}', 'latin1'))),
    'broken',
    /no JSON/,
    true,
  ],
  [
    'more than anybody wants',
    () => new Response(streamOf(new Uint8Array(600), new Uint8Array(600))),
    'tooLarge',
    /more than 1000 bytes/,
    true,
  ],
  ['nothing in time', () => new Promise<never>(() => {}), 'transient', /within 5 s/, true],
  ['half an answer', () => new Response(neverEnding()), 'transient', /within 5 s/, true],
  [
    'a connection that breaks',
    () => {
      throw new TypeError('fetch failed', { cause: withCode('read ECONNRESET', 'ECONNRESET') });
    },
    'transient',
    /cannot be reached .* \(fetch failed, read ECONNRESET, ECONNRESET\)/,
    true,
  ],
  [
    'a body that breaks off',
    () => new Response(streamThatFails(new TypeError('terminated'))),
    'transient',
    /\(terminated\)/,
    true,
  ],
  [
    'a connection that nobody takes',
    () => {
      throw new TypeError('fetch failed', { cause: withCode('', 'ECONNREFUSED') });
    },
    'transient',
    /\(fetch failed, ECONNREFUSED\)/,
    false,
  ],
  [
    'a name that is not known',
    () => {
      throw new TypeError('fetch failed', { cause: withCode('', 'ENOTFOUND') });
    },
    'transient',
    /ENOTFOUND/,
    false,
  ],
];

describe('a call that is answered with', () => {
  for (const [title, answer, kind, said, mayHaveLanded] of mishaps) {
    it(`${title} is ${kind}${mayHaveLanded ? ', and a write may have landed' : ''}`, async () => {
      for (const call of [READ, WRITE]) {
        const { send } = client(answer, { timeoutMs: 5_000, answerBytesMax: 1_000 });
        const error = await failureOf(send(call));
        assert.equal(error.kind, kind);
        assert.match(error.message, said);
        assert.match(error.message, /crm .*'Sales'/);
        assert.equal(error.mayHaveLanded, mayHaveLanded && call === WRITE);
      }
    });
  }
});

describe('a call that its caller gives up', () => {
  it('never leaves when it was given up before', async () => {
    const { send } = client(() => assert.fail('was called'));
    const call = { ...WRITE, signal: AbortSignal.abort() };
    await assert.rejects(send(call), { kind: 'transient', mayHaveLanded: false });
  });

  it('may have landed when it was under way, and ends at once', async () => {
    for (const answer of [() => new Promise<never>(() => {}), () => new Response(neverEnding())]) {
      const { world, send } = client(answer);
      const controller = new AbortController();
      world.schedule.after(2_000, () => controller.abort());
      const { signal } = controller;
      await assert.rejects(send({ ...WRITE, signal }), {
        kind: 'transient',
        mayHaveLanded: true,
        message: /was called off/,
      });
      assert.equal(world.clock.now(), START + 2_000);
    }
  });
});

describe('an error of a vendor', () => {
  const leaks: readonly [string, Answer][] = [
    ['a vendor quotes it', () => Response.json({ message: `bad ${TOKEN}` }, { status: 400 })],
    [
      'it stands in an address',
      () => Response.json({ message: encodeURIComponent(TOKEN) }, { status: 500 }),
    ],
    [
      'the connection quotes it',
      () => {
        throw new TypeError(`Bearer ${TOKEN}`, { cause: new Error(`header ${TOKEN}`) });
      },
    ],
    ['a value of another form is one', () => Response.json({ names: TOKEN, [TOKEN]: 1 })],
    [
      'it would be cut in the middle',
      () => Response.json({ message: `${'!'.repeat(295)}${TOKEN}` }, { status: 400 }),
    ],
    ['a page is one', () => new Response(TOKEN)],
    ['a redirect leads to it', () => Response.redirect(`${ORIGIN}/?token=${TOKEN}`)],
  ];
  for (const [when, answer] of leaks) {
    it(`never holds a secret when ${when}`, async () => {
      const { send, world } = client(answer);
      holdsNoSecret(await failureOf(send(WRITE)), TOKEN);
      assert.deepEqual(world.logged, []);
    });
  }

  it('never holds a secret that was pasted with a line break behind it', async () => {
    const secrets = [`${TOKEN}\n`];
    const headers = { authorization: `Bearer ${TOKEN}\n` };
    const { send } = client(
      (request) =>
        Response.json({ message: request.headers.get('authorization') }, { status: 400 }),
      { secrets, headers },
    );
    const error = await failureOf(send(WRITE));
    assert.match(error.message, /\(400: Bearer \[secret\]\)/);
    holdsNoSecret(error, TOKEN);
  });

  it('never holds a secret that no header can carry', async () => {
    const token = `${TOKEN}\n${TOKEN}á`;
    const headers = { authorization: `Bearer ${token}` };
    const { send } = client(() => assert.fail('was called'), { headers, secrets: [token, ''] });
    const error = await failureOf(send(WRITE));
    holdsNoSecret(error, TOKEN);
    assert.deepEqual([error.kind, error.mayHaveLanded], ['rejected', false]);
    assert.match(error.message, /cannot be sent to crm \(.* is an invalid header value/);
  });
});

function client(answer: Answer, options: Partial<RestOptions> = {}) {
  const world: VirtualWorld = virtualWorld({ seed: 'http', startAt: START });
  world.serve(ORIGIN, answer);
  world.serve('https://evil.example', () => assert.fail('the token went astray'));
  const rest = restClient({
    world,
    vendor: 'crm',
    account: 'Sales',
    baseUrl: `${ORIGIN}/api/`,
    headers: { authorization: `Bearer ${TOKEN}` },
    secrets: [TOKEN],
    complaint: (body) => (body as { message?: string } | undefined)?.message,
    ...options,
  });
  return { world, send: (call: Call<unknown>) => inWorld(world, () => rest.send(call)) };
}

async function failureOf(call: Promise<unknown>): Promise<VendorError> {
  const error: unknown = await call.then(
    () => assert.fail('it did not fail'),
    (failure) => failure,
  );
  assert.ok(error instanceof VendorError, String(error));
  return error;
}

function holdsNoSecret(error: VendorError, secret: string): void {
  const text = inspect(error, { depth: Infinity, showHidden: true });
  for (const piece of [secret, encodeURIComponent(secret), secret.slice(0, 5)]) {
    assert.ok(!text.includes(piece), text);
  }
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

function streamThatFails(error: Error): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.error(error) });
}

function neverEnding(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"names":[')),
  });
}
