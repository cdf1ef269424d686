/**
 * Digests for names that must be the same on every machine: conflict fingerprints, match keys,
 * markers written to a vendor. The only place in the core that touches `node:crypto`, and only for
 * pure functions.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** A short, collision-safe name for a text: 22 characters of SHA-256. */
export function fingerprintOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** A keyed digest: equal texts are recognised again, but nobody without the key can look one up. */
export function keyedDigest(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Compares two digests in constant time. */
export function digestsMatch(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
