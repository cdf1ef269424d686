/** Chance in the words of those who make up worlds. */
import type { Random } from '../../runtime/world/world.ts';

export interface Dice extends Random {
  pick<T>(options: readonly T[]): T;
  oneIn(count: number): boolean;
  between(low: number, high: number): number;
}

export function diceOf(random: Random): Dice {
  return {
    ...random,
    pick: (options) => options[random.below(options.length)]!,
    oneIn: (count) => random.below(count) === 0,
    between: (low, high) => low + random.below(high - low + 1),
  };
}
