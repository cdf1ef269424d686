import assert from 'node:assert/strict';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { Sketch } from '../sim/build.ts';
import { edit, story, type Ending } from '../stories/story.ts';

/** The ids of the two companies in the end. */
const FORMER = { app: '1', crm: '2' };
const NEWCOMER = { app: '2', crm: '1' };

describe('A reference by an id that the vendor has given to another item since', () => {
  it('leads to the record that it led to, by the new id of its item', async () => {
    const ending = await idGivenAgain({});
    assert.deepEqual(companyIn(ending), FORMER);
  });

  it('leads to what has the id now when somebody chooses that later on', async () => {
    // With this seed that is the one of the two that is chosen.
    const ending = await idGivenAgain(
      {},
      { seed: 1, later: [[181, edit('crm', 'c0002', 'company')]] },
    );
    assert.deepEqual(companyIn(ending), NEWCOMER);
  });

  it('leads to what has the id now where nobody says when the item that refers to it changed', async () => {
    const ending = await idGivenAgain({
      version: 'none',
      history: false,
      conditionalWrites: false,
    });
    assert.deepEqual(companyIn(ending), NEWCOMER);
  });
});

describe('A reference by the id of an item that was merged, where somebody keeps the two records apart', () => {
  it('leads to the record that had the item, while that is left elsewhere', async () => {
    assert.deepEqual(companyIn(await keptApart(210_000), 'c0004'), { app: '1', crm: '1' });
  });

  for (const [how, pick] of [
    ['dies', 1],
    ['is left alone everywhere', 2],
  ] as const) {
    it(`leads to the one that it was merged into, when the record ${how}`, async () => {
      const ending = await keptApart(410_000, [
        [300, { kind: 'delete', system: 'crm', collection: 'companies', code: 'c0001' }],
        [400, { kind: 'decide', pick, all: true }],
      ]);
      assert.deepEqual(companyIn(ending, 'c0004'), { app: '1', crm: '2' });
    });
  }
});

describe('A reference by the id of an item that was deleted, and whose record is left alone there', () => {
  it('leads to the record, which is left elsewhere', async () => {
    const people = { system: 'app', collection: 'people' } as const;
    const ending = await story({
      systems: { app: { webhooks: false }, crm: {} },
      companies: { c0001: ['app', 'crm'] },
      people: { c0002: { systems: ['app', 'crm'], company: 'c0001' } },
      policy: { deleteAuthority: [], onRemoteDelete: 'unlink' },
      happens: [
        [60.5, { kind: 'create', ...people, code: 'c0004', company: 'c0001' }],
        [61, { kind: 'hide', ...people, codes: ['c0004'], forMs: 120_000 }],
        [62, { kind: 'delete', system: 'app', collection: 'companies', code: 'c0001' }],
      ],
    });
    assert.deepEqual(companyIn(ending, 'c0004'), { app: '1', crm: '1' });
  });
});

/** Two companies are merged in the app. Somebody who was entered there before is shown to us only later on. */
function keptApart(hiddenMs: number, later: Sketch['happens'] = []): Promise<Ending> {
  const companies = { system: 'app', collection: 'companies' } as const;
  const people = { system: 'app', collection: 'people' } as const;
  return story({
    systems: { app: { webhooks: false }, crm: {} },
    companies: { c0001: ['app', 'crm'], c0003: ['app', 'crm'] },
    people: { c0002: { systems: ['app', 'crm'], company: 'c0001' } },
    minutes: 10,
    policy: { deleteAuthority: [], onRemoteDelete: 'ask' },
    happens: [
      [60.5, { kind: 'create', ...people, code: 'c0004', company: 'c0001' }],
      [61, { kind: 'hide', ...people, codes: ['c0004'], forMs: hiddenMs }],
      [62, { kind: 'merge', ...companies, code: 'c0003', other: 'c0001' }],
      [200, { kind: 'decide', pick: 1, all: true }],
      ...later,
    ],
  });
}

/** Somebody deletes a company in the CRM, where that does not count, and enters another one under its id. */
function idGivenAgain(
  more: Partial<Abilities>,
  { seed = 1, later = [] }: { readonly seed?: number; readonly later?: Sketch['happens'] } = {},
): Promise<Ending> {
  const company = { system: 'crm', collection: 'companies' } as const;
  return story({
    seed,
    systems: {
      app: {},
      crm: { abilities: { delete: 'hard', reusesIds: true, horizonMs: 10_000, ...more } },
    },
    companies: { c0001: ['app', 'crm'] },
    people: { c0002: { systems: ['app', 'crm'], company: 'c0001' } },
    happens: [
      [61, { kind: 'delete', ...company, code: 'c0001' }],
      [61.5, { kind: 'create', ...company, code: 'c0003' }],
      ...later,
    ],
  });
}

function companyIn(
  { value }: Ending,
  code = 'c0002',
): { readonly app: unknown; readonly crm: unknown } {
  return { app: value('app', code, 'companyId'), crm: value('crm', code, 'companyId') };
}
