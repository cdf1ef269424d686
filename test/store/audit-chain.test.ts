import assert from 'node:assert/strict';
import {
  EMPTY_CHAIN,
  sealBatch,
  verifyChain,
  type AuditBatch,
  type AuditHead,
} from '../../runtime/store/audit-chain.ts';
import type { AuditReport, TenantId } from '../../runtime/store/store.ts';

const TENANT = 'tenant' as TenantId;
const chain = chainOf(['a', 'b', 'c', 'd']);
const end = chain.at(-1)!;

function chainOf(actions: readonly string[], key = 'key'): AuditBatch[] {
  const batches: AuditBatch[] = [];
  for (const action of actions) {
    const items = [{ actor: 'ann', action }];
    batches.push(sealBatch(key, TENANT, batches.at(-1) ?? EMPTY_CHAIN, { at: 1, items }));
  }
  return batches;
}

function verify(
  batches: readonly AuditBatch[],
  {
    head = end,
    key = 'key',
    tenant = TENANT,
  }: { head?: AuditHead; key?: string; tenant?: TenantId },
): AuditReport {
  const follow = verifyChain(key, tenant, head);
  for (const batch of batches) follow.add(batch);
  return follow.report();
}

describe('the audit chain', () => {
  it('holds when nobody has touched it', () => {
    assert.deepEqual(verify(chain, {}), { batches: 4, items: 4 });
    assert.deepEqual(verify([], { head: EMPTY_CHAIN }), { batches: 0, items: 0 });
  });

  const [a, b, c, d] = chain as [AuditBatch, AuditBatch, AuditBatch, AuditBatch];
  const forged = { actor: 'eve', action: 'b' };
  const withoutKey = sealBatch('guess', TENANT, a, { at: 1, items: [forged] });
  for (const [what, batches, brokenAt] of [
    ['a batch is changed', [a, { ...b, items: [forged] }, c, d], 2],
    ['its time is changed', [a, { ...b, at: 2 }, c, d], 2],
    ['its digest is changed', [a, { ...b, root: 'x' }, c, d], 2],
    ['a batch is replaced by one with a seal of another key', [a, withoutKey, c, d], 2],
    ['a batch is missing', [a, c, d], 2],
    ['the first is missing', [b, c, d], 1],
    ['the last is missing', [a, b, c], 4],
    ['all are missing', [], 1],
    ['batches change places', [a, c, b, d], 2],
    ['a batch is added', [...chain, ...chainOf(['a', 'b', 'c', 'd', 'e']).slice(4)], 6],
  ] as const) {
    it(`breaks where ${what}`, () => {
      assert.equal(verify(batches, {}).brokenAt, brokenAt);
    });
  }

  it('holds for nobody else, and under no other key', () => {
    assert.equal(verify(chain, { tenant: 'other' as TenantId }).brokenAt, 1);
    assert.equal(verify(chain, { key: 'other' }).brokenAt, 1);
  });
});
