import assert from 'node:assert/strict';

import fc from 'fast-check';

import { matchKeys } from '../../runtime/core/match-keys.ts';
import type { KeyKind, MatchPolicy } from '../../runtime/core/match-keys.ts';
import { parse } from '../../runtime/core/values/kinds.ts';

/** Keys as `kind key`, candidates with a question mark and the reason. */
function keysOf(kind: KeyKind, raw: unknown, policy?: MatchPolicy): string[] {
  const spec = kind === 'xid' ? { kind: 'text' } : { kind, options: OPTIONS[kind] };
  const parsed = parse(spec, raw);
  assert.ok(parsed.ok, `${String(raw)} is no ${kind}`);
  return matchKeys([{ kind, value: parsed.value }], policy).map(({ key, strength, why }) =>
    strength === 'strong' ? key : `${key} ? ${why}`,
  );
}

const OPTIONS: Partial<Record<KeyKind, object>> = { phone: { region: 'HU' } };

describe('match keys', () => {
  const rows: readonly [KeyKind, unknown, readonly string[], string, MatchPolicy?][] = [
    ['email', 'Ada@Acme.HU', ['ada@acme.hu'], 'a person’s address links'],
    ['email', 'ada+crm@acme.hu', ['ada+crm@acme.hu'], 'plus-tags stay'],
    [
      'email',
      'ada+crm@acme.hu',
      ['ada+crm@acme.hu', 'ada@acme.hu ? plus-tag'],
      'or propose',
      { stripPlus: true },
    ],
    [
      'email',
      '+crm@acme.hu',
      ['+crm@acme.hu'],
      'nothing is left without the tag',
      { stripPlus: true },
    ],
    ['email', 'a.d.a@gmail.com', ['a.d.a@gmail.com'], 'dots stay'],
    [
      'email',
      'a.d.a@gmail.com',
      ['a.d.a@gmail.com', 'ada@gmail.com ? gmail-dots'],
      'or propose',
      { gmailDots: true },
    ],
    [
      'email',
      'a.da@googlemail.com',
      ['a.da@googlemail.com', 'ada@gmail.com ? gmail-dots'],
      'one mailbox under two hosts',
      { gmailDots: true },
    ],
    ['email', 'a.da@acme.hu', ['a.da@acme.hu'], 'dots count elsewhere', { gmailDots: true }],
    [
      'email',
      'a.da+x@gmail.com',
      ['a.da+x@gmail.com', 'a.da@gmail.com ? plus-tag', 'ada@gmail.com ? gmail-dots'],
      'both',
      { stripPlus: true, gmailDots: true },
    ],
    ['email', 'info@acme.hu', ['info@acme.hu ? role-mailbox'], 'several people read it'],
    ['email', 'Sales@acme.hu', ['sales@acme.hu ? role-mailbox'], 'English'],
    ['email', 'no-reply@acme.hu', ['no-reply@acme.hu ? role-mailbox'], 'nobody reads it'],
    ['email', 'iroda@acme.hu', ['iroda@acme.hu ? role-mailbox'], 'office'],
    ['email', 'titkarsag@acme.hu', ['titkarsag@acme.hu ? role-mailbox'], 'secretariat'],
    ['email', 'titkárság@acme.hu', ['titkárság@acme.hu ? role-mailbox'], 'with its accents'],
    [
      'email',
      'ugyfelszolgalat@acme.hu',
      ['ugyfelszolgalat@acme.hu ? role-mailbox'],
      'customer service',
    ],
    [
      'email',
      'ugyfel.szolgalat@acme.hu',
      ['ugyfel.szolgalat@acme.hu ? role-mailbox'],
      'with a dot',
    ],
    ['email', 'info+hu@acme.hu', ['info+hu@acme.hu ? role-mailbox'], 'with a tag'],
    ['email', 'info.budapest@acme.hu', ['info.budapest@acme.hu ? role-mailbox'], 'of a branch'],
    ['email', 'szamlazas@acme.hu', ['szamlazas@acme.hu ? role-mailbox'], 'invoicing'],
    ['email', 'buero@acme.at', ['buero@acme.at ? role-mailbox'], 'German'],
    [
      'email',
      'informatika.ada@acme.hu',
      ['informatika.ada@acme.hu'],
      'a longer word is another one',
    ],
    ['email', 'kovács.őrs@acme.hu', ['kovács.őrs@acme.hu'], 'accents look like nothing else'],
    [
      'email',
      'иван@пример.рф',
      ['иван@xn--e1afmkfd.xn--p1ai'],
      'Cyrillic throughout looks like itself',
    ],
    ['email', 'αδα@example.com', ['αδα@example.com'], 'so does Greek with letters of its own'],
    [
      'email',
      'pаypal@acme.hu',
      ['pаypal@acme.hu ? look-alike', 'paypal@acme.hu ? look-alike'],
      'one Cyrillic letter among Latin ones',
    ],
    [
      'email',
      'сору@acme.hu',
      ['сору@acme.hu ? look-alike', 'copy@acme.hu ? look-alike'],
      'Cyrillic letters that all look Latin',
    ],
    [
      'email',
      'pаypál@acme.hu',
      ['pаypál@acme.hu ? look-alike', 'paypál@acme.hu ? look-alike'],
      'scripts are mixed, also where an accent remains',
    ],
    [
      'email',
      'ada@аpple.com',
      ['ada@xn--pple-43d.com ? look-alike', 'ada@apple.com ? look-alike'],
      'in the host',
    ],
    [
      'email',
      'ｉｎｆｏ@acme.hu',
      ['ｉｎｆｏ@acme.hu ? look-alike', 'info@acme.hu ? look-alike'],
      'full-width letters are compatible with ASCII, not equal',
    ],
    ['email', null, [], 'no address, no key'],
    ['phone', '06 20 123 4567', ['+36201234567 ? shared-phone'], 'people share telephones'],
    [
      'phone',
      '06 20 123 4567',
      ['+36201234567'],
      'unless the policy knows better',
      { phoneIsStrong: true },
    ],
    [
      'phone',
      '06 1 234 5678 m. 12',
      ['+3612345678;ext=12 ? shared-phone'],
      'an extension tells people apart',
    ],
    ['phone', 'ask at reception', [], 'words are no key'],
    ['phone', '+36123', [], 'nor is a number that cannot be', { phoneIsStrong: true }],
    ['domain', 'https://www.acme.co.hu/', ['acme.co.hu'], 'the registrable domain'],
    ['domain', 'acme.github.io', ['acme.github.io'], 'pages under one host have different owners'],
    ['domain', 'münchen.de', ['xn--mnchen-3ya.de'], 'in ASCII'],
    [
      'domain',
      'аррӏе.com',
      ['xn--80ak6aa92e.com ? look-alike', 'apple.com ? look-alike'],
      'the attack that browsers learnt from in 2017',
    ],
    ['domain', 'gmail.com', [], 'millions have an address there'],
    ['domain', 'freemail.hu', [], 'Hungarian'],
    ['domain', 'citromail.hu', [], 'Hungarian'],
    ['domain', 'https://facebook.com/acme', [], 'a page there is not the company'],
    ['domain', 'acme.gportal.hu', [], 'a page builder that is not in the public suffix list'],
    ['domain', 'acme.hu', [], 'a domain that this tenant shares', { sharedDomains: ['acme.hu'] }],
    ['xid', 'v1.Abc.1.x', ['v1.Abc.1.x'], 'to the letter'],
  ];
  for (const [kind, raw, expected, why, policy] of rows) {
    it(`of the ${kind} ${String(raw)} are [${expected.join(', ')}]: ${why}`, () => {
      assert.deepEqual(keysOf(kind, raw, policy), expected);
    });
  }

  it('come strong before candidate, each once, from all values of a record', () => {
    const keys = matchKeys(
      [
        { kind: 'email', value: ['info@acme.hu', 'ada+x@acme.hu', 'ada@acme.hu'] },
        { kind: 'domain', value: 'acme.hu' },
        { kind: 'phone', value: undefined },
      ],
      { stripPlus: true },
    );
    assert.deepEqual(keys, [
      { kind: 'email', key: 'ada+x@acme.hu', strength: 'strong' },
      { kind: 'email', key: 'ada@acme.hu', strength: 'strong' },
      { kind: 'domain', key: 'acme.hu', strength: 'strong' },
      { kind: 'email', key: 'info@acme.hu', strength: 'candidate', why: 'role-mailbox' },
    ]);
  });

  it('of two spellings of one address are the same', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        assert.deepEqual(
          keysOf('email', ` ${address.toUpperCase()}\u200b`),
          keysOf('email', address),
        );
      }),
      { seed: 4711, numRuns: 1000 },
    );
  });

  it('are given for anything, without throwing', () => {
    const policy = { stripPlus: true, gmailDots: true };
    fc.assert(
      fc.property(
        fc.constantFrom<KeyKind>('email', 'phone', 'domain', 'xid'),
        fc.string({ unit: 'binary' }),
        (kind, text) => {
          const keys = matchKeys([{ kind, value: text }], policy);
          assert.ok(
            keys.every(
              (key) => key.key !== '' && (key.strength === 'candidate') === (key.why !== undefined),
            ),
          );
        },
      ),
      { seed: 4711, numRuns: 2000 },
    );
  });
});
