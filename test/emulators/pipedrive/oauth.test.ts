import assert from 'node:assert/strict';
import type { OAuthApp } from '../../../runtime/emulators/pipedrive/options.ts';
import { practice, type Json, type Practice } from './practice.ts';

const DAY_MS = 86_400_000;
const APP: OAuthApp = {
  clientId: 'app',
  clientSecret: 'hush',
  redirectUri: 'https://app.test/back',
  scopes: ['contacts:read', 'users:read'],
};
const BASIC = `Basic ${btoa('app:hush')}`;

describe('an app that asks Pipedrive for tokens', () => {
  it('sends a person who lets it in, and trades the code once', async () => {
    const scene = practice({ app: APP });
    const code = await codeOf(scene);
    const form = { grant_type: 'authorization_code', code, redirect_uri: APP.redirectUri };
    const { access_token: access, refresh_token: refresh, ...rest } = await trade(scene, form);
    assert.match(access, /^v1u:/);
    assert.notEqual(refresh, access);
    assert.deepEqual(rest, {
      token_type: 'Bearer',
      scope: 'base,contacts:read,users:read',
      expires_in: 3599,
      api_domain: 'https://acme-test.pipedrive.com',
    });
    assert.equal(await statusOf(scene, form), 400);
  });

  it('asks with a token for an hour, and is nobody afterwards', async () => {
    const scene = practice({ app: APP });
    const { access_token: token } = await enter(scene);
    assert.equal(await statusWith(scene, token), 200);
    await scene.pass(3_600_000 - 1);
    assert.equal(await statusWith(scene, token), 200);
    await scene.pass(1);
    assert.equal(await statusWith(scene, token), 401);
  });

  it('gets a new refresh token for the one before, which is worth nothing then', async () => {
    const scene = practice({ app: APP });
    const first = await enter(scene);
    const again = (token: string): object => ({
      grant_type: 'refresh_token',
      refresh_token: token,
    });
    const second = await trade(scene, again(first.refresh_token));
    assert.equal(await statusOf(scene, again(first.refresh_token)), 400);
    assert.equal(await statusWith(scene, second.access_token), 200);
    await scene.pass(59 * DAY_MS);
    const third = await trade(scene, again(second.refresh_token));
    await scene.pass(59 * DAY_MS);
    const fourth = await trade(scene, again(third.refresh_token));
    await scene.pass(60 * DAY_MS);
    assert.equal(await statusOf(scene, again(fourth.refresh_token)), 400);
  });

  it('keeps its refresh token where they do not change', async () => {
    const scene = practice({ app: { ...APP, rotates: false } });
    const first = await enter(scene);
    const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await trade(scene, form)).refresh_token, first.refresh_token);
    }
  });

  it('has to be known, and to come back where it said', async () => {
    const scene = practice({ app: APP });
    const code = await codeOf(scene);
    const form = { grant_type: 'authorization_code', code, redirect_uri: APP.redirectUri };
    assert.equal(await statusOf(scene, form, `Basic ${btoa('app:guess')}`), 401);
    assert.equal(await statusOf(scene, { ...form, redirect_uri: 'https://else.test' }), 400);
    const { status } = await scene.send(
      'GET',
      '/oauth/authorize?client_id=app&redirect_uri=https://else.test',
    );
    assert.equal(status, 400);
    assert.equal(await statusOf(scene, { ...form, grant_type: 'password' }), 400);
    await scene.pass(5 * 60_000);
    const late = await codeOf(scene);
    await scene.pass(5 * 60_000);
    assert.equal(await statusOf(scene, { ...form, code: late }), 400);
  });

  it('may do what its scopes say, and is told 403 for the rest', async () => {
    const scene = practice({ app: APP });
    const { access_token: token } = await enter(scene);
    for (const [status, method, path] of [
      [200, 'GET', 'v2/persons'],
      [200, 'GET', 'v2/organizations/search?term=ab'],
      [200, 'GET', 'v2/personFields'],
      [200, 'GET', 'v1/notes'],
      [200, 'GET', 'v1/users'],
      [200, 'GET', 'v1/users/me'],
      [403, 'POST', 'v2/persons'],
      [403, 'GET', 'v2/deals'],
      [403, 'GET', 'v2/itemSearch?term=ab'],
      [403, 'POST', 'v2/personFields'],
      [403, 'POST', 'v1/notes'],
      [403, 'GET', 'v1/persons/1/changelog'],
      [403, 'GET', 'v1/recents?since_timestamp=2026-01-01 00:00:00'],
      [403, 'GET', 'v1/webhooks'],
      [403, 'GET', 'v1/activityTypes'],
      [403, 'POST', 'v2/pipelines'],
    ] as const) {
      const body = method === 'GET' ? undefined : { name: 'Anna' };
      const response = await scene.send(method, path, body, { authorization: `Bearer ${token}` });
      assert.equal(response.status, status, path);
      if (status === 403) {
        const { error }: Json = await response.json();
        assert.equal(error, 'You do not have permissions to do this.');
      }
    }
  });

  it('has a burst of its own, larger than that of the token of a user', async () => {
    const scene = practice({ app: APP, abilities: { plan: 'lite' } });
    const { access_token: token } = await enter(scene);
    const headers = { authorization: `Bearer ${token}` };
    for (let time = 0; time < 80; time += 1) {
      const response = await scene.send('GET', 'v1/users/me', undefined, headers);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('x-ratelimit-limit'), '80');
      assert.equal(response.headers.get('x-daily-requests-left'), null);
    }
    assert.equal((await scene.send('GET', 'v1/users/me', undefined, headers)).status, 429);
    assert.equal((await scene.send('GET', 'v1/users/me')).status, 200);
  });
});

async function codeOf({ send }: Practice): Promise<string> {
  const response = await send(
    'GET',
    `/oauth/authorize?client_id=app&redirect_uri=${APP.redirectUri}&state=s1`,
  );
  assert.equal(response.status, 302);
  const { origin, pathname, searchParams } = new URL(response.headers.get('location')!);
  assert.equal(`${origin}${pathname}`, APP.redirectUri);
  assert.equal(searchParams.get('state'), 's1');
  return searchParams.get('code')!;
}

function post({ send }: Practice, form: object, authorization = BASIC): Promise<Response> {
  const body = new URLSearchParams(form as Record<string, string>).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization };
  return send('POST', '/oauth/token', body, headers);
}

async function trade(scene: Practice, form: object): Promise<Json> {
  const response = await post(scene, form);
  assert.equal(response.status, 200);
  return response.json();
}

async function statusOf(scene: Practice, form: object, authorization?: string): Promise<number> {
  return (await post(scene, form, authorization)).status;
}

async function statusWith({ send }: Practice, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await send('GET', 'v1/users/me', undefined, headers)).status;
}

async function enter(scene: Practice): Promise<Json> {
  const code = await codeOf(scene);
  const redirect = { redirect_uri: APP.redirectUri };
  return trade(scene, { grant_type: 'authorization_code', code, ...redirect });
}
