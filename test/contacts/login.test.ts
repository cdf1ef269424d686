import assert from 'node:assert/strict';
import { loginWith } from '../../runtime/contacts/login.ts';
import { SECRET, tokenFor, type Made } from './token.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const NOW_S = NOW / 1_000;

describe('the login of the contact store', () => {
  const login = loginWith({ secret: SECRET, audience: 'shop' });
  const bearer = (made?: Made): string => `Bearer ${tokenFor('shop', NOW, made)}`;

  it('lets in who has signed a token for it, also one for several and with a clock that is ahead', () => {
    login(bearer(), NOW);
    login(bearer().replace('Bearer', 'bearer'), NOW);
    login(bearer({ claims: { aud: ['other', 'shop'] } }), NOW);
    login(bearer({ claims: { iat: NOW_S + 50, nbf: NOW_S + 50, exp: NOW_S + 3_650 } }), NOW);
  });

  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${tokenFor('shop', NOW).split('.')[1]}.`;
  const strangers: readonly [who: string, authorization: string | undefined, said: RegExp][] = [
    ['nobody', undefined, /^Log in/],
    ['a password', 'Basic dXM6dXM=', /^Log in/],
    ['a word', 'Bearer word', /^Log in/],
    ['a token without a signature', `Bearer ${unsigned}`, /^Log in/],
    ['the same with one', `Bearer ${unsigned}x`, /HS256/],
    ['what is no JSON', 'Bearer AAAA.AAAA.AAAA', /HS256/],
    ['a token of another kind', bearer({ header: { alg: 'HS512' } }), /HS256/],
    ['another secret', bearer({ secret: 'x'.repeat(40) }), /signature .* wrong/],
    ['a signature that was cut off', bearer().slice(0, -1), /signature .* wrong/],
    ['a token without an end', bearer({ claims: { exp: undefined } }), /no end/],
    ['a token that has expired', bearer({ claims: { exp: NOW_S } }), /expired/],
    ['a token for days', bearer({ claims: { exp: NOW_S + 86_400 } }), /too long/],
    ['a token of tomorrow', bearer({ claims: { nbf: NOW_S + 100 } }), /not valid yet/],
    ['a token made tomorrow', bearer({ claims: { iat: NOW_S + 100 } }), /not valid yet/],
    ['a token for somebody else', bearer({ claims: { aud: 'shops' } }), /somebody else/],
    ['a token for nobody', bearer({ claims: { aud: undefined } }), /somebody else/],
  ];
  for (const [who, authorization, said] of strangers) {
    it(`refuses ${who}, and says what to do`, () => {
      assert.throws(() => login(authorization, NOW), { status: 401, message: said });
    });
  }

  it('is not there without a secret, or with one that can be guessed', () => {
    const missing = { code: 'contacts-secret', message: /missing\. Set TRIBUTARY_CONTACTS_SECRET/ };
    assert.throws(() => loginWith({ secret: undefined, audience: 'shop' }), missing);
    assert.throws(() => loginWith({ secret: '', audience: 'shop' }), missing);
    const short = { code: 'contacts-secret', message: /shorter than 32 characters/ };
    assert.throws(() => loginWith({ secret: 'x'.repeat(31), audience: 'shop' }), short);
  });
});
