/**
 * What whoever starts syncs has to show. Made once, in a file of the data directory that only its owner
 * may read; a new one is made when the file is deleted and the daemon started again.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cannotWrite } from '../../server/data-directory.ts';
import type { World } from '../../world/world.ts';

export interface Token {
  readonly file: string;
  readonly text: string;
}

export async function openToken(
  data: string,
  { secretBytes }: Pick<World, 'secretBytes'>,
): Promise<Token> {
  const file = path.join(data, 'daemon-token');
  const fresh = Buffer.from(secretBytes(32)).toString('hex');
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    await writeFile(file, `${fresh}\n`, { flag: 'wx', mode: 0o600 });
    return { file, text: fresh };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(file, error);
  }
  return { file, text: (await readFile(file, 'utf8')).trim() };
}
