#!/usr/bin/env node
/**
 * Runs the benches of this folder one after the other, each in a process of its own so that none
 * warms up or litters for the next. `npm run bench -- planner` runs only those it names.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const all = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== basename(import.meta.filename))
  .map((file) => basename(file, '.ts'))
  .toSorted();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench called ${unknown.join(', ')}. There are: ${all.join(', ')}.`);
  process.exit(2);
}

for (const name of named.length > 0 ? named : all) {
  console.log(`\n${name}`);
  const file = join(import.meta.dirname, `${name}.ts`);
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
