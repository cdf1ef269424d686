import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { basicAuth, signedAuth, tokenAuth } from '../../runtime/connectors/auth.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

describe('the headers that say who is calling', () => {
  it('carry a token as a bearer, or in a header of the vendor', async () => {
    assert.deepEqual(await tokenAuth('t0ken').headers(), { authorization: 'Bearer t0ken' });
    const own = tokenAuth('t0ken', { header: 'x-api-token', scheme: '' });
    assert.deepEqual(await own.headers(), { 'x-api-token': 't0ken' });
    assert.deepEqual(own.secrets, ['t0ken']);
  });

  it('carry a name and a password, of any letters', async () => {
    const auth = basicAuth('Zoë', 'pass:wörd');
    const { authorization = '' } = await auth.headers();
    const [scheme, text = ''] = authorization.split(' ');
    assert.equal(scheme, 'Basic');
    assert.equal(Buffer.from(text, 'base64').toString('utf8'), 'Zoë:pass:wörd');
    assert.deepEqual(auth.secrets, ['pass:wörd', text]);
  });
});

describe('a token that is signed here', () => {
  const START = Date.UTC(2026, 0, 1);
  const secret = 'shared by both';
  const setting = () => {
    const world = virtualWorld({ seed: 'auth', startAt: START + 1 });
    const auth = signedAuth({ world, secret, claims: { iss: 'tributary' }, lifeMs: 60_000 });
    const token = async () => (await auth.headers())['authorization']!.replace('Bearer ', '');
    return { world, auth, token };
  };

  it('can be checked with the secret, and tells who, when and how long', async () => {
    const { auth, token } = setting();
    const [header = '', claims = '', signature] = (await token()).split('.');
    const expected = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
    assert.equal(signature, expected);
    assert.deepEqual(read(header), { alg: 'HS256', typ: 'JWT' });
    const iat = START / 1_000;
    assert.deepEqual(read(claims), { iss: 'tributary', iat, exp: iat + 60 });
    assert.deepEqual(auth.secrets, [secret, await token()]);
  });

  it('is the same for a while, and another long before it expires', async () => {
    const { world, auth, token } = setting();
    const first = await token();
    await world.runUntil(START + 30_000);
    assert.equal(await token(), first);
    await world.runUntil(START + 30_001);
    const second = await token();
    assert.notEqual(second, first);
    assert.ok(auth.secrets.includes(first), 'the first one may still be on its way');
    assert.ok(auth.secrets.includes(second));
  });
});

function read(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
}
