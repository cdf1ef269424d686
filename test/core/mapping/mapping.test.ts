import assert from 'node:assert/strict';

import fc from 'fast-check';

import { compileMapping, meaningOf } from '../../../runtime/core/mapping/mapping.ts';
import type { Mapping } from '../../../runtime/core/mapping/mapping.ts';
import { same } from '../../../runtime/core/value.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { parse } from '../../../runtime/core/values/kinds.ts';
import type { Problem } from '../../../runtime/core/reasons.ts';
import { hubspot, pipedrive, sharepoint, twenty } from './examples.ts';

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

function itemWith(places: readonly (readonly string[])[], values: readonly unknown[]): unknown {
  const item: Record<string, unknown> = {};
  for (const [index, [outer = '', inner]] of places.entries()) {
    if (inner === undefined) item[outer] = values[index];
    else item[outer] = { ...(item[outer] as object | undefined), [inner]: values[index] };
  }
  return item;
}
