/**
 * `tributary setup`: makes in the systems what a sync works better with, such as a field by which items are
 * known again, and says which permissions a login lacks. Nothing else is written there.
 *
 * What cannot be made at one account keeps nobody from making the rest.
 */
import type { Account } from '../../connectors/connector.ts';
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
  const chosen = endpointsNamed(site, given).filter(({ id }) => used.has(id));
  await saveSetup(site);
  const codes = new Set<number>();
  for (const endpoint of chosen) {
    codes.add(await setUpAccount(site, endpoint, [...used.get(endpoint.id)!], given));
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

async function setUpAccount(
  { openAccount }: Site,
  endpoint: StoredEndpoint,
  collections: readonly string[],
  given: Given,
): Promise<number> {
  const { output } = given;
  const name = endpoint.title;
  let code: number = EXIT.good;
  const worse = (other: number): void => {
    if (code !== EXIT.failed) code = other;
  };
  const failed = (error: unknown, collection?: string): void => {
    if (!(error instanceof TributaryError)) throw error;
    worse(EXIT.failed);
    output.tell({ event: 'failed', account: name, collection, message: error.message });
    output.say(`  ${collection === undefined ? '' : `${collection}: `}${error.message}`);
  };
  let account: Account | undefined;
  try {
    output.say(name);
    account = await openAccount(endpoint);
    for (const permission of (await account.missingScopes?.(collections)) ?? []) {
      worse(EXIT.waiting);
      output.tell({ event: 'not-permitted', account: name, permission });
      output.say(`  the login may not: ${permission}`);
    }
    for (const collection of collections) {
      const { lacks = [] } = await account.collection(collection);
      if (lacks.length === 0) output.say(`  ${collection}: nothing is missing`);
      for (const lack of lacks) {
        const { what } = lack;
        const fact = { account: name, collection, what };
        if (isOn(given, 'preview')) {
          worse(EXIT.waiting);
          output.tell({ event: 'missing', ...fact });
          output.say(`  ${collection}: ${what} is missing`);
          continue;
        }
        try {
          await lack.make();
          output.tell({ event: 'made', ...fact });
          output.say(`  ${collection}: made ${what}`);
        } catch (error) {
          failed(error, collection);
        }
      }
    }
  } catch (error) {
    failed(error);
  } finally {
    await account?.close();
  }
  return code;
}
