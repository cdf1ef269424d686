/**
 * Decisions read off a list of small numbers. Whatever is made from them shrinks by itself: fast-check
 * shortens the list and makes its numbers smaller, and both zero and the end of the list mean "the
 * plainest choice". So whoever asks puts the plainest choice first.
 */
export class Choices {
  readonly #numbers: readonly number[];
  #position = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number, at least 0, below `bound`. */
  below(bound: number): number {
    const number = this.#numbers[this.#position] ?? 0;
    this.#position += 1;
    return number % bound;
  }

  /** True in about `percent` of a hundred cases, and never at the end of the list. */
  happens(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  pick<T>(options: readonly T[]): T {
    if (options.length === 0) throw new RangeError('There is nothing to pick from.');
    return options[this.below(options.length)] as T;
  }

  /** Picks by weight: `[[60, 'plain'], [40, 'odd']]`. */
  weigh<T>(options: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(options.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of options) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new RangeError('There is nothing to weigh.');
  }
}
