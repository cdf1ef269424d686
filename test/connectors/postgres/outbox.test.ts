import assert from 'node:assert/strict';
import pg from 'pg';
import {
  installOutbox,
  postgres,
  removeOutbox,
  type PostgresConfig,
} from '../../../runtime/connectors/postgres/postgres.ts';
import type { Collection, ItemPage } from '../../../runtime/connectors/connector.ts';
import { ground, PASSWORD, worldAround, type Ground } from './setting.ts';

describe('the outbox in PostgreSQL', () => {
  let site: Ground;
  let settings: PostgresConfig;
  let owner: string;
  before(async () => {
    site = await ground();
    owner = site.login();
    const { database } = site.database.connection;
    site.hands.sql(`grant create on database ${database} to ${owner};
      create schema shop authorization ${owner}; set role ${owner};
      create table shop.people (id int primary key, name text, seen_at timestamptz);
      create table shop.others (id int primary key);
      reset role`);
    settings = settingsFor(owner);
    await installOutbox(settings, worldAround(site.wire));
  });
  after(() => site.stop());

  function settingsFor(user: string): PostgresConfig {
    return postgres.config.parse({
      host: '127.0.0.1',
      port: site.wire.port,
      database: site.database.connection.database,
      user,
      password: PASSWORD,
      encryption: 'none',
      tables: [{ name: 'shop.people', updatedAt: 'seen_at' }],
    });
  }

  async function withPeople(
    work: (people: Collection) => Promise<void>,
    user = owner,
  ): Promise<void> {
    const account = await postgres.open(settingsFor(user), worldAround(site.wire));
    try {
      await work(await account.collection('shop.people'));
    } finally {
      await account.close();
    }
  }

  /** Another program, with a transaction that stays open. */
  async function whileOpen(sql: string, work: () => Promise<void>): Promise<void> {
    const client = new pg.Client(site.database.connection);
    await client.connect();
    try {
      await client.query('begin');
      await client.query(sql);
      await work();
      await client.query('commit');
    } finally {
      await client.end();
    }
  }

  function latest({ items }: ItemPage): number {
    return Math.max(...items.map(({ changedAt }) => changedAt!));
  }

  function idsIn({ items }: ItemPage): string[] {
    return items.map(({ id }) => id);
  }

  it('never skips a row whose transaction commits after later ones were read', () =>
    withPeople(async (people) => {
      await people.list({ limit: 100 });
      let since = 0;
      await whileOpen(`insert into shop.people values (1, 'late')`, async () => {
        await worldAround(site.wire).schedule.sleep(5);
        site.hands.sql(`insert into shop.people values (2, 'early')`);
        const page = await people.changes!({ since: 0, limit: 10 });
        assert.deepEqual(idsIn(page), ['2']);
        // Nothing is left over from before: a reader goes on exactly where it was.
        since = latest(page);
      });
      const page = await people.changes!({ since, limit: 10 });
      assert.deepEqual(idsIn(page).toSorted(), ['1', '2']);
      assert.ok(page.items.find(({ id }) => id === '1')!.changedAt! < since);
      // Told once, it is not told again for ever.
      const again = await people.changes!({ since: latest(page) + 1, limit: 10 });
      site.hands.sql(`update shop.people set name = 'next' where id = 2`);
      const last = await people.changes!({ since: latest(page) + 1, limit: 10 });
      assert.deepEqual([idsIn(again).includes('1'), idsIn(last).includes('2')], [true, true]);
      const told = await people.changes!({ since: latest(last) + 1_000, limit: 10 });
      assert.deepEqual(told.next, undefined);
    }));

  it('tells what was open while the table was listed, though it began long before', () =>
    withPeople(async (people) => {
      site.hands.sql('delete from tributary.look');
      const startedAt = Date.now() + 60_000;
      await whileOpen(`insert into shop.people values (3, 'open')`, async () => {
        assert.ok(!idsIn(await people.list({ limit: 100 })).includes('3'));
      });
      const page = await people.changes!({ since: startedAt, limit: 10 });
      assert.deepEqual(idsIn(page), ['3']);
    }));

  it('notes neither a write that changes nothing nor one that only touches a time', () =>
    withPeople(async () => {
      const count = (): number =>
        site.hands.sql<{ n: number }>('select count(*)::int as n from tributary.outbox')[0]!.n;
      const before = count();
      site.hands.sql('update shop.people set seen_at = now(), name = name');
      assert.equal(count(), before);
      site.hands.sql('update shop.people set name = null where id = 1');
      assert.equal(count(), before + 1);
    }));

  it('follows a row whose key changes as one that went and one that came', () =>
    withPeople(async (people) => {
      const { items } = await people.list({ limit: 100 });
      const since = latest({ items, gone: [] }) + 1;
      site.hands.sql('update shop.people set id = 30 where id = 3');
      const page = await people.changes!({ since, limit: 10 });
      assert.ok(page.gone.includes('3') && idsIn(page).includes('30'));
    }));

  it('names our own writes, and others only when they name themselves', () =>
    withPeople(async (people) => {
      const [outcome] = await people.write([{ op: 'create', raw: { id: 7, name: 'ours' } }]);
      assert.ok(outcome?.kind === 'done' && outcome.item?.author === 'us');
      site.hands.sql(`update shop.people set name = 'theirs' where id = 7`);
      const [read] = await people.read(['7']);
      assert.ok(read?.kind === 'present');
      assert.deepEqual(
        [read.item.author, read.item.raw],
        [
          undefined,
          {
            id: 7,
            name: 'theirs',
            seen_at: read.item.raw && (read.item.raw as { seen_at: unknown }).seen_at,
          },
        ],
      );
    }));

  it('gives whoever reads no more than it needs, and programs that write nothing at all', async () => {
    const [reader, writer] = [site.login(), site.login()];
    await installOutbox(settings, worldAround(site.wire), { reader });
    site.hands.sql(`grant usage on schema shop to ${reader}, ${writer};
      grant select on shop.people to ${reader}; grant select, insert on shop.people to ${writer}`);
    site.hands.sql(`set role ${writer}`);
    site.hands.sql(`insert into shop.people values (11, 'by a program')`);
    assert.throws(() => site.hands.sql('select from tributary.outbox'), /permission denied/);
    site.hands.sql('reset role');
    await withPeople(async (people) => {
      const page = await people.changes!({ since: 0, limit: 100 });
      assert.ok(idsIn(page).includes('11'));
      await assert.rejects(people.write([{ op: 'delete', id: '11' }]), { kind: 'forbidden' });
    }, reader);
    site.hands.sql(`set role ${reader}`);
    assert.throws(
      () => site.hands.sql(`insert into tributary.outbox (tbl, pk, op) values ('a', 'b', 'I')`),
      /permission denied/,
    );
    site.hands.sql('reset role');
    const account = await postgres.open(settingsFor(reader), worldAround(site.wire));
    const missing = await account.missingScopes!(['shop.people']);
    await account.close();
    assert.deepEqual(missing, ['insert, update, delete on shop.people']);
  });

  it('forgets what is old and superseded, and keeps the last note on every row that is there', () =>
    withPeople(async (people) => {
      site.hands.sql(`insert into shop.people values (20, 'a'), (21, 'b');
        update shop.people set name = 'c' where id = 20; delete from shop.people where id = 21;
        update tributary.outbox set at = at - interval '40 days' where pk in ('20', '21')`);
      await people.changes!({ since: Date.now(), limit: 1 });
      const left = site.hands.sql<{ pk: string; op: string }>(
        `select pk, op from tributary.outbox where pk in ('20', '21')`,
      );
      assert.deepEqual(left, [{ pk: '20', op: 'U' }]);
    }));

  it('notes the rows of a partitioned table, and is not taken for that of another name', async () => {
    site.hands.sql(`set role ${owner};
      create table shop.parted (id int primary key, name text) partition by range (id);
      create table shop.parted_1 partition of shop.parted for values from (0) to (100);
      reset role`);
    const parted = { ...settings, tables: [{ name: 'shop.parted', key: 'id' }] };
    await installOutbox(parted, worldAround(site.wire));
    const account = await postgres.open(parted, worldAround(site.wire));
    try {
      const items = await account.collection('shop.parted');
      await items.write([{ op: 'create', raw: { id: 5, name: 'in a part' } }]);
      assert.deepEqual(idsIn(await items.changes!({ since: 0, limit: 10 })), ['5']);
    } finally {
      await account.close();
    }
    site.hands.sql('alter table shop.parted rename to moved');
    const moved = { ...parted, tables: [{ name: 'shop.moved', key: 'id' }] };
    const later = await postgres.open(moved, worldAround(site.wire));
    try {
      assert.ok(!('changes' in (await later.collection('shop.moved'))));
    } finally {
      await later.close();
    }
    site.hands.sql('drop table shop.moved');
  });

  it('is installed and removed as often as one likes, and leaves nothing behind', async () => {
    const world = worldAround(site.wire);
    await installOutbox(settings, world);
    await removeOutbox(settings, world);
    await removeOutbox(settings, world);
    const left = site.hands.sql(`select 1 from pg_namespace where nspname = 'tributary'
      union all select 1 from pg_trigger where tgname = 'tributary_capture'`);
    assert.deepEqual(left, []);
    site.hands.sql(`insert into shop.people values (40, 'free')`);
    await withPeople(async (people) => {
      assert.equal(people.can.changesTellDeletes, false);
    });
    await installOutbox(settings, world);
    await withPeople(async (people) => assert.equal(people.can.changesTellDeletes, true));
  });

  it('stays whole while another table is still captured', async () => {
    site.hands.sql(`create trigger tributary_capture after insert on shop.others
      for each row execute function tributary.capture('id', 'shop.others')`);
    await assert.rejects(removeOutbox(settings, worldAround(site.wire)));
    await withPeople(async (people) => assert.equal(people.can.changesTellDeletes, true));
    site.hands.sql('drop trigger tributary_capture on shop.others');
  });
});
