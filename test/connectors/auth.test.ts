import assert from 'node:assert/strict';
import { basicAuth, tokenAuth } from '../../runtime/connectors/auth.ts';

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
