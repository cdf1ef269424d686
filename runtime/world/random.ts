/**
 * Chance from a seed: the same seed and stream give the same numbers on every machine, for ever.
 * Both worlds draw from here; the real one takes its seed from the operating system. The numbers
 * are well spread, not secret: whoever sees enough of them can foretell the rest, so passwords,
 * tokens and keys come from `World.secretBytes`.
 */
import { createHash } from 'node:crypto';
import type { Random } from './world.ts';

/**
 * Hands out one stream per name. A stream depends on the seed and its own name only, so a new
 * stream, or a draw more in one, never shifts another. The same name gives the same stream, which
 * goes on where it was.
 */
export function randomStreams(seed: string): (stream: string) => Random {
  const streams = new Map<string, Random>();
  return (stream) => {
    const known = streams.get(stream);
    if (known !== undefined) return known;
    const created = xoshiro128(createHash('sha256').update(`${seed}\n${stream}`).digest());
    streams.set(stream, created);
    return created;
  };
}

/** xoshiro128** by Blackman and Vigna: four words of state, enough for a simulation, and quick. */
function xoshiro128(state: Buffer): Random {
  let a = state.readUInt32LE(0);
  let b = state.readUInt32LE(4);
  let c = state.readUInt32LE(8);
  let d = state.readUInt32LE(12);

  function word(): number {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  }

  /** 53 bits, all that a number between 0 and 1 can hold. */
  function next(): number {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  function below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`A draw needs a whole bound of at least 1, not ${bound}.`);
    }
    return Math.floor(next() * bound);
  }

  return { next, below };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
