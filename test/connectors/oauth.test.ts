import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { z } from 'zod';
import { restClient, type Call } from '../../runtime/connectors/http.ts';
import { oauth, type OAuthOptions, type Tokens } from '../../runtime/connectors/oauth.ts';
import { virtualWorld, type VirtualWorld } from '../sim/virtual-world.ts';
import { inWorld } from './in-world.ts';
import { failureOf } from './scene.ts';

const API = 'https://api.crm.example';
const LOGIN = 'https://login.crm.example';
const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const LIFE_MS = 30 * MINUTE;
const READ: Call<string> = { method: 'GET', path: ['people'], answer: z.string() };

describe('a token that the vendor renews', () => {
  it('is asked for with the refresh token, in a form, and is what calls are made with', async () => {
    const { send, asked, saved } = setting();
    assert.equal(await send(), 'access-1');
    assert.deepEqual(asked, [
      {
        authorization: null,
        form: {
          grant_type: 'refresh_token',
          refresh_token: 'refresh-0',
          client_id: 'tributary',
          client_secret: 'hush',
        },
      },
    ]);
    assert.equal(saved.length, 1);
    assert.equal(saved[0]!.refreshToken, 'refresh-1');
  });

  it('is asked for with the client in a header where the vendor wants it there', async () => {
    const { send, asked } = setting({ as: 'basic' });
    await send();
    const authorization = `Basic ${Buffer.from('tributary:hush').toString('base64')}`;
    assert.deepEqual(asked, [
      { authorization, form: { grant_type: 'refresh_token', refresh_token: 'refresh-0' } },
    ]);
  });

  it('is taken as it was saved while it is good', async () => {
    const tokens = { refreshToken: 'refresh-0', accessToken: 'access-0', renewAt: START + MINUTE };
    const { world, send, asked, vendor } = setting({ tokens });
    vendor.access = 'access-0';
    assert.equal(await send(), 'access-0');
    assert.equal(asked.length, 0);
    await world.runUntil(START + MINUTE);
    assert.equal(await send(), 'access-1');
    assert.equal(asked.length, 1);
  });

  it('is renewed a minute before it expires, and not sooner', async () => {
    const { world, send, asked, saved } = setting();
    await send();
    const { renewAt } = saved[0]!;
    assert.equal(renewAt, START + LIFE_MS - MINUTE);
    await world.runUntil(renewAt - 1_000);
    assert.equal(await send(), 'access-1');
    await world.runUntil(renewAt);
    assert.equal(await send(), 'access-2');
    assert.equal(asked.length, 2);
  });

  it('is not renewed at every call when it lives for less than a minute', async () => {
    const { send, asked, vendor } = setting();
    vendor.lifeS = 30;
    for (let call = 0; call < 5; call += 1) await send();
    assert.equal(asked.length, 1);
  });

  it('is renewed once for all calls that need it at the same time', async () => {
    const { world, call, asked } = setting();
    const answers = await inWorld(world, () => Promise.all([call(), call(), call(), call()]));
    assert.deepEqual([...new Set(answers)], ['access-1']);
    assert.equal(asked.length, 1);
  });

  it('is renewed once, and the calls are made again, when the vendor takes it back early', async () => {
    const { world, call, send, asked, vendor, calls } = setting();
    await send();
    vendor.access = 'another';
    const answers = await inWorld(world, () => Promise.all([call(), call(), call()]));
    assert.deepEqual([...new Set(answers)], ['access-2']);
    assert.deepEqual([asked.length, calls()], [2, 1 + 3 + 3]);
  });

  it('is not tried a third time: then somebody has to log in', async () => {
    const { send, asked, vendor, calls } = setting();
    vendor.refusesAll = true;
    const failure = await failureOf(send());
    assert.deepEqual([failure.kind, asked.length, calls()], ['unauthorized', 2, 2]);
  });

  it('is saved before it is used', async () => {
    const order: string[] = [];
    const { world, call } = setting({
      onCall: () => order.push('called'),
      save: async (_tokens, { schedule }) => {
        await schedule.sleep(5_000);
        order.push('saved');
      },
    });
    await inWorld(world, call);
    assert.deepEqual(order, ['saved', 'called']);
  });

  it('is not used, nor lost, when it cannot be saved', async () => {
    let isBroken = true;
    const { send, asked, saved, calls } = setting({
      save: async () => {
        if (isBroken) throw new Error('the disk is full');
      },
    });
    await assert.rejects(send(), /the disk is full/);
    assert.deepEqual([calls(), saved.length], [0, 0]);
    isBroken = false;
    assert.equal(await send(), 'access-1');
    assert.deepEqual(
      [asked.length, saved.map(({ refreshToken }) => refreshToken)],
      [1, ['refresh-1']],
    );
  });

  it('is taken from another process that has renewed it meanwhile', async () => {
    const { world, send, asked, vendor, stored } = setting();
    await send();
    const renewAt = START + 2 * LIFE_MS;
    stored.tokens = { refreshToken: 'refresh-9', accessToken: 'access-9', renewAt };
    vendor.access = 'access-9';
    await world.runUntil(START + LIFE_MS);
    assert.equal(await send(), 'access-9');
    assert.equal(asked.length, 1);
  });

  it('is taken from another process that was quicker, too', async () => {
    const { send, stored, vendor } = setting();
    vendor.onAsked = () => {
      vendor.refresh = 'refresh-9';
      vendor.access = 'access-9';
      const renewAt = START + LIFE_MS;
      stored.tokens = { refreshToken: 'refresh-9', accessToken: 'access-9', renewAt };
    };
    assert.equal(await send(), 'access-9');
  });

  it('is renewed once by two processes that need it at the same moment, though the refresh token works once', async () => {
    const { world, call, another, asked, saved } = setting({
      save: (_tokens, { schedule }) => schedule.sleep(2_000),
    });
    const given = await inWorld(world, () => Promise.all([call(), another()]));
    assert.deepEqual(given, ['access-1', 'access-1']);
    assert.deepEqual([asked.length, saved.length], [2, 1]);
  });

  for (const [status, body, kind, said] of [
    [400, { status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid' }, 'unauthorized', /log in/],
    [400, { error: 'invalid_grant', error_description: 'expired' }, 'unauthorized', /400: expired/],
    [400, '<html>', 'unauthorized', /\(400\)/],
    [401, { error: 'invalid_client' }, 'unauthorized', /401: invalid_client/],
    [429, {}, 'transient', /tried again/],
    [500, {}, 'transient', /tried again/],
    [503, {}, 'transient', /tried again/],
    [200, { access_token: '' }, 'broken', /access_token/],
  ] as const) {
    it(`is ${kind} when the vendor answers ${status} ${inspect(body)} instead of one`, async () => {
      const { send, vendor, calls, saved } = setting();
      vendor.answer = () =>
        typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status });
      const failure = await failureOf(send({ ...READ, method: 'POST' }));
      assert.deepEqual([failure.kind, failure.mayHaveLanded], [kind, false]);
      assert.match(failure.message, said);
      assert.match(failure.message, /'Sales'/);
      assert.deepEqual([calls(), saved.length], [0, 0]);
    });
  }

  it('comes back by itself after trouble', async () => {
    const { send, vendor } = setting();
    vendor.answer = () => new Response('', { status: 503, headers: { 'retry-after': '7' } });
    assert.equal((await failureOf(send())).retryAfterMs, 7_000);
    vendor.answer = undefined;
    assert.equal(await send(), 'access-1');
  });

  it('never stands in an error, nor what it is renewed with', async () => {
    const { send, vendor } = setting();
    const all = 'refresh-0 refresh-1 access-1 hush';
    vendor.answer = () => Response.json({ message: all }, { status: 400 });
    const secretsOf = (error: Error) => inspect(error, { showHidden: true, depth: 9 });
    assert.doesNotMatch(secretsOf(await failureOf(send())), /refresh-0|hush/);
    vendor.answer = undefined;
    await send();
    vendor.complaint = all;
    assert.doesNotMatch(secretsOf(await failureOf(send())), /refresh-0|refresh-1|access-1|hush/);
  });
});

interface SettingOptions {
  readonly as?: OAuthOptions['client']['as'];
  readonly tokens?: Tokens;
  readonly save?: (tokens: Tokens, world: VirtualWorld) => Promise<void>;
  readonly onCall?: () => void;
}

/** A vendor whose refresh tokens work once, and an account of it. */
function setting({ as = 'form', tokens, save, onCall }: SettingOptions = {}) {
  const world = virtualWorld({ seed: 'oauth', startAt: START });
  const stored = { tokens: tokens ?? { refreshToken: 'refresh-0' } };
  const saved: (Tokens & { readonly renewAt: number })[] = [];
  const asked: unknown[] = [];
  let given = 0;
  let calls = 0;
  const vendor: {
    refresh: string;
    access: string;
    lifeS: number;
    refusesAll?: boolean;
    complaint?: string;
    onAsked?: () => void;
    answer?: (() => Response) | undefined;
  } = { refresh: 'refresh-0', access: '', lifeS: LIFE_MS / 1_000 };
  world.serve(LOGIN, async (request) => {
    const form = Object.fromEntries(new URLSearchParams(await request.text()));
    asked.push({ authorization: request.headers.get('authorization'), form });
    vendor.onAsked?.();
    if (vendor.answer) return vendor.answer();
    if (form['refresh_token'] !== vendor.refresh) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    }
    given += 1;
    vendor.refresh = `refresh-${given}`;
    vendor.access = `access-${given}`;
    return Response.json({
      access_token: vendor.access,
      refresh_token: vendor.refresh,
      expires_in: vendor.lifeS,
    });
  });
  world.serve(API, (request) => {
    calls += 1;
    onCall?.();
    const token = request.headers.get('authorization')?.replace('Bearer ', '');
    if (vendor.refusesAll || token !== vendor.access) return new Response('', { status: 401 });
    if (vendor.complaint) return Response.json(vendor.complaint, { status: 422 });
    return Response.json(token);
  });
  const options: OAuthOptions = {
    world,
    vendor: 'crm',
    account: 'Sales',
    tokenUrl: `${LOGIN}/oauth/token`,
    client: { id: 'tributary', secret: 'hush', as },
    load: async () => stored.tokens,
    save: async (renewed) => {
      await save?.(renewed, world);
      stored.tokens = renewed;
      saved.push(renewed as (typeof saved)[number]);
    },
  };
  const process = () => {
    const rest = restClient({
      world,
      vendor: 'crm',
      account: 'Sales',
      baseUrl: API,
      auth: oauth(options),
      complaint: (body) => (typeof body === 'string' ? body : undefined),
    });
    return (wanted: Call<string> = READ) => rest.send(wanted);
  };
  const call = process();
  const send = (wanted: Call<string> = READ) => inWorld(world, () => call(wanted));
  return {
    world,
    vendor,
    stored,
    saved,
    asked,
    calls: () => calls,
    call,
    another: process(),
    send,
  };
}
