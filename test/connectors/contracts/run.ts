/**
 * Plays the suite for connectors, and holds everything that is sent and answered against the vendors' own
 * descriptions of their APIs.
 *
 *     npm run test:contracts -- --specs <folder>
 *
 * The descriptions are OpenAPI files, JSON or YAML, whose names begin with the vendor's. They belong to the
 * vendors and are no part of the project; where there is no such folder, it says so and nothing is checked.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connectors } from '../../../runtime/connectors/index.ts';
import { onlookers } from '../conformance/traffic.ts';
import { playSuite } from '../conformance/playing.ts';
import { deviationsOf } from './checking.ts';
import { descriptionsIn } from './descriptions.ts';
import { KNOWN } from './known.ts';
import { sorted } from './sorting.ts';

const { values } = parseArgs({ options: { specs: { type: 'string' } } });
if (values.specs === undefined)
  throw new Error('Name the folder with the descriptions: --specs <folder>');
const vendors = connectors.map(({ vendor }) => vendor);
const folder = resolve(values.specs);
const descriptions = descriptionsIn(folder, vendors);

if (descriptions === undefined) {
  console.log(
    `\n!!! NOTHING IS CHECKED: there is no folder ${folder} with the vendors' descriptions.\n`,
  );
  console.log('requests 0, answers 0, deviations 0');
} else {
  process.exitCode = (await check(descriptions)) ? 0 : 1;
}

/** Whether all is well. */
async function check(described: NonNullable<typeof descriptions>): Promise<boolean> {
  for (const vendor of vendors.filter((each) => !described.has(each))) {
    console.log(`${vendor}: no description, not checked`);
  }
  const counts = new Map(
    [...described.keys()].map((vendor) => [vendor, { requests: 0, answers: 0 }]),
  );
  const seen = new Map<string, number>();
  onlookers.push(({ vendor, ...exchange }) => {
    const count = counts.get(vendor);
    if (count === undefined) return;
    count.requests += 1;
    if (exchange.answer !== undefined) count.answers += 1;
    for (const deviation of deviationsOf(described.get(vendor)!, exchange)) {
      const told = `${vendor} ${deviation}`;
      seen.set(told, (seen.get(told) ?? 0) + 1);
    }
  });
  const { verdicts } = await playSuite([...described.keys()]);
  const broken = verdicts.filter(({ end }) => end === 'failed').length;
  if (broken > 0) console.log(`${broken} promises were not kept; see npm run test:conformance.\n`);

  const { known, news, stale } = sorted(
    seen.keys(),
    KNOWN.filter(({ vendor }) => described.has(vendor)),
  );
  for (const { reason, deviations } of known) {
    console.log(`\n${reason}`);
    for (const told of deviations) console.log(`  ${told} (${seen.get(told)} times)`);
  }
  if (news.length > 0)
    console.log('\nWRONG, OR IN NEED OF A REASON in test/connectors/contracts/known.ts:');
  for (const told of news) console.log(`  ${told} (${seen.get(told)} times)`);
  if (stale.length > 0)
    console.log('\nREASONS FOR WHAT DOES NOT OCCUR ANY MORE; take them off the list:');
  for (const listed of stale) console.log(`  ${listed}`);

  console.log();
  let [requests, answers] = [0, 0];
  for (const [vendor, count] of counts) {
    console.log(`${vendor}: requests ${count.requests}, answers ${count.answers}`);
    requests += count.requests;
    answers += count.answers;
  }
  console.log(`requests ${requests}, answers ${answers}, deviations ${seen.size}`);
  const isSeen = [...counts.values()].every((count) => count.answers > 0);
  return broken === 0 && news.length === 0 && stale.length === 0 && counts.size > 0 && isSeen;
}
