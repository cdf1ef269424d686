import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Login } from '../../../runtime/emulators/rest/options.ts';
import { practice, TOKEN, tokenOf } from './practice.ts';

/** When the world begins. */
const NOW_S = Date.UTC(2026, 0, 1) / 1000;
const CLAIMS = { sub: 'tributary', aud: 'rest', iat: NOW_S, exp: NOW_S + 300 };

describe('the login of an app', () => {
  it('takes a token that is signed, fresh and meant for it', async () => {
    const login: Login = { kind: 'jwt', subject: 'tributary', audience: 'rest', longestS: 600 };
    const { get, pass } = practice({ login });
    const status = async (token: string): Promise<number> =>
      (await get('contacts', { authorization: `Bearer ${token}` })).status;
    assert.equal(await status(tokenOf(CLAIMS)), 200);
    assert.equal(await status(tokenOf({ ...CLAIMS, aud: ['x', 'rest'] })), 200);
    for (const wrong of [
      { exp: NOW_S },
      { exp: undefined },
      { exp: String(NOW_S + 300) },
      { iat: NOW_S + 1 },
      { nbf: NOW_S + 1 },
      { iat: undefined },
      { exp: NOW_S + 601 },
      { aud: 'others' },
      { aud: undefined },
      { sub: 'somebody' },
      { sub: undefined },
    ]) {
      assert.equal(await status(tokenOf({ ...CLAIMS, ...wrong })), 401, JSON.stringify(wrong));
    }
    await pass(300_000);
    assert.equal(await status(tokenOf(CLAIMS)), 401);
  });

  it('takes no token that somebody else has signed, or nobody, or in another way', async () => {
    const { get } = practice({ login: { kind: 'jwt' } });
    const [head, body, signature] = tokenOf(CLAIMS).split('.') as [string, string, string];
    const [, otherBody] = tokenOf({ ...CLAIMS, exp: NOW_S + 301 }).split('.') as [string, string];
    for (const token of [
      tokenOf(CLAIMS, { secret: 'other' }),
      tokenOf(CLAIMS, { header: { alg: 'none' } }),
      tokenOf(CLAIMS, { header: { alg: 'HS512' } }),
      `${head}.${body}.`,
      `${head}.${otherBody}.${signature}`,
      `${head}.${body}.${signature}.x`,
      `${head}.bm90IGpzb24.${signature}`,
      TOKEN,
      '',
    ]) {
      const { status, headers } = await get('contacts', { authorization: `Bearer ${token}` });
      assert.deepEqual(
        [status, headers.get('www-authenticate')],
        [401, 'Bearer error="invalid_token"'],
        token,
      );
    }
  });

  it('checks signatures of keys with the public one, and issuer and claims where it asks for them', async () => {
    for (const algorithm of ['RS256', 'ES256'] as const) {
      const { publicKey, privateKey } =
        algorithm === 'RS256'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const { get } = practice({
        login: { kind: 'jwt', algorithm, publicKey: pem, issuer: 'us', claims: { role: 'sync' } },
      });
      const status = async (claims: object, alg: string = algorithm): Promise<number> => {
        const text = tokenOf(claims, { header: { alg } }).split('.').slice(0, 2).join('.');
        const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
        const signature = sign('sha256', Buffer.from(text), key).toString('base64url');
        const token = `${text}.${signature}`;
        return (await get('contacts', { authorization: `Bearer ${token}` })).status;
      };
      const claims = { ...CLAIMS, iss: 'us', role: 'sync' };
      assert.equal(await status(claims), 200);
      assert.equal(await status(claims, 'HS256'), 401);
      assert.equal(await status({ ...claims, iss: 'them' }), 401);
      assert.equal(await status({ ...claims, role: 'admin' }), 401);
      const withKey = tokenOf(claims, { secret: pem });
      const { status: tricked } = await get('contacts', { authorization: `Bearer ${withKey}` });
      assert.equal(tricked, 401, 'the public key is no secret');
    }
  });

  it('takes the one token, header or password that it knows', async () => {
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    const rows: readonly [Login, Record<string, string>, Record<string, string>][] = [
      [{ kind: 'bearer' }, { authorization: `bearer ${TOKEN}` }, { authorization: TOKEN }],
      [{ kind: 'header', name: 'X-Key' }, { 'x-key': TOKEN }, { 'x-key': `${TOKEN}x` }],
      [
        { kind: 'basic', user: 'sync' },
        { authorization: basic(`sync:${TOKEN}`) },
        { authorization: basic(`other:${TOKEN}`) },
      ],
      [{ kind: 'development' }, { 'x-auth-id': TOKEN }, { 'x-auth-id': 'another' }],
    ];
    for (const [login, right, wrong] of rows) {
      const { get, hands } = practice({ login });
      const nothing = { authorization: '', 'x-api-key': '' };
      assert.equal((await get('contacts', { ...nothing, ...right })).status, 200, login.kind);
      assert.equal((await get('contacts', { ...nothing, ...wrong })).status, 401, login.kind);
      assert.equal((await get('contacts', nothing)).status, 401, login.kind);
      hands.setToken('a new one');
      assert.equal((await get('contacts', { ...nothing, ...right })).status, 401, login.kind);
    }
  });

  it('believes everybody in development only, and then says so as loudly as it can', async () => {
    const { get, rest, world } = practice({ login: { kind: 'development' } });
    assert.equal((await get('contacts', { authorization: '', 'x-auth-id': TOKEN })).status, 200);
    assert.match(rest.warning!('app')!, /Nobody is asked/);
    assert.deepEqual(
      world.logged.map(({ level }) => level),
      ['warn'],
    );
    const careful = practice();
    const asked = await careful.get('contacts', { authorization: '', 'x-auth-id': TOKEN });
    assert.deepEqual([asked.status, careful.rest.warning!('app')], [401, undefined]);
    assert.deepEqual(careful.world.logged, []);
  });
});
