/**
 * Passwords as salted scrypt hashes. The cost is stored beside each hash, so that it can be raised
 * later without locking anybody out. Comparing takes the same time whether the first or the last
 * byte differs.
 */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export const passwordHashSchema = z.object({
  cost: z
    .int()
    .min(2 ** 14)
    .max(2 ** 20),
  salt: z.base64(),
  hash: z.base64(),
});

export type PasswordHash = z.infer<typeof passwordHashSchema>;

/** 32 MiB and about a tenth of a second for each attempt. */
const COST = 2 ** 15;
const HASH_BYTES = 32;
const BLOCK_SIZE = 8;

export async function hashPassword(password: string, salt: Uint8Array): Promise<PasswordHash> {
  const hash = await derive(password, salt, COST);
  return { cost: COST, salt: Buffer.from(salt).toString('base64'), hash: hash.toString('base64') };
}

export async function isPassword(password: string, known: PasswordHash): Promise<boolean> {
  const hash = await derive(password, Buffer.from(known.salt, 'base64'), known.cost);
  const expected = Buffer.from(known.hash, 'base64');
  return expected.length === hash.length && timingSafeEqual(hash, expected);
}

function derive(password: string, salt: Uint8Array, cost: number): Promise<Buffer> {
  const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 256 * cost * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    );
  });
}
