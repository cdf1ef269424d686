/**
 * Real processes on a real database, killed and frozen in the middle of their work.
 *
 *     npm run test:real -- --seconds 60 --workers 4 [--seed 1]
 *
 * `--without fencing` switches a rule of the engine off, and violations should be found.
 * Ends by itself, touches only processes that it started, and stays on this machine.
 */
import { parseArgs } from 'node:util';
import { ruleNames } from '../../runtime/engine/rules.ts';
import { runReal } from './real.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    people: { type: 'string', default: '25' },
    without: { type: 'string', multiple: true, default: [] },
  },
});

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

const startedAt = performance.now();
const course = {
  seconds: numberOf('seconds', values.seconds),
  workers: numberOf('workers', values.workers),
  seed: numberOf('seed', values.seed),
  people: numberOf('people', values.people),
  without: ruleNames.filter((name) => values.without.includes(name)),
};
const { violations, edits, kills, writes, facts, directory } = await runReal({
  ...course,
  signal: stopping.signal,
  say: (line) => console.log(`${elapsed().padStart(4)} s  ${line}`),
});
for (const violation of violations) console.error(violation);
if (directory !== undefined) console.error(`The logs are in ${directory}.`);
const more = Object.entries({ writes, ...facts }).map(([name, count]) => `${name} ${count}`);
console.log(more.join(', '));
console.log(
  `real: seconds ${elapsed()}, workers ${course.workers}, edits ${edits}, kills ${kills}, violations ${violations.length}`,
);
process.exitCode = violations.length > 0 ? 1 : 0;

function elapsed(): string {
  return String(Math.round((performance.now() - startedAt) / 1000));
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${option} is a whole number: npm run test:real -- --seconds 60 --workers 4`);
  process.exit(2);
}
