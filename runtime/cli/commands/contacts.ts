/** `tributary contacts`: the built-in contact store, for people who have no app of their own. */
import http from 'node:http';
import path from 'node:path';
import { contactsApi } from '../../contacts/api.ts';
import { openContacts } from '../../contacts/contacts.ts';
import { loginWith, SECRET_VARIABLE } from '../../contacts/login.ts';
import { listen } from '../../server/listening.ts';
import { systemWorld } from '../../world/system.ts';
import { misused, numberOption, textOption, type Command, type Given } from '../command.ts';
import { tenantIdOf } from '../config/names.ts';
import { openDatabase } from '../installation.ts';
import { live } from '../live.ts';

export const contacts: Command = {
  name: 'contacts',
  summary: 'serve the built-in contact store, for syncs and programs to keep contacts in',
  about: [
    `Callers show a token that is signed with the secret in ${SECRET_VARIABLE}. To a configuration it`,
    'is an account of the vendor rest; docs/contacts.md has it, and all that can be asked.',
    '',
    'It is kept in DATABASE_URL, or in a database of its own in the data folder, where commands and a',
    'daemon may be at work as well. It serves on 127.0.0.1; from outside, only behind a proxy with TLS.',
    '',
  ].join('\n'),
  options: {
    port: { value: '<number>', about: 'port to serve on; 0 takes a free one; 4030' },
    tenant: { value: '<name>', about: 'whose contacts; tokens are for this name; contacts' },
    data: { value: '<folder>', about: 'keys and the database of its own; .tributary' },
    json: { about: 'one JSON object per line, for programs' },
    verbose: { about: 'show where errors came from' },
  },
  async run(given) {
    const port = numberOption('contacts', given, { name: 'port', otherwise: 4030, max: 65_535 });
    const tenant = textOption(given, 'tenant') ?? 'contacts';
    if (tenant.trim() === '') throw misused('contacts', '--tenant needs a name.');
    return serve(given, { port, tenant });
  },
};

async function serve(
  given: Given,
  { port, tenant }: { port: number; tenant: string },
): Promise<number> {
  const { environment, output } = given;
  const login = loginWith({ secret: environment[SECRET_VARIABLE], audience: tenant });
  const world = systemWorld({ log: process.stderr });
  const data = path.resolve(
    textOption(given, 'data') || environment['TRIBUTARY_DATA'] || '.tributary',
  );
  return live(world, async (lifetime) => {
    const url = environment['DATABASE_URL'];
    const database = await openDatabase({ url, data, world });
    lifetime.opened('database', () => database.close());
    const { connection } = database;
    const store = await openContacts({ connection, world, tenant: tenantIdOf(tenant) });
    lifetime.opened('contacts', () => store.close());
    const app = contactsApi({ contacts: store, login, title: `Contact store "${tenant}"`, world });
    const server = http.createServer({ requestTimeout: REQUEST_MS_MAX }, app);
    const door = await listen(server, { port, schedule: world.schedule });
    lifetime.opened('requests', () => door.close());
    output.tell({ event: 'ready', url: door.url, tenant });
    output.say(
      `The contact store "${tenant}" is ready at ${door.url} (described by ${door.url}openapi.json)`,
    );
  });
}

/** From the first byte of a request to its last. */
const REQUEST_MS_MAX = 30_000;
