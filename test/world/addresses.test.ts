import assert from 'node:assert/strict';
import { hostsIn, isNamed, isPublic } from '../../runtime/world/addresses.ts';

describe('an address', () => {
  for (const address of [
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    'localhost',
    '',
  ]) {
    it(`is not public: ${address || 'none'}`, () => assert.equal(isPublic(address), false));
  }

  for (const address of [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '223.255.255.255',
    '2606:4700::1',
  ]) {
    it(`is public: ${address}`, () => assert.equal(isPublic(address), true));
  }
});

describe('the list of an operator', () => {
  const rows: readonly [url: string, list: string, isNamed: boolean][] = [
    ['http://127.0.0.1:4010/', '127.0.0.1', true],
    ['http://127.0.0.1:4010/', '10.0.0.1, 127.0.0.1:4010', true],
    ['http://127.0.0.1:4011/', '127.0.0.1:4010', false],
    ['http://crm.lan/', 'crm.lan:80', true],
    ['https://crm.lan/', 'crm.lan:80', false],
    ['https://crm.lan/', 'crm.lan:443', true],
    ['https://CRM.lan./', 'crm.LAN', true],
    ['https://crm.lan/', 'crm.lan.', true],
    ['http://[::1]:8080/', '[::1]', true],
    ['http://[::1]:8080/', '[::1]:8080', true],
    ['https://crm.lan.evil.example/', 'crm.lan', false],
    ['https://evil-crm.lan/', 'crm.lan', false],
    ['https://crm.lan/', '', false],
  ];
  for (const [url, list, expected] of rows) {
    it(`${list || 'of nothing'} ${expected ? 'names' : 'does not name'} ${url}`, () => {
      assert.equal(isNamed(new URL(url), hostsIn(list)), expected);
    });
  }

  it('is empty where nothing is said, and has commas, blanks and lines between its hosts', () => {
    assert.deepEqual(hostsIn(undefined), []);
    assert.deepEqual(hostsIn(' a.example,b.example:1\n [::1]:2 '), [
      'a.example',
      'b.example:1',
      '[::1]:2',
    ]);
  });

  for (const odd of ['https://crm.lan', 'crm.lan/path', 'user@crm.lan', 'crm.lan:port', '*']) {
    it(`is refused with what is no host: ${odd}`, () => {
      assert.throws(() => hostsIn(`a.example, ${odd}`), { code: 'bad-settings' });
    });
  }
});
