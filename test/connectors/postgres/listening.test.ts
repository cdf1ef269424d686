import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { Account, Stop } from '../../../runtime/connectors/connector.ts';
import { listenTo } from '../../../runtime/connectors/postgres/listening.ts';
import {
  installOutbox,
  postgres,
  type PostgresConfig,
} from '../../../runtime/connectors/postgres/postgres.ts';
import { ground, PASSWORD, worldAround, type Ground } from './setting.ts';

describe('listening to PostgreSQL', () => {
  let site: Ground;
  let settings: PostgresConfig;
  let account: Account;
  let stop: Stop;
  const ears = new EventEmitter();
  const hears = async (): Promise<void> => void (await once(ears, 'heard'));

  before(async () => {
    site = await ground();
    const owner = site.login();
    const { database } = site.database.connection;
    site.hands.sql(`grant create on database ${database} to ${owner};
      create schema shop authorization ${owner}; set role ${owner};
      create table shop.people (id int primary key, name text);
      reset role`);
    settings = postgres.config.parse({
      host: '127.0.0.1',
      port: site.wire.port,
      database,
      user: owner,
      password: PASSWORD,
      encryption: 'none',
      tables: [{ name: 'shop.people' }],
    });
    await installOutbox(settings, worldAround(site.wire));
    account = await postgres.open(settings, worldAround(site.wire));
  });
  after(() => site.stop());

  it('begins with a look, because nobody knows what was said before', async () => {
    const first = hears();
    stop = account.watch!(() => void ears.emit('heard'));
    await first;
  });

  it('hears of a transaction as soon as it is committed, once, however much it writes', async () => {
    const count = { times: 0 };
    const counted = (): void => void (count.times += 1);
    ears.on('heard', counted);
    const next = hears();
    site.hands.sql(`insert into shop.people select n, 'somebody' from generate_series(1, 500) n`);
    await next;
    const [people, last] = [await account.collection('shop.people'), hears()];
    const ours = await people.write([{ op: 'create', raw: { id: 501, name: 'ours' } }]);
    assert.equal(ours[0]!.kind, 'done');
    site.hands.sql('delete from shop.people where id = 501');
    await last;
    ears.off('heard', counted);
    assert.equal(count.times, 2, 'what we write is no news');
  });

  it('listens again when the connection has broken, and looks what it has missed', async () => {
    const again = hears();
    site.hands.sql(`select pg_terminate_backend(pid) from pg_stat_activity
      where query like 'listen %' and pid <> pg_backend_pid()`);
    await again;
    const next = hears();
    site.hands.sql('delete from shop.people where id = 500');
    await next;
  });

  it('ends when it is told to', async () => {
    await stop();
    const listeners = site.wire.said.filter((said) =>
      said.some(([, text]) => text.startsWith('listen ')),
    );
    assert.equal(listeners.length, 2, 'the one that broke, and the one after it');
    assert.equal(listeners.at(-1)!.at(-1)![0], 'X', 'it said goodbye');
    await account.close();
  });

  it('gives up, and says so, behind a pooler that passes nothing on', async () => {
    const { host, port, database, user, password } = settings;
    const world = worldAround(site.wire);
    const warned = Promise.withResolvers<string>();
    const heard: string[] = [];
    const end = listenTo(
      {
        // Nobody has to wait for the first word.
        world: {
          ...world,
          schedule: { ...world.schedule, after: (_delayMs, task) => world.schedule.after(0, task) },
          log: { write: (_level, message) => warned.resolve(message) },
        },
        account: 'app',
        connection: { host, port, database, user, password, ssl: false },
        channel: 'tributary_changed',
        say: async () => {},
      },
      () => void heard.push('something'),
    );
    assert.match(await warned.promise, /^Account 'app' of postgres is behind a pooler/);
    await end();
    assert.deepEqual(heard, []);
  });
});
