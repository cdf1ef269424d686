/**
 * The audit chain: what was done in one transaction is a batch, and every batch is sealed together
 * with the seal of the one before. Whoever changes, drops or slips in a batch later needs the key,
 * which is not in the database. The last seal is also kept with the tenant, so that the end of the
 * chain cannot be cut off unseen.
 */
import { hash } from 'node:crypto';
import { keyedDigest } from '../core/hash.ts';
import { canonicalText, type Value } from '../core/value.ts';
import type { AuditItem, AuditReport, TenantId } from './store.ts';

export interface AuditBatch {
  readonly sequence: number;
  readonly at: number;
  readonly items: readonly AuditItem[];
  /** A digest of the items. */
  readonly root: string;
  readonly seal: string;
}

/** Where a chain ends. */
export interface AuditHead {
  readonly sequence: number;
  readonly seal: string;
}

export const EMPTY_CHAIN: AuditHead = { sequence: 0, seal: '' };

export function sealBatch(
  key: string,
  tenant: TenantId,
  head: AuditHead,
  { at, items }: Pick<AuditBatch, 'at' | 'items'>,
): AuditBatch {
  const sequence = head.sequence + 1;
  const root = hash('sha256', canonicalText(items as unknown as Value), 'base64url');
  const seal = keyedDigest(key, canonicalText([tenant, sequence, at, root, head.seal]));
  return { sequence, at, items, root, seal };
}

/** Follows a chain from its start, batch after batch, and compares its end with `end`. */
export function verifyChain(key: string, tenant: TenantId, end: AuditHead) {
  let head = EMPTY_CHAIN;
  let items = 0;
  let brokenAt: number | undefined;
  return {
    add(batch: AuditBatch): void {
      if (brokenAt !== undefined) return;
      const expected = sealBatch(key, tenant, head, batch);
      if (!isSame(batch, expected)) {
        brokenAt = expected.sequence;
        return;
      }
      head = expected;
      items += batch.items.length;
    },
    report(): AuditReport {
      const isWhole = head.sequence === end.sequence && head.seal === end.seal;
      const broken = brokenAt ?? (isWhole ? undefined : head.sequence + 1);
      const batches = head.sequence;
      return broken === undefined ? { batches, items } : { batches, items, brokenAt: broken };
    },
  };
}

function isSame(a: AuditBatch, b: AuditBatch): boolean {
  return a.sequence === b.sequence && a.root === b.root && a.seal === b.seal;
}
