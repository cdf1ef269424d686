/**
 * The secrets a server needs before it serves anything: the key that encrypts account credentials,
 * the key that seals the audit chain, and the login of `admin`. They live in one file that only its
 * owner may read. The password itself is never kept: it exists in the answer of the function that
 * made it, and is printed once.
 *
 * The keys are made once and never again. New ones in their place would make every stored credential
 * unreadable and the past unprovable, without a word. So a file that is garbled, or gone from a data
 * directory that has been used, stops the start instead.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import { cannotWrite, type DataDirectory } from './data-directory.ts';
import { hashPassword, passwordHashSchema } from './password.ts';

const key = z.string().regex(/^[0-9a-f]{64}$/);

const schema = z.object({
  version: z.literal(1),
  credentialSecret: key,
  auditKey: key,
  admin: passwordHashSchema,
});

export type Secrets = z.infer<typeof schema>;
type Keys = Pick<Secrets, 'credentialSecret' | 'auditKey'>;

export interface OpenedSecrets {
  readonly secrets: Secrets;
  /** The password of `admin`, when this call made it. */
  readonly newPassword?: string;
}

export async function openSecrets(data: DataDirectory, world: World): Promise<OpenedSecrets> {
  const secrets = await readSecrets(data);
  if (secrets !== undefined) return { secrets };

  const makeKey = (): string => Buffer.from(world.secretBytes(32)).toString('hex');
  return withNewPassword(data, world, { credentialSecret: makeKey(), auditKey: makeKey() });
}

/** Every session that the old password opened ends too: whoever resets it may have to lock someone out. */
export async function resetPassword(data: DataDirectory, world: World): Promise<OpenedSecrets> {
  const { secrets } = await openSecrets(data, world);
  await rm(path.join(data.nodeRed, '.sessions.json'), { force: true });
  return withNewPassword(data, world, secrets);
}

async function withNewPassword(
  data: DataDirectory,
  world: World,
  { credentialSecret, auditKey }: Keys,
): Promise<OpenedSecrets> {
  const newPassword = readablePassword(world.secretBytes(20));
  const admin = await hashPassword(newPassword, world.secretBytes(16));
  const secrets: Secrets = { version: 1, credentialSecret, auditKey, admin };
  await writeSecretFile(data.secrets, `${JSON.stringify(secrets, null, 2)}\n`);
  return { secrets, newPassword };
}

async function readSecrets(data: DataDirectory): Promise<Secrets | undefined> {
  const text = await readIfThere(data.secrets);
  if (text === undefined) {
    const used = await readIfThere(path.join(data.nodeRed, 'flows.json'));
    if (used === undefined) return undefined;
    throw new TributaryError('secrets-lost', {
      what: `${data.secrets} is gone, and with it the keys to account credentials and audit chain.`,
      next: startOver(data),
    });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Without the cause, which may quote the file.
    throw new TributaryError('secrets-garbled', {
      what: `${data.secrets} is not what Tributary wrote there, and nothing else holds its keys.`,
      next: startOver(data),
    });
  }
}

function startOver({ directory }: DataDirectory): string {
  return `Restore it from a backup; without one, move ${directory} away, start anew, and import the flows from node-red/flows.json.`;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TributaryError('cannot-read', {
      what: `${file} cannot be read (${(error as Error).message.split(',')[0]}).`,
      next: 'Give this user access to it.',
      cause: error,
    });
  }
}

/** Complete or not at all, also when the power fails: written beside, flushed, then renamed. */
async function writeSecretFile(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  try {
    await rm(draft, { force: true });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** Five groups of four characters (100 bits) without the pairs that people confuse. */
function readablePassword(bytes: Uint8Array): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const letters = Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
  return letters.match(/.{4}/g)?.join('-') ?? letters;
}
