/**
 * Sums over ids, to compare two large sets without holding either: both sides put each id into one of
 * 4096 buckets and XOR the digests there. Where sums and counts agree, so do the ids; only buckets that
 * differ are looked at one by one. The database sums up its side by the same rule.
 */
import { hash } from 'node:crypto';

export interface Bucketed {
  readonly bucket: number;
  readonly digest: bigint;
}

/** MD5 only spreads ids here, because every database has it; nothing is protected by it. */
export function bucketOf(remoteId: string): Bucketed {
  const digits = hash('md5', remoteId);
  return {
    bucket: Number.parseInt(digits.slice(0, 3), 16),
    digest: BigInt(`0x${digits.slice(0, 16)}`),
  };
}

/** As the database writes it. */
export function digestText(digest: bigint): string {
  return digest.toString(16).padStart(16, '0');
}
