/**
 * The files of a project as the tidiness checks see them: from a disk, or made up by a test.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Tree {
  /** Paths from the root, with slashes, sorted. */
  readonly files: readonly string[];
  read(file: string): string;
}

/** Made by tools or by running the project; nobody writes in there. */
const NOT_OURS = new Set(['node_modules', '.git', 'dist', 'coverage', 'examples', '.node-red']);

export function treeOnDisk(root: string): Tree {
  const files: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (NOT_OURS.has(entry.name) || entry.name.startsWith('.tributary')) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) files.push(path);
    }
  };
  walk('');
  return { files: files.toSorted(), read: (file) => readFileSync(join(root, file), 'utf8') };
}

export function treeOf(texts: Readonly<Record<string, string>>): Tree {
  return { files: Object.keys(texts).toSorted(), read: (file) => texts[file] ?? '' };
}
