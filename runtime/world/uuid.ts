/**
 * New ids: UUIDv7 as in RFC 9562, made from the world's clock and chance. Ids of one source only
 * grow, also within a millisecond and when the clock steps back, so they can be sorted by creation.
 * They tell when they were made and can be guessed: an id is a name, never a key to a door.
 */
import type { Clock, Random } from './world.ts';

/**
 * Between the 48 bits of time and the 62 of chance sits a counter of 12. It starts anywhere in its
 * lower half at each new millisecond and counts from there; when it is full, time is taken one
 * millisecond ahead of the clock.
 */
export function idSource(clock: Pick<Clock, 'now'>, random: Random): () => string {
  let lastMs = -1;
  let counter = 0;
  return () => {
    const now = Math.floor(clock.now());
    if (now <= lastMs && counter < COUNTER_MAX) {
      counter += 1;
    } else {
      lastMs = Math.max(now, lastMs + 1);
      counter = random.below(COUNTER_START_BELOW);
    }
    return format(lastMs, counter, random);
  };
}

const COUNTER_MAX = 0xfff;
const COUNTER_START_BELOW = 0x800;

function format(timeMs: number, counter: number, random: Random): string {
  const time = hex(timeMs, 12);
  const version = '7';
  const variant = hex(0x8 + random.below(4), 1);
  const tail = hex(random.below(2 ** 12), 3);
  const node = hex(random.below(2 ** 48), 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${hex(counter, 3)}-${variant}${tail}-${node}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
