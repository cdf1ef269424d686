import assert from 'node:assert/strict';

import fc from 'fast-check';

import { compileMapping, meaningOf } from '../../runtime/core/mapping/mapping.ts';
import type { Mapping } from '../../runtime/core/mapping/mapping.ts';
import { same } from '../../runtime/core/value.ts';
import type { Value } from '../../runtime/core/value.ts';
import { parse } from '../../runtime/core/values/kinds.ts';
import type { Problem } from '../../runtime/core/reasons.ts';

const fullName = {
  kind: 'composite',
  options: { parts: { given: { kind: 'text' }, family: { kind: 'text' } } },
};

const twenty = compileMapping({
  replacedWhole: ['name', 'emails', 'phones'],
  fields: {
    name: {
      ...fullName,
      parts: { given: { path: 'name.firstName' }, family: { path: 'name.lastName' } },
    },
    email: { kind: 'email', path: 'emails.primaryEmail', writeCleared: '' },
    phone: {
      kind: 'phone',
      options: { region: 'HU' },
      transforms: [{ use: 'phoneParts' }],
      parts: {
        number: { path: 'phones.primaryPhoneNumber' },
        callingCode: { path: 'phones.primaryPhoneCallingCode' },
        country: { path: 'phones.primaryPhoneCountryCode' },
      },
    },
    revenue: {
      kind: 'money',
      parts: {
        amount: {
          path: 'annualRecurringRevenue.amountMicros',
          transforms: [{ use: 'jsonNumber' }, { use: 'scale', power: 6 }],
        },
        currency: { path: 'annualRecurringRevenue.currencyCode' },
      },
    },
    company: { kind: 'reference', path: 'companyId' },
    context: { kind: 'json', path: 'llmContext', transforms: [{ use: 'jsonText' }] },
  },
});

const hubspot = compileMapping({
  fields: {
    name: {
      ...fullName,
      parts: {
        given: { path: 'properties.firstname', writeCleared: '' },
        family: { path: 'properties.lastname', writeCleared: '' },
      },
    },
    email: { kind: 'email', path: 'properties.email', writeCleared: '' },
    amount: {
      kind: 'money',
      parts: {
        amount: { path: 'properties.amount', writeCleared: '' },
        currency: { path: 'properties.deal_currency_code', writeCleared: { leave: true } },
      },
    },
    tags: {
      kind: 'set',
      options: { element: { kind: 'enum' } },
      path: 'properties.tags',
      transforms: [{ use: 'list', separator: ';' }],
    },
    customer: {
      kind: 'boolean',
      path: 'properties.customer',
      values: [
        { remote: 'true', value: true },
        { remote: 'false', value: false },
      ],
    },
    stage: {
      kind: 'enum',
      options: { values: ['NEW', 'WON'] },
      path: 'properties.dealstage',
      values: [
        { remote: 'appointmentscheduled', value: 'NEW' },
        { remote: 'closedwon', value: 'WON', write: true },
        { remote: 'contractsent', value: 'WON' },
      ],
    },
    created: { kind: 'dateTime', path: 'properties.createdate', direction: 'in' },
    secret: { kind: 'text', path: 'properties.secret', direction: 'off' },
  },
});

const pipedrive = compileMapping({
  fields: {
    name: { ...fullName, path: 'name', transforms: [{ use: 'fullName', order: 'familyFirst' }] },
    email: {
      kind: 'email',
      path: 'emails',
      clearedBy: ['emptyList'],
      writeCleared: [],
      transforms: [{ use: 'primary', value: 'value', flag: 'primary' }],
    },
    labels: {
      kind: 'set',
      options: { element: { kind: 'enum' } },
      path: 'label_ids',
      values: [
        { remote: 5, value: 'vip' },
        { remote: 6, value: 'lost' },
      ],
    },
    organisation: { kind: 'reference', path: 'org_id', transforms: [{ use: 'jsonNumber' }] },
    closed: {
      kind: 'dateTime',
      path: 'won_time',
      transforms: [{ use: 'instant', remote: 'isoSeconds' }],
    },
  },
});

const sharepoint = compileMapping({
  absent: 'cleared',
  fields: {
    title: { kind: 'text', path: 'fields.Title', vendor: { maxLength: 10 } },
    closeDate: {
      kind: 'date',
      path: 'fields.CloseDate',
      transforms: [{ use: 'dayStart', zone: 'Europe/Budapest' }],
    },
    amount: {
      kind: 'money',
      options: { currency: 'HUF' },
      parts: { amount: { path: 'fields.Amount', transforms: [{ use: 'jsonNumber' }] } },
    },
    externalId: {
      kind: 'text',
      path: 'fields.TwentyId',
      transforms: [{ use: 'prefix', text: 'crm:' }],
    },
    modified: {
      kind: 'dateTime',
      path: 'fields.Seen',
      vendor: { granularity: 'second' },
    },
  },
});

describe('reading an item', () => {
  it('gives canonical values from nested objects, parts and JSON text', () => {
    const read = twenty.read({
      name: { firstName: ' Ada ', lastName: 'Byron' },
      emails: { primaryEmail: 'Ada@Example.com', additionalEmails: [] },
      phones: {
        primaryPhoneNumber: '612345678',
        primaryPhoneCallingCode: '+33',
        primaryPhoneCountryCode: 'FR',
      },
      annualRecurringRevenue: { amountMicros: '1500000000', currencyCode: 'EUR' },
      companyId: '6f1d',
      llmContext: '{"b":1,\n "a":[2]}',
    });
    assert.deepEqual(read, {
      fields: {
        name: { given: 'Ada', family: 'Byron' },
        email: 'ada@example.com',
        phone: '+33612345678',
        revenue: { amount: '1500', currency: 'EUR' },
        company: '6f1d',
        context: { a: [2], b: 1 },
      },
      problems: [],
      notes: [],
    });
  });

  it('tells unknown from cleared from not mapped', () => {
    const read = twenty.read({
      emails: { primaryEmail: '' },
      name: { firstName: null, lastName: '' },
      phones: null,
      annualRecurringRevenue: { amountMicros: 1 },
      companyId: { id: 7 },
      avatarUrl: 'x',
    });
    const meanings = ['email', 'name', 'phone', 'revenue', 'context', 'company', 'avatarUrl'].map(
      (field) => `${field} ${meaningOf(twenty, read, field)}`,
    );
    assert.deepEqual(meanings, [
      'email cleared',
      'name cleared',
      'phone cleared',
      'revenue unknown',
      'context unknown',
      'company not-understood',
      'avatarUrl not-mapped',
    ]);
    assert.equal(meaningOf(twenty, twenty.read({ companyId: 'c' }), 'company'), 'value');
  });

  it('takes what is not there for cleared only where that is declared', () => {
    assert.deepEqual(sharepoint.read({ fields: {} }).fields, {
      title: null,
      closeDate: null,
      amount: null,
      externalId: null,
      modified: null,
    });
    assert.deepEqual(hubspot.read({ properties: {} }).fields, {});
  });

  it('takes an empty list for cleared only where that is declared', () => {
    assert.deepEqual(pipedrive.read({ emails: [] }).fields, { email: null });
    const values = compileMapping({ fields: { data: { kind: 'json', path: 'data' } } });
    assert.deepEqual(values.read({ data: [] }).fields, { data: [] });
    const blanks = compileMapping({
      fields: { data: { kind: 'json', path: 'data', clearedBy: ['emptyList', 'emptyObject'] } },
    });
    assert.deepEqual(blanks.read({ data: [] }).fields, { data: null });
    assert.deepEqual(blanks.read({ data: {} }).fields, { data: null });
  });

  it('reports what it does not understand with the raw value, and leaves the field out', () => {
    const read = hubspot.read({
      properties: {
        email: 'nobody',
        dealstage: 'brand_new_stage',
        amount: '12,5',
        deal_currency_code: 'EUR',
        customer: 'maybe',
        firstname: 'Ada',
        lastname: 'Byron',
      },
    });
    assert.deepEqual(read.fields, { name: { given: 'Ada', family: 'Byron' } });
    assert.deepEqual(
      read.problems.map(({ field, reason, raw }) => [field, reason, raw]),
      [
        ['email', 'email-invalid', 'nobody'],
        ['amount', 'number-invalid', { amount: '12,5', currency: 'EUR' }],
        ['customer', 'value-not-in-table', 'maybe'],
        ['stage', 'value-not-in-table', 'brand_new_stage'],
      ],
    );
  });

  it('reports another structure than the path expects', () => {
    for (const item of [{ properties: 'x' }, { properties: [] }, 'x', 7, []]) {
      const { problems, fields } = hubspot.read(item);
      assert.deepEqual(fields, {});
      assert.ok(problems.length > 0 && problems.every(({ reason }) => reason === 'shape-changed'));
    }
    assert.deepEqual(
      pipedrive.read({ emails: 'ada@acme.hu' }).problems[0]?.reason,
      'shape-changed',
    );
  });

  it('keeps a telephone number that is none, and says so', () => {
    const read = twenty.read({
      phones: {
        primaryPhoneNumber: 'reception',
        primaryPhoneCallingCode: '+36',
        primaryPhoneCountryCode: 'HU',
      },
    });
    assert.equal(read.fields['phone'], 'reception');
    assert.deepEqual(read.notes, [{ field: 'phone', note: 'phone-kept-as-text' }]);
  });

  it('reads nothing from fields that are off', () => {
    const read = hubspot.read({ properties: { secret: 'x' } });
    assert.deepEqual(read, { fields: {}, problems: [], notes: [] });
    assert.equal(meaningOf(hubspot, read, 'secret'), 'not-mapped');
  });

  it('refuses JSON text with a number that would lose digits', () => {
    for (const llmContext of ['{"lat":47.497911999999991234}', '{"id":12345678901234567890}']) {
      assert.equal(twenty.read({ llmContext }).problems[0]?.reason, 'number-unsafe');
    }
    const exact = twenty.read({ llmContext: '{"lat":47.49791199999999,"big":1e5}' });
    assert.deepEqual(exact.fields, { context: { lat: 47.49791199999999, big: 100000 } });
  });

  it('never reads a member that every object has', () => {
    const odd = compileMapping({ fields: { a: { kind: 'text', path: 'toString' } } });
    assert.deepEqual(odd.read({}), { fields: {}, problems: [], notes: [] });
  });

  it('never throws, whatever the vendor sends', () => {
    const anything = fc.anything({ maxDepth: 3, withDate: true, withBigInt: true, withMap: true });
    const members = ['name', 'emails', 'phones', 'fields', 'properties', 'org_id', 'llmContext'];
    const item = fc.oneof(
      anything,
      fc.dictionary(
        fc.constantFrom(...members),
        fc.oneof(anything, fc.array(fc.dictionary(fc.constantFrom('value', 'primary'), anything))),
      ),
      fc.dictionary(
        fc.constantFrom(...members),
        fc.dictionary(
          fc.constantFrom('amount', 'tags', 'firstName', 'primaryEmail', 'CloseDate', 'Amount'),
          anything,
        ),
      ),
    );
    const hostile = fc.anything({ maxDepth: 3, withBigInt: true, withNullPrototype: true });
    const mapped = fc.constantFrom(twenty, hubspot, pipedrive, sharepoint).chain((mapping) => {
      const places = mapping.fields.flatMap(({ paths }) => paths.map((path) => path.split('.')));
      const values = fc.array(
        fc.oneof(hostile, fc.array(fc.dictionary(fc.constant('value'), hostile))),
        {
          minLength: places.length,
          maxLength: places.length,
        },
      );
      return fc.tuple(
        fc.constant(mapping),
        fc.oneof(
          item,
          values.map((all) => itemWith(places, all)),
        ),
      );
    });
    fc.assert(
      fc.property(mapped, ([mapping, raw]) => {
        const read = mapping.read(raw);
        const answered = mapping.fields.map(({ name }) => meaningOf(mapping, read, name));
        assert.ok(answered.every((meaning) => meaning !== 'not-mapped'));
        for (const [field, value] of Object.entries(read.fields)) {
          const spec = mapping.fields.find(({ name }) => name === field)?.spec ?? { kind: 'text' };
          const again = parse(spec, value);
          assert.ok(again.ok && same(again.value, value), `${field} is not canonical`);
        }
      }),
      { seed: 4711, numRuns: 800 },
    );
  });
});

describe('writing a patch', () => {
  it('makes the vendor’s form of the fields in the patch and of no others', () => {
    const { item, problems } = twenty.write({
      revenue: { amount: '1500.5', currency: 'EUR' },
      phone: '+36201234567',
      context: { b: 1, a: [2] },
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(item, {
      annualRecurringRevenue: { amountMicros: 1500500000, currencyCode: 'EUR' },
      phones: {
        primaryPhoneNumber: '201234567',
        primaryPhoneCallingCode: '+36',
        primaryPhoneCountryCode: 'HU',
      },
      llmContext: '{"a":[2],"b":1}',
    });
  });

  it('clears with what the vendor takes for cleared', () => {
    assert.deepEqual(twenty.write({ email: null, company: null, name: null }).item, {
      emails: { primaryEmail: '' },
      companyId: null,
      name: { firstName: null, lastName: null },
    });
    assert.deepEqual(hubspot.write({ amount: null, tags: null }).item, {
      properties: { amount: '', tags: null },
    });
  });

  it('writes the cleared parts of a value that was put together without them', () => {
    assert.deepEqual(hubspot.write({ name: { family: 'Byron' } }).item, {
      properties: { firstname: '', lastname: 'Byron' },
    });
  });

  it('sends the neighbours along where the vendor replaces the whole object', () => {
    const current = {
      emails: { primaryEmail: 'a@x.hu', additionalEmails: ['b@x.hu'] },
      jobTitle: 'CTO',
    };
    assert.deepEqual(twenty.write({ email: 'c@x.hu' }, current).item, {
      emails: { primaryEmail: 'c@x.hu', additionalEmails: ['b@x.hu'] },
    });
    assert.equal(current.emails.primaryEmail, 'a@x.hu');
  });

  it('leaves the item that was read alone, however deep the neighbours are', () => {
    const deep = compileMapping({
      replacedWhole: ['address'],
      fields: { city: { kind: 'text', path: 'address.main.city' } },
    });
    const current = { address: { main: { city: 'Pécs', zip: '7621' }, old: [{ city: 'Győr' }] } };
    const before = structuredClone(current);
    assert.deepEqual(deep.write({ city: 'Eger' }, current).item, {
      address: { main: { city: 'Eger', zip: '7621' }, old: [{ city: 'Győr' }] },
    });
    assert.deepEqual(current, before);
  });

  it('refuses what the vendor has no form for, and sends the rest', () => {
    const rows: readonly [Mapping, string, Value, Problem][] = [
      [twenty, 'revenue', { amount: '90071992547409.93', currency: 'HUF' }, 'not-reversible'],
      [hubspot, 'amount', { amount: '10', currency: null }, 'not-reversible'],
      [sharepoint, 'amount', { amount: '10', currency: 'EUR' }, 'not-reversible'],
      [hubspot, 'tags', ['a;b'], 'not-reversible'],
      [hubspot, 'stage', 'LOST', 'option-unknown'],
      [pipedrive, 'labels', ['unheard of'], 'value-not-in-table'],
      [pipedrive, 'organisation', 'uuid', 'not-reversible'],
      [hubspot, 'created', '2026-01-12T09:30:00.000Z', 'not-writable'],
      [hubspot, 'secret', 'x', 'not-mapped'],
      [hubspot, 'unheardOf', 'x', 'not-mapped'],
      [hubspot, 'email', 'nobody', 'email-invalid'],
      [hubspot, 'name', 'Ada', 'wrong-type'],
    ];
    for (const [mapping, field, value, reason] of rows) {
      const { item, problems } = mapping.write({ [field]: value });
      assert.deepEqual(item, {}, field);
      assert.deepEqual(
        problems.map((problem) => [problem.field, problem.reason, problem.raw]),
        [[field, reason, value]],
      );
    }
    const both = hubspot.write({ tags: ['a;b'], email: 'ada@acme.hu' });
    assert.deepEqual(both.item, { properties: { email: 'ada@acme.hu' } });
  });

  it('never throws and answers for every field, whatever it is given on top of whatever', () => {
    const value = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Value>;
    const hostile = fc.anything({ maxDepth: 3, withBigInt: true, withNullPrototype: true });
    const given = fc.constantFrom(twenty, hubspot, pipedrive, sharepoint).chain((mapping) => {
      const places = mapping.fields.flatMap(({ paths }) => paths.map((path) => path.split('.')));
      const size = { minLength: places.length, maxLength: places.length };
      const current = fc.array(hostile, size).map((all) => itemWith(places, all));
      const patch = fc.dictionary(
        fc.constantFrom(...mapping.fields.map(({ name }) => name)),
        value,
      );
      return fc.tuple(fc.constant(mapping), patch, fc.oneof(hostile, current));
    });
    fc.assert(
      fc.property(given, value, ([mapping, patch, current], readBack) => {
        const { item, problems } = mapping.write(patch, current);
        const read = mapping.read(item);
        for (const [field, sent] of Object.entries(patch)) {
          const settled = mapping.normalize(field, sent);
          const refusals = problems.filter((problem) => problem.field === field);
          // To clear an amount leaves the currency, so the two are not in the item together.
          assert.ok(refusals.length === 1 || field in read.fields || settled === null, field);
          mapping.explains(field, sent, readBack);
          assert.ok(same(mapping.normalize(field, settled), settled));
        }
      }),
      { seed: 4711, numRuns: 1500 },
    );
  });

  it('refuses a day that the zone of the vendor left out', () => {
    const samoa = compileMapping({
      fields: {
        day: { kind: 'date', path: 'day', transforms: [{ use: 'dayStart', zone: 'Pacific/Apia' }] },
      },
    });
    assert.equal(samoa.write({ day: '2011-12-30' }).problems[0]?.reason, 'not-reversible');
    assert.deepEqual(samoa.write({ day: '2011-12-31' }).item, { day: '2011-12-30T10:00:00.000Z' });
  });
});

describe('the primary item of a list', () => {
  const list = (...items: readonly [string, boolean?][]) =>
    items.map(([value, primary = false], index) => ({ value, primary, label: `l${index}` }));

  it('is the flagged one, else the first; blank ones are none', () => {
    const rows: readonly [ReturnType<typeof list>, Value][] = [
      [list(['a@x.hu'], ['b@x.hu', true]), 'b@x.hu'],
      [list(['a@x.hu', true], ['b@x.hu', true]), 'a@x.hu'],
      [list(['a@x.hu'], ['b@x.hu']), 'a@x.hu'],
      [list(['', true], ['b@x.hu']), 'b@x.hu'],
      [list(['', true]), null],
    ];
    for (const [emails, expected] of rows) {
      assert.deepEqual(pipedrive.read({ emails }).fields, { email: expected });
    }
  });

  const rows = compileMapping({
    fields: {
      email: {
        kind: 'email',
        path: 'identifiers',
        transforms: [{ use: 'primary', value: 'value', flag: 'primary', unordered: true }],
      },
    },
  });

  it('does not depend on the order of a list that has none', () => {
    const identifiers = list(['B@x.hu', true], ['a@x.hu'], ['c@x.hu', true]);
    for (const order of [identifiers, identifiers.toReversed()]) {
      assert.deepEqual(rows.read({ identifiers: order }).fields, { email: 'b@x.hu' });
    }
  });

  it('is changed in its place, and all others stay as they are', () => {
    const emails = list(['a@x.hu'], ['b@x.hu', true], ['c@x.hu']);
    assert.deepEqual(pipedrive.write({ email: 'd@x.hu' }, { emails }).item, {
      emails: [
        { value: 'a@x.hu', primary: false, label: 'l0' },
        { value: 'd@x.hu', primary: true, label: 'l1' },
        { value: 'c@x.hu', primary: false, label: 'l2' },
      ],
    });
  });

  it('only moves its flag to an item that is there already', () => {
    const emails = list(['a@x.hu', true], ['B@x.hu']);
    assert.deepEqual(pipedrive.write({ email: 'b@x.hu' }, { emails }).item, {
      emails: [
        { value: 'a@x.hu', primary: false, label: 'l0' },
        { value: 'B@x.hu', primary: true, label: 'l1' },
      ],
    });
  });

  it('goes alone when it is cleared', () => {
    const emails = list(['a@x.hu'], ['b@x.hu', true]);
    assert.deepEqual(pipedrive.write({ email: null }, { emails }).item, {
      emails: [{ value: 'a@x.hu', primary: false, label: 'l0' }],
    });
    assert.deepEqual(pipedrive.write({ email: null }).item, { emails: [] });
  });

  it('is made when there is none', () => {
    assert.deepEqual(pipedrive.write({ email: 'a@x.hu' }).item, {
      emails: [{ value: 'a@x.hu', primary: true }],
    });
  });

  it('comes first where nothing else marks it', () => {
    const flagless = compileMapping({
      fields: {
        email: { kind: 'email', path: 'emails', transforms: [{ use: 'primary', value: 'value' }] },
      },
    });
    const emails = [{ value: 'a@x.hu' }, { value: 'b@x.hu' }];
    assert.deepEqual(flagless.write({ email: 'b@x.hu' }, { emails }).item, {
      emails: [{ value: 'b@x.hu' }, { value: 'a@x.hu' }],
    });
  });

  it('is refused where nothing can mark it', () => {
    const unmarked = compileMapping({
      fields: {
        email: {
          kind: 'email',
          path: 'emails',
          transforms: [{ use: 'primary', value: 'value', unordered: true }],
        },
      },
    });
    const emails = [{ value: 'a@x.hu' }, { value: 'b@x.hu' }];
    assert.equal(
      unmarked.write({ email: 'b@x.hu' }, { emails }).problems[0]?.reason,
      'not-reversible',
    );
  });

  it('reads back as it was written, whatever was there before', () => {
    const address = fc.constantFrom('a@x.hu', 'B@x.hu', 'c@x.hu', '', 'nobody');
    const items = fc.array(
      fc.record({ value: address, primary: fc.boolean(), label: fc.string() }),
    );
    const wanted = fc.constantFrom('a@x.hu', 'b@x.hu', 'd@x.hu');
    for (const [mapping, path] of [
      [pipedrive, 'emails'],
      [rows, 'identifiers'],
    ] as const) {
      fc.assert(
        fc.property(items, wanted, (before, email) => {
          const { item, problems } = mapping.write({ email }, { [path]: before });
          assert.deepEqual(problems, []);
          assert.deepEqual(mapping.read(item).fields, { email });
          const after = item[path] as typeof before;
          assert.ok(after.length >= before.length, 'an item was lost');
        }),
        { seed: 4711, numRuns: 1000 },
      );
    }
  });
});

describe('a list of objects', () => {
  const mapping = compileMapping({
    fields: {
      phones: {
        kind: 'set',
        options: { element: { kind: 'phone', options: { region: 'HU' } } },
        path: 'phones',
        transforms: [{ use: 'items', value: 'value' }],
      },
    },
  });

  it('keeps the other members of the elements that stay', () => {
    const phones = [
      { value: '06 20 123 4567', label: 'mobile' },
      { value: '06 1 234 5678', label: 'work' },
    ];
    assert.deepEqual(mapping.write({ phones: ['+36201234567', '+36301234567'] }, { phones }).item, {
      phones: [{ value: '06 20 123 4567', label: 'mobile' }, { value: '+36301234567' }],
    });
  });
});

describe('a value table', () => {
  it('lets values without a row through where that is declared, and says so', () => {
    const open = compileMapping({
      fields: {
        stage: {
          kind: 'enum',
          path: 'stage',
          otherValues: 'pass',
          values: [{ remote: 'L1', value: 'lead' }],
        },
      },
    });
    const read = open.read({ stage: 'fresh' });
    assert.deepEqual(read.fields, { stage: 'fresh' });
    assert.deepEqual(read.notes, [{ field: 'stage', note: 'value-passed-through' }]);
    assert.deepEqual(open.write({ stage: 'fresh' }).item, { stage: 'fresh' });
    // It reads like one of ours, and would be written as another of theirs.
    assert.equal(open.read({ stage: 'lead' }).problems[0]?.reason, 'value-not-in-table');
    assert.equal(open.write({ stage: 'L1' }).problems[0]?.reason, 'value-not-in-table');
  });

  it('writes the named one of several that mean the same', () => {
    assert.deepEqual(hubspot.read({ properties: { dealstage: 'contractsent' } }).fields, {
      stage: 'WON',
    });
    assert.deepEqual(hubspot.write({ stage: 'WON' }).item, {
      properties: { dealstage: 'closedwon' },
    });
  });

  it('says so for a part as well', () => {
    const open = compileMapping({
      fields: {
        price: {
          kind: 'money',
          parts: {
            amount: { path: 'amount' },
            currency: {
              path: 'currency',
              otherValues: 'pass',
              values: [{ remote: 'Forint', value: 'HUF' }],
            },
          },
        },
      },
    });
    assert.deepEqual(open.read({ amount: '1', currency: 'Forint' }).notes, []);
    assert.deepEqual(open.read({ amount: '1', currency: 'EUR' }), {
      fields: { price: { amount: '1', currency: 'EUR' } },
      problems: [],
      notes: [{ field: 'price', note: 'value-passed-through' }],
    });
  });

  it('keeps number and text apart', () => {
    assert.deepEqual(pipedrive.read({ label_ids: [6, 5] }).fields, { labels: ['lost', 'vip'] });
    assert.equal(pipedrive.read({ label_ids: ['5'] }).problems[0]?.reason, 'value-not-in-table');
    assert.deepEqual(pipedrive.write({ labels: ['vip'] }).item, { label_ids: [5] });
  });
});

describe('a name in one text', () => {
  const rows: readonly ['givenFirst' | 'familyFirst', string, string | null, string | null][] = [
    ['familyFirst', 'Kovács Béla', 'Béla', 'Kovács'],
    ['familyFirst', 'Kovács Béla Gábor', 'Béla Gábor', 'Kovács'],
    ['familyFirst', 'Dr. Kovács Béla', 'Béla', 'Dr. Kovács'],
    ['familyFirst', 'dr Szűcs-Nagy Ágnes', 'Ágnes', 'dr Szűcs-Nagy'],
    ['familyFirst', 'ifj. Prof. Erdős Pál', 'Pál', 'ifj. Prof. Erdős'],
    ['familyFirst', 'Kovács', null, 'Kovács'],
    ['givenFirst', 'Ada Byron', 'Ada', 'Byron'],
    ['givenFirst', 'Mary Ann Byron', 'Mary Ann', 'Byron'],
    ['givenFirst', 'Dr. Ada Byron', 'Dr. Ada', 'Byron'],
    ['givenFirst', 'Madonna', 'Madonna', null],
  ];
  const mappings = {
    familyFirst: pipedrive,
    givenFirst: compileMapping({
      fields: {
        name: { ...fullName, path: 'name', transforms: [{ use: 'fullName', order: 'givenFirst' }] },
      },
    }),
  };

  for (const [order, text, given, family] of rows) {
    it(`splits ${text} (${order}) into ${given} and ${family}, and joins them again`, () => {
      assert.deepEqual(mappings[order].read({ name: text }).fields, { name: { given, family } });
      assert.deepEqual(mappings[order].write({ name: { given, family } }).item, { name: text });
    });
  }

  it('predicts the parts that a longer family name comes back in', () => {
    const sent = { given: 'Ada', family: 'van der Berg' };
    const predicted = { given: 'Ada van der', family: 'Berg' };
    assert.deepEqual(mappings.givenFirst.normalize('name', sent), predicted);
    assert.equal(mappings.givenFirst.explains('name', sent, predicted), 'predicted');
    assert.equal(
      mappings.givenFirst.explains('name', sent, { given: 'Ida', family: 'Berg' }),
      undefined,
    );
  });
});

describe('what the mapping predicts', () => {
  it('is what the vendor keeps', () => {
    assert.equal(sharepoint.normalize('title', 'Hódmezővásárhely'), 'Hódmezővás');
    assert.equal(
      sharepoint.normalize('modified', '2026-01-12T09:30:00.999Z'),
      '2026-01-12T09:30:00.000Z',
    );
    assert.equal(
      pipedrive.normalize('closed', '2026-01-12T09:30:00.999Z'),
      '2026-01-12T09:30:00.000Z',
    );
    assert.equal(hubspot.normalize('unheardOf', 'x'), 'x');
    assert.deepEqual(hubspot.normalize('name', { family: 'Byron' }), {
      given: null,
      family: 'Byron',
    });
  });

  it('cuts time off and never rounds it up', () => {
    const late = '2026-01-12T09:30:00.999Z';
    for (const remote of ['isoSeconds', 'spaceSeconds', 'epochSeconds']) {
      const mapping = compileMapping({
        fields: { at: { kind: 'dateTime', path: 'at', transforms: [{ use: 'instant', remote }] } },
      });
      assert.equal(mapping.normalize('at', late), '2026-01-12T09:30:00.000Z', remote);
    }
  });

  it('explains a read-back', () => {
    assert.equal(sharepoint.explains('title', 'Hódmezővásárhely', 'Hódmezővás'), 'predicted');
    assert.equal(sharepoint.explains('title', 'Ada', 'ADA'), 'case');
    assert.equal(sharepoint.explains('title', 'Ada', 'Ida'), undefined);
    assert.equal(sharepoint.explains('title', 'Ada', 'Ada'), 'same');
    assert.equal(sharepoint.explains('closeDate', '2026-01-12', '2026-01-11'), undefined);
    assert.equal(hubspot.explains('unheardOf', 'x', 'y'), undefined);
  });

  it('drops an extension where the vendor takes E.164 only', () => {
    const chatwoot = compileMapping({
      fields: {
        phone: {
          kind: 'phone',
          options: { region: 'HU' },
          path: 'phone_number',
          transforms: [{ use: 'e164' }],
        },
      },
    });
    assert.deepEqual(chatwoot.write({ phone: '+3612345678;ext=12' }).item, {
      phone_number: '+3612345678',
    });
    assert.equal(chatwoot.normalize('phone', '+3612345678;ext=12'), '+3612345678');
    assert.equal(chatwoot.write({ phone: 'reception' }).problems[0]?.reason, 'not-reversible');
  });
});

/** An item that has something at every place. */
function itemWith(places: readonly (readonly string[])[], values: readonly unknown[]): unknown {
  const item: Record<string, unknown> = {};
  for (const [index, [outer = '', inner]] of places.entries()) {
    if (inner === undefined) item[outer] = values[index];
    else item[outer] = { ...(item[outer] as object | undefined), [inner]: values[index] };
  }
  return item;
}
