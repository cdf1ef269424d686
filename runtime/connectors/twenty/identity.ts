/**
 * Ids that we choose for what we create, which Twenty takes as they are and refuses the second time. The
 * same text has the same id, so that a create can be repeated and makes nothing twice.
 */
import { createHash } from 'node:crypto';
import type { World } from '../../world/world.ts';

/** Nobody finds another text that has this id, and without the text nobody can tell it. */
export function idFor(text: string): string {
  return idOf(createHash('sha256').update(text).digest());
}

export function newId(world: Pick<World, 'secretBytes'>): string {
  return idOf(Buffer.from(world.secretBytes(16)));
}

/** As a UUID of version 4, which all versions of Twenty take. */
function idOf(bytes: Buffer): string {
  const hex = bytes.subarray(0, 16).toString('hex');
  const variant = '89ab'[bytes[8]! % 4]!;
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ];
  return parts.join('-');
}
