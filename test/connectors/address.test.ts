import assert from 'node:assert/strict';
import { checkAddress } from '../../runtime/connectors/address.ts';
import { VendorError } from '../../runtime/connectors/connector.ts';

const HUBSPOT = ['api.hubapi.com'];
const PIPEDRIVE = ['{company}.pipedrive.com', 'api.pipedrive.com'];
const NAMED = ['127.0.0.1:4010', 'crm.lan'];

/** An address, the vendor's hosts, and the reason why it is not used; nothing when it is. */
const rows: readonly [address: string, hosts: readonly string[] | undefined, reason?: RegExp][] = [
  ['https://crm.example', undefined],
  ['https://crm.example:8443/base/', undefined],
  ['https://8.8.8.8', undefined],
  ['https://api.hubapi.com', HUBSPOT],
  ['https://acme-test.pipedrive.com/', PIPEDRIVE],
  ['https://ACME.pipedrive.com', PIPEDRIVE],
  ['https://api.hubapi.com.evil.example', HUBSPOT, /is not api\.hubapi\.com/],
  ['https://apixhubapi.com', HUBSPOT, /is not api/],
  ['https://evil.example/api.hubapi.com', HUBSPOT, /evil\.example is not/],
  ['https://a.b.pipedrive.com', PIPEDRIVE, /is not \{company\}\.pipedrive\.com or api/],
  ['https://pipedrive.com', PIPEDRIVE, /is not/],
  ['https://evil.example\\.pipedrive.com', PIPEDRIVE, /is not/],
  ['https://evil.example#.pipedrive.com', PIPEDRIVE, /a \? or a #/],
  ['https://evil.example?x=.pipedrive.com', PIPEDRIVE, /a \? or a #/],
  ['https://acme.pipedrive.com@evil.example', PIPEDRIVE, /credentials/],
  ['https://user:sesame@crm.example', undefined, /credentials/],
  ['http://crm.example', undefined, /https/],
  ['ftp://crm.example', undefined, /https/],
  ['crm.example', undefined, /it is none/],
  ['', undefined, /it is none/],
  ['https://127.0.0.1', undefined, /127\.0\.0\.1 is private/],
  ['https://0x7f000001', undefined, /127\.0\.0\.1 is private/],
  ['https://10.0.0.1', undefined, /private/],
  ['https://169.254.169.254', undefined, /private/],
  ['https://[::1]', undefined, /private/],
  ['https://[::ffff:169.254.169.254]', undefined, /private/],
  ['https://localhost', undefined, /private/],
  ['https://app.localhost.', undefined, /private/],
  ['https://metadata.google.internal', undefined, /private/],
  ['https://crm', undefined, /private/],
  // Named by the operator.
  ['http://127.0.0.1:4010', HUBSPOT],
  ['http://127.0.0.1:4011', HUBSPOT, /https/],
  ['https://127.0.0.1:4011', undefined, /private/],
  ['http://crm.lan:8080/api', undefined],
  ['http://user:sesame@crm.lan', undefined, /credentials/],
  ['ftp://crm.lan', undefined, /https/],
];

describe('the address of a system', () => {
  for (const [address, hosts, reason] of rows) {
    const of = hosts === undefined ? '' : ` of ${hosts.join(' or ')}`;
    it(`is ${reason ? 'refused' : 'used'}: ${address || 'nothing'}${of}`, () => {
      const check = (): void =>
        checkAddress(address, {
          world: { allowedHosts: NAMED },
          vendor: 'crm',
          account: 'Sales',
          hosts,
        });
      if (reason === undefined) return check();
      assert.throws(check, (error) => {
        assert.ok(error instanceof VendorError);
        assert.deepEqual([error.kind, error.mayHaveLanded], ['forbidden', false]);
        assert.match(error.message, /^The address of account 'Sales' of crm is not used, because /);
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /sesame/);
        return true;
      });
    });
  }

  it('is refused without a list of the operator as with one', () => {
    const rules = { world: {}, vendor: 'crm', account: 'Sales' };
    assert.throws(() => checkAddress('http://127.0.0.1:4010', rules), /TRIBUTARY_ALLOWED_HOSTS/);
  });
});
