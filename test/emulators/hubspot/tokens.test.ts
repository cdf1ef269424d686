import assert from 'node:assert/strict';
import { CONTACTS, practice, type Asked, type Practice } from './practice.ts';

const CLIENT = { client_id: 'client', client_secret: 'hush' };

describe('tokens of an OAuth app of HubSpot', () => {
  it('come for a refresh token, and last half an hour', async () => {
    const { token, get, pass } = publicApp();
    const { status, body } = await token({ grant_type: 'refresh_token', refresh_token: 'refresh' });
    assert.equal(status, 200);
    assert.deepEqual(
      [body.token_type, body.refresh_token, body.expires_in],
      ['bearer', 'refresh', 1800],
    );
    assert.ok(body.access_token.length > 100);
    assert.equal((await get(body.access_token as string)).status, 200);
    assert.equal((await get('refresh')).status, 401);
    await pass(1_800_000);
    const expired = await get(body.access_token as string);
    assert.deepEqual([expired.status, expired.body.category], [401, 'EXPIRED_AUTHENTICATION']);
  });

  it('come for a code, once', async () => {
    const { token } = publicApp();
    const given = { grant_type: 'authorization_code', code: 'consent' };
    const redirect_uri = 'https://sync.test/back';
    assert.equal((await token(given)).body.status, 'BAD_REDIRECT_URI');
    assert.equal((await token({ ...given, redirect_uri })).status, 200);
    const again = await token({ ...given, redirect_uri });
    assert.deepEqual([again.status, again.body.status], [400, 'BAD_AUTH_CODE']);
  });

  for (const [path, given, status] of [
    ['v1', { grant_type: 'refresh_token', refresh_token: 'other' }, 'BAD_REFRESH_TOKEN'],
    ['v3', { grant_type: 'refresh_token', refresh_token: 'other' }, 'BAD_REFRESH_TOKEN'],
    ['2026-09', { grant_type: 'refresh_token', client_secret: 'no' }, 'BAD_CLIENT_ID'],
    ['v1', { grant_type: 'password' }, 'BAD_GRANT_TYPE'],
  ] as const) {
    it(`are refused at ${path} with ${status}`, async () => {
      const { token } = publicApp();
      const refused = await token(given, path);
      assert.deepEqual([refused.status, refused.body.status], [400, status]);
      assert.equal(refused.body.error, path === 'v1' ? undefined : 'invalid_grant');
    });
  }

  it('have limits of their own, and no daily one', async () => {
    const { token, get, pass } = publicApp();
    const { body } = await token({ grant_type: 'refresh_token', refresh_token: 'refresh' });
    const { headers } = await get(body.access_token as string);
    assert.equal(headers.get('x-hubspot-ratelimit-max'), '110');
    assert.equal(headers.get('x-hubspot-ratelimit-daily'), null);
    for (let asked = 1; asked < 110; asked += 1) await get(body.access_token as string);
    assert.equal((await get(body.access_token as string)).status, 429);
    await pass(10_000);
    assert.equal((await get(body.access_token as string)).status, 200);
  });

  it('say whose they are, until they are taken back', async () => {
    const { token, send, get } = publicApp();
    const { body } = await token({ grant_type: 'refresh_token', refresh_token: 'refresh' });
    const access = body.access_token as string;
    const info = await send(`/oauth/v1/access-tokens/${access}`, {});
    assert.deepEqual(
      [info.body.hub_id, info.body.app_id, info.body.expires_in],
      [62_515, 54_321, 1800],
    );
    const refresh = await send('/oauth/v1/refresh-tokens/refresh', {});
    assert.deepEqual([refresh.status, refresh.body.client_id], [200, 'client']);
    const asked = await form(send, '/oauth/2026-09/token/introspect', { token: access, ...CLIENT });
    assert.equal(asked.body.active, true);
    assert.equal(
      (await send('/oauth/v1/refresh-tokens/refresh', { method: 'DELETE' })).status,
      204,
    );
    const refused = await token({ grant_type: 'refresh_token', refresh_token: 'refresh' });
    assert.equal(refused.body.status, 'BAD_REFRESH_TOKEN');
    assert.equal((await get(access)).status, 401);
  });
});

function publicApp(): Practice & {
  token: (given: Record<string, string>, version?: string) => Promise<Asked>;
  get: (token: string) => Promise<Asked>;
} {
  const app = {
    kind: 'oauth',
    clientId: 'client',
    clientSecret: 'hush',
    codes: ['consent'],
  } as const;
  const all = practice({ token: 'refresh', app });
  return {
    ...all,
    token: (given, version = 'v1') =>
      form(all.send, `/oauth/${version}/token`, { ...CLIENT, ...given }),
    get: (token) => all.send(CONTACTS, { headers: { authorization: `Bearer ${token}` } }),
  };
}

function form(send: Practice['send'], path: string, given: Record<string, string>): Promise<Asked> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return send(path, { method: 'POST', headers, body: new URLSearchParams(given).toString() });
}
