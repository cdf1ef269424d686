import assert from 'node:assert/strict';

import { compileMapping } from '../../../runtime/core/mapping/mapping.ts';
import { fullName, hubspot, pipedrive, sharepoint } from './examples.ts';

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
