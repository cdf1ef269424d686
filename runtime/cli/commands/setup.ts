/**
 * `tributary setup`: makes in the systems what a sync works better with, such as a field by which items are
 * known again, and says which permissions a login lacks. Nothing else is written there.
 *
 * What cannot be made at one account keeps nobody from making the rest.
 */
import type { Account, Lack } from '../../connectors/connector.ts';
import { TributaryError } from '../../core/errors.ts';
import type { StoredEndpoint } from '../../store/store.ts';
import { collectionsBy } from '../check-accounts.ts';
import { CONFIG_OPTIONS, EXIT, isOn, type Command, type Given } from '../command.ts';
import { saveSetup } from '../config/save.ts';
import { atSite, type Site } from '../installation.ts';

export const setup: Command = {
  name: 'setup',
  summary: 'make the fields and the like in the systems that a sync works better with',
  about: [
    'A field for the marker keeps a create that got no answer from making somebody twice; an outbox in',
    'PostgreSQL tells of changes at once, and of deletions at all. Repeating it is harmless. Start a daemon',
    'anew afterwards.',
    '',
    'Exit code: 0 all is there, 2 something is missing (with --preview, or permissions), 1 it failed.',
    '',
  ].join('\n'),
  words: ['[account]'],
  options: {
    preview: { about: 'say what is missing, and make nothing' },
    ...CONFIG_OPTIONS,
  },
  run: (given) => atSite(given, (site) => setUp(site, given)),
};

async function setUp(site: Site, given: Given): Promise<number> {
  const used = collectionsBy(site.syncs());
  const chosen = endpointsNamed(site, given);
  await saveSetup(site);
  const isNamed = given.words.length > 0;
  const codes = new Set<number>();
  for (const endpoint of chosen) {
    const collections = [...(used.get(endpoint.id) ?? [])];
    if (collections.length > 0 || isNamed) given.output.say(endpoint.title);
    if (collections.length > 0)
      for await (const code of setUpAccount(site, endpoint, collections, given)) codes.add(code);
    else if (isNamed) given.output.say('  no sync uses it, so nothing is needed there');
  }
  return [EXIT.failed, EXIT.waiting].find((code) => codes.has(code)) ?? EXIT.good;
}

function endpointsNamed(
  { setup: { endpoints } }: Site,
  { words }: Given,
): readonly StoredEndpoint[] {
  const [name] = words;
  const found = name === undefined ? endpoints : endpoints.filter(({ title }) => title === name);
  if (found.length > 0) return found;
  throw new TributaryError('account-unknown', {
    what:
      name === undefined ? 'The configuration has no account.' : `There is no account "${name}".`,
    next: `There are: ${endpoints.map(({ title }) => title).join(', ')}.`,
  });
}

/** Tells of each thing that is not as it should be by an exit code. */
async function* setUpAccount(
  { openAccount }: Site,
  endpoint: StoredEndpoint,
  collections: readonly string[],
  given: Given,
): AsyncGenerator<number> {
  const { output } = given;
  const about = { account: endpoint.title };
  let account: Account | undefined;
  try {
    account = await openAccount(endpoint);
    for (const permission of (await account.missingScopes?.(collections)) ?? []) {
      output.tell({ event: 'not-permitted', ...about, permission });
      output.say(`  the login may not: ${permission}`);
      yield EXIT.waiting;
    }
    for (const collection of collections) {
      const { lacks = [] } = await account.collection(collection);
      if (lacks.length === 0) output.say(`  ${collection}: nothing is missing`);
      for (const lack of lacks) yield await makeUpFor(lack, { ...about, collection }, given);
    }
  } catch (error) {
    yield failed(error, about, given);
  } finally {
    await account?.close();
  }
}

interface About {
  readonly account: string;
  readonly collection?: string;
}

async function makeUpFor(lack: Lack, about: Required<About>, given: Given): Promise<number> {
  const { output } = given;
  const { what } = lack;
  if (isOn(given, 'preview')) {
    output.tell({ event: 'missing', ...about, what });
    output.say(`  ${about.collection}: ${what} is missing`);
    return EXIT.waiting;
  }
  try {
    await lack.make();
  } catch (error) {
    return failed(error, about, given);
  }
  output.tell({ event: 'made', ...about, what });
  output.say(`  ${about.collection}: made ${what}`);
  return EXIT.good;
}

function failed(error: unknown, about: About, { output }: Given): number {
  if (!(error instanceof TributaryError)) throw error;
  const { message } = error;
  output.tell({ event: 'failed', ...about, message });
  output.say(`  ${about.collection === undefined ? '' : `${about.collection}: `}${message}`);
  return EXIT.failed;
}
