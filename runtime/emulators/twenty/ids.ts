/** Ids as Twenty has them: UUIDs without any order, by chance or from a name. */
import { createHash } from 'node:crypto';
import type { Random } from '../../world/world.ts';
import { badRequest } from './refused.ts';

export function randomId(random: Random): string {
  return formed(Array.from({ length: 32 }, () => random.below(16).toString(16)).join(''));
}

/** Always the same for the same name. */
export function namedId(name: string): string {
  return formed(createHash('sha256').update(name).digest('hex').slice(0, 32));
}

export function isId(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
  );
}

/** As it is kept, or refused. */
export function uuidOf(given: unknown): string {
  if (isId(given)) return given.toLowerCase();
  throw badRequest(`${quoted(given)} is not a valid UUID`);
}

/** What was sent, for people to read. */
export function quoted(given: unknown): string {
  return typeof given === 'string' ? `'${given}'` : JSON.stringify(given);
}

/** Of version 4. */
function formed(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) % 4) + 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
