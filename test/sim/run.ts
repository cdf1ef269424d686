/**
 * Runs simulated worlds from their seeds and tells which of them broke a promise.
 *
 *     npm run test:sim -- --seeds 1000 [--from 1]   many worlds
 *     npm run test:sim -- --seed 4711 [--tale]      one world; if it fails, the smallest one that does
 *     npm run test:sim -- --hardship hidden         worlds that all go through it (test/sim/hardships.ts)
 *     npm run test:sim -- --vendors --seeds 200     worlds of the vendors that exist: HubSpot and the others
 *     npm run test:sim -- --kills [--step 7]        the canonical stories, killed at each kill point
 *     npm run test:sim -- --rules [--seeds 200]     each rule of the engine switched off: who notices?
 *     npm run test:sim -- --saved name              a world that failed once
 *     npm run test:sim -- --planner [--seeds 1000]  worlds around the planner alone
 *
 * The smallest failing world of a seed is saved in test/seeds, from where the tests run it again.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openEngine } from '../../runtime/engine/engine.ts';
import { ruleNames, rulesWithout } from '../../runtime/engine/rules.ts';
import { canonical } from './canonical.ts';
import { scenarioFrom, type Mood } from './generate.ts';
import { HARDSHIPS, type HardshipName } from './hardships.ts';
import { runPlannerWorlds } from './planner/runner.ts';
import type { Scenario } from './scenario.ts';
import { shrink } from './shrink.ts';
import { simulate, type Outcome } from './simulation.ts';
import { taleOf } from './tale.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    tale: { type: 'boolean', default: false },
    kills: { type: 'boolean', default: false },
    step: { type: 'string', default: '1' },
    only: { type: 'string' },
    saved: { type: 'string' },
    rules: { type: 'boolean', default: false },
    hardship: { type: 'string', multiple: true },
    planner: { type: 'boolean', default: false },
    vendors: { type: 'boolean', default: false },
  },
});

const SAVED = join(import.meta.dirname, '..', 'seeds');
/** So many worlds out of which one is run twice, to see that it is the same one. */
const TWICE_IN = 100;
/** So long a world that fails is made smaller. */
const SHRINK_MS = 90_000;

const first = numberOf('from', values.seed ?? values.from);
const count = values.seed === undefined ? numberOf('seeds', values.seeds) : 1;
const mood: Mood = {
  ...(values.hardship ? { hardships: values.hardship.flatMap(hardshipOf) } : {}),
  vendors: values.vendors,
};
const moodOptions = [
  ...(values.vendors ? ['--vendors'] : []),
  ...(values.hardship ?? []).map((name) => `--hardship ${name}`),
];
const totals = { runs: 0, violations: 0, edits: 0, kills: 0, hours: 0, exposed: 0, writes: 0 };

if (values.planner) runPlannerWorlds({ first, count, isAlone: values.seed !== undefined });
else if (values.kills) await runKills();
else if (values.rules) await runWithoutRules();
else if (values.saved !== undefined) await runSaved(values.saved);
else await runSeeds();

async function runSeeds(): Promise<void> {
  for (let seed = first; seed < first + count; seed++) {
    const scenario = scenarioFrom(seed, mood);
    const outcome = await run(scenario, `seed ${seed}`);
    if (seed % TWICE_IN === 0) {
      const again = await simulate(scenario);
      if (again.trace !== outcome.trace) report(`seed ${seed}`, ['another run gave another trace']);
    }
    if (values.seed === undefined) {
      if (outcome.violations.length > 0)
        console.error(repeatWith([`--seed ${seed}`, ...moodOptions].join(' ')));
    } else if (outcome.violations.length > 0) {
      await explain(scenario, outcome);
    } else {
      console.log(`seed ${seed}: quiet, trace ${outcome.trace.slice(0, 16)}`);
      if (values.tale) console.log(taleOf(outcome.rest, []));
    }
    progress(seed - first + 1, count);
  }
  summary();
}

/** Each canonical story without trouble, and then killed at each of its kill points. */
async function runKills(): Promise<void> {
  const step = numberOf('step', values.step);
  for (const [title, scenario] of Object.entries(canonical)) {
    if (values.only !== undefined && !title.includes(values.only)) continue;
    const { points } = await run(scenario, title);
    for (let point = 1; point <= points; point += step) {
      await run({ ...scenario, kills: [point] }, `${title}, killed at ${point}`);
      progress(point, points);
    }
  }
  summary();
}

/** Which world notices first that a rule does not hold. A rule that nobody notices is not needed, or not tried. */
async function runWithoutRules(): Promise<void> {
  const worlds = [
    ...Object.entries(canonical),
    ...Array.from({ length: count }, (_, index) => {
      const seed = first + index;
      return [`seed ${seed}`, scenarioFrom(seed)] as const;
    }),
  ];
  const unnoticed = new Set(ruleNames);
  for (const [title, scenario] of worlds) {
    // A world in which something is wrong anyway proves nothing.
    if (unnoticed.size > 0 && (await simulate(scenario)).violations.length > 0) continue;
    for (const rule of unnoticed) {
      const rules = rulesWithout(rule);
      const outcome = await simulate(scenario, (options) => openEngine({ ...options, rules }));
      if (outcome.violations.length === 0) continue;
      unnoticed.delete(rule);
      console.log(`without ${rule}, ${title}: ${outcome.violations[0]}`);
    }
  }
  for (const rule of unnoticed) console.error(`without ${rule}: nobody noticed`);
  process.exitCode = unnoticed.size > 0 ? 1 : 0;
}

async function runSaved(name: string): Promise<void> {
  const { scenario } = JSON.parse(readFileSync(join(SAVED, `${name}.json`), 'utf8')) as {
    scenario: Scenario;
  };
  const { rest, violations } = await run(scenario, name);
  console.log(taleOf(rest, violations));
  summary();
}

async function run(scenario: Scenario, title: string): Promise<Outcome> {
  const outcome = await simulate(scenario);
  totals.runs += 1;
  totals.edits += outcome.edits;
  totals.kills += outcome.kills;
  totals.hours += outcome.hours;
  totals.exposed += outcome.exposed;
  totals.writes += outcome.writes;
  report(title, outcome.violations);
  return outcome;
}

function report(title: string, violations: readonly string[]): void {
  totals.violations += violations.length;
  for (const violation of violations) console.error(`${title}: ${violation}`);
}

/** Tells the smallest world that fails in one of the same ways, and keeps it. */
async function explain(scenario: Scenario, { violations }: Outcome): Promise<void> {
  const kinds = new Set(violations.map(kindOf));
  const until = performance.now() + SHRINK_MS;
  const fails = async (smaller: Scenario): Promise<boolean> => {
    const { violations: its } = await simulate(smaller);
    return its.some((line) => kinds.has(kindOf(line)));
  };
  const { smallest, isEarly } = await shrink(scenario, fails, {
    hasTime: () => performance.now() < until,
  });
  const outcome = await simulate(smallest);
  const name = `seed-${values.vendors ? 'vendors-' : ''}${scenario.seed}`;
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const saved = { seed: scenario.seed, commit, violations: outcome.violations, scenario: smallest };
  writeFileSync(join(SAVED, `${name}.json`), `${JSON.stringify(saved, null, 2)}\n`);
  console.log(taleOf(outcome.rest, outcome.violations));
  if (isEarly) console.log('\nIt could perhaps be smaller: not everything was left out in turn.');
  console.log(`\nsaved as test/seeds/${name}.json; ${repeatWith(`--saved ${name}`)}`);
}

/** A violation without its names and numbers. */
function kindOf(line: string): string {
  return line
    .replaceAll(/"[^"]*"|\{.*\}/g, '_')
    .replaceAll(/[\w-]*\d[\w-]*/g, '_')
    .slice(0, 60);
}

function repeatWith(options: string): string {
  return `repeat with: npm run test:sim -- ${options}`;
}

function progress(done: number, all: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${all} `);
}

function summary(): void {
  const { runs, violations, edits, kills, hours, exposed, writes } = totals;
  console.log(`exposed ${exposed}, writes ${writes}`);
  console.log(
    `seeds ${runs}, violations ${violations}, edits ${edits}, kills ${kills}, hours ${Math.round(hours)}`,
  );
  process.exitCode = violations > 0 ? 1 : 0;
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${option} is a whole number: npm run test:sim -- --seeds 1000 --from 1`);
  process.exit(2);
}

function hardshipOf(name: string): readonly HardshipName[] {
  if (name === 'none') return [];
  if (Object.hasOwn(HARDSHIPS, name)) return [name as HardshipName];
  console.error(`--hardship is none or one of ${Object.keys(HARDSHIPS).join(', ')}`);
  process.exit(2);
}
