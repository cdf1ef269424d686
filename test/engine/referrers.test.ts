import assert from 'node:assert/strict';
import type { Sketch } from '../sim/build.ts';
import { story, type Ending } from '../stories/story.ts';

const COMPANY = { system: 'crm', collection: 'companies', code: 'c0001' } as const;

describe('Who refers to a record by an item that does not stand for it any more', () => {
  it('names its new item as soon as that is there', async () => {
    const { when, value } = await longBeforeTheNextSweep({
      happens: [[61, { kind: 'delete', ...COMPANY }]],
    });
    const [madeAnew] = when('crm', 'created');
    const [corrected, ...more] = when('crm', 'updated');
    assert.ok(corrected! - madeAnew! < 5, `made anew at ${madeAnew}, corrected at ${corrected}`);
    assert.deepEqual(more, []);
    assert.equal(value('crm', 'c0002', 'companyId'), '3');
  });

  it('names the one that it was merged into as soon as that is known', async () => {
    const { when, value } = await longBeforeTheNextSweep({
      policy: { onRemoteMerge: 'follow' },
      happens: [[61, { kind: 'merge', ...COMPANY, code: 'c0003', other: 'c0001' }]],
    });
    const [removed] = when('app', 'deleted');
    const [corrected, ...more] = when('app', 'updated');
    assert.ok(corrected! - removed! < 5, `removed at ${removed}, corrected at ${corrected}`);
    assert.deepEqual(more, []);
    assert.equal(value('app', 'c0002', 'companyId'), '2');
  });
});

/** Somebody belongs to the first of two companies, and something happens to that. */
function longBeforeTheNextSweep(more: Sketch): Promise<Ending> {
  return story({
    companies: { c0001: ['app', 'crm'], c0003: ['app', 'crm'] },
    people: { c0002: { systems: ['app', 'crm'], company: 'c0001' } },
    minutes: 60,
    sweepMinutes: 60,
    ...more,
  });
}
