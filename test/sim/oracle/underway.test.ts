import assert from 'node:assert/strict';
import type { Change } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { System } from '../system.ts';
import type { Struck } from '../trouble.ts';
import { sentAt } from './underway.ts';

const SYSTEM = { account: 'crm-1' } as System;
const LANDED = { at: 90_000, id: '1', collection: 'people' } as Change;
const CALL = {
  account: 'crm-1',
  collection: 'people',
  action: 'update',
  items: 1,
  ids: ['1'],
} as const;
const LATE: Struck = { at: 30_000, fault: 'late', ms: 60_000, call: CALL };

describe('The time when a write was sent', () => {
  const sentAfter = (...struck: readonly Struck[]): number => sentAt({ struck }, SYSTEM, LANDED);

  it('is when it landed, where nothing struck it', () => {
    assert.equal(sentAfter(), 90_000);
  });

  it('is when it was struck, where it was late', () => {
    assert.equal(sentAfter(LATE), 30_000);
    assert.equal(sentAfter({ ...LATE, ms: 59_999 }), 90_000, 'that was another write');
  });

  it('is when it was struck, where it was slow and landed meanwhile', () => {
    assert.equal(sentAfter({ ...LATE, fault: 'slow', ms: 70_000 }), 30_000);
    assert.equal(sentAfter({ ...LATE, fault: 'slow', ms: 50_000 }), 90_000);
  });

  it('is not when something else was struck', () => {
    assert.equal(sentAfter({ ...LATE, fault: 'lost' }), 90_000);
    for (const other of [
      { account: 'app-1' },
      { collection: 'companies' },
      { action: 'read' },
      { ids: ['2'] },
    ] as const) {
      assert.equal(sentAfter({ ...LATE, call: { ...CALL, ...other } }), 90_000);
    }
  });
});
