/**
 * Where the audit chain ended last, in a file of the data directory: with it, a database that was put
 * back to a backup is noticed. Several processes may write it at once; whichever is last is right enough,
 * because all of them wrote what was stored by then.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Anchor } from '../engine/recovery.ts';
import { cannotWrite } from '../server/data-directory.ts';
import type { TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';

export function anchorIn(data: string, { newId }: Pick<World, 'newId'>): Anchor {
  const fileOf = (tenant: TenantId): string => path.join(data, `audit-end-${tenant}`);
  return {
    async read(tenant) {
      try {
        return (await readFile(fileOf(tenant), 'utf8')).trimEnd();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(tenant, text) {
      const file = fileOf(tenant);
      const fresh = `${file}.${newId()}`;
      try {
        await mkdir(data, { recursive: true, mode: 0o700 });
        // A process that dies meanwhile leaves the old one.
        await writeFile(fresh, `${text}\n`, { mode: 0o600 });
        await rename(fresh, file);
      } catch (error) {
        throw cannotWrite(file, error);
      }
    },
  };
}
