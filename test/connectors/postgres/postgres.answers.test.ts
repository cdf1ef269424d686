import assert from 'node:assert/strict';
import { postgres } from '../../../runtime/connectors/postgres/postgres.ts';
import type { Account, Collection } from '../../../runtime/connectors/connector.ts';
import { systemWorld } from '../../../runtime/world/system.ts';
import { errorOf, failureOf, idOf } from '../scene.ts';
import { ground, PASSWORD, worldAround, type Ground } from './setting.ts';

describe('what PostgreSQL answers', () => {
  let site: Ground;
  let user: string;
  const accounts: Account[] = [];
  before(async () => {
    site = await ground();
    user = site.login();
    const { database } = site.database.connection;
    site.hands.sql(`grant create on database ${database} to ${user};
      create schema "My Shop" authorization ${user}; set role ${user};
      create type "My Shop".mood as enum ('good', 'bad');
      create domain "My Shop".email as text check (value like '%@%');
      create table "My Shop"."The ""kinds""" (n int);
      create table "My Shop".kinds (
        id uuid primary key default gen_random_uuid(),
        price numeric(30, 10), big bigint, small smallint, ratio float8, flag boolean,
        day date, "at" timestamptz, local timestamp, clock time, span interval,
        doc jsonb, plain json, tags text[], prices numeric[], moods "My Shop".mood[], flags boolean[],
        mood "My Shop".mood, email "My Shop".email, code varchar(3), parent uuid references "My Shop".kinds,
        "Odd ""name" text, photo bytea, words tsvector,
        doubled numeric generated always as (price * 2) stored,
        check (small < 100));
      comment on column "My Shop".kinds.price is 'Price in euros';
      create table "My Shop".keyless (a int);
      create table "My Shop".codes (code text primary key, name text, version int);
      reset role`);
  });
  afterEach(async () => {
    for (const account of accounts.splice(0)) await account.close();
  });
  after(() => site.stop());

  async function table(name: string, more: object = {}): Promise<Collection> {
    const account = await open({ tables: [{ name: `My Shop.${name}`, ...more }] });
    return account.collection(`My Shop.${name}`);
  }

  async function open(more: object = {}, world = worldAround(site.wire)): Promise<Account> {
    const account = await postgres.open(
      postgres.config.parse({
        host: '127.0.0.1',
        port: site.wire.port,
        database: site.database.connection.database,
        user,
        password: PASSWORD,
        encryption: 'none',
        tables: [{ name: 'My Shop.kinds' }],
        ...more,
      }),
      world,
    );
    accounts.push(account);
    return account;
  }

  const EVERYTHING = {
    price: '12345678901234567890.1234567890',
    big: '9007199254740993',
    small: 7,
    ratio: 0.1,
    flag: true,
    day: '2026-02-28',
    at: '2026-01-02T03:04:05.678901Z',
    local: '2026-01-02T03:04:05',
    clock: '03:04:05',
    span: 'P1DT2H',
    doc: { a: [1, null, 'x'] },
    plain: 'just text',
    tags: ['a, b', '"c"', null],
    prices: ['0.10', '0.0000001'],
    moods: ['good', 'bad'],
    flags: [true, false],
    mood: 'bad',
    email: 'a@example.com',
    code: 'abc',
    parent: null,
    'Odd "name': 'ő',
  };

  it('comes back as it was written, to the last digit', async () => {
    const kinds = await table('kinds');
    const [outcome] = await kinds.write([{ op: 'create', raw: EVERYTHING }]);
    const [read] = await kinds.read([idOf(outcome!)]);
    assert.ok(read?.kind === 'present');
    const { id, doubled, ...raw } = read.item.raw as Record<string, unknown>;
    assert.deepEqual(raw, EVERYTHING);
    assert.deepEqual([id, doubled], [read.item.id, '24691357802469135780.2469135780']);
    const again = await kinds.write([{ op: 'update', id: read.item.id, raw }]);
    assert.ok(again[0]?.kind === 'done');
    assert.deepEqual(again[0].item?.raw, read.item.raw);
  });

  it('can be no number or no time, and everything can be empty', async () => {
    const kinds = await table('kinds');
    const odd = { ratio: 'NaN', price: 'NaN', at: 'infinity', tags: [], doc: {} };
    const empty = Object.fromEntries(Object.keys(EVERYTHING).map((path) => [path, null]));
    const outcomes = await kinds.write([
      { op: 'create', raw: odd },
      { op: 'create', raw: empty },
    ]);
    for (const [index, wanted] of [odd, empty].entries()) {
      const outcome = outcomes[index]!;
      assert.ok(outcome.kind === 'done');
      const raw = outcome.item!.raw as Record<string, unknown>;
      for (const [path, value] of Object.entries(wanted)) assert.deepEqual(raw[path], value, path);
    }
  });

  it('says what columns there are, without those that no field can hold', async () => {
    const { fields } = await table('kinds');
    const byPath = new Map(fields.map((field) => [field.path, field]));
    assert.deepEqual(byPath.get('price'), {
      path: 'price',
      title: 'Price in euros',
      type: 'numeric(30,10)',
    });
    assert.deepEqual(byPath.get('mood')?.options, ['good', 'bad']);
    assert.deepEqual(byPath.get('moods')?.options, ['good', 'bad']);
    const readOnly = fields.filter((field) => field.readOnly).map(({ path }) => path);
    assert.deepEqual(readOnly, ['id', 'doubled']);
    assert.ok(!byPath.has('photo') && !byPath.has('words'));
  });

  it('names the member that is wrong, whatever is wrong with it', async () => {
    const kinds = await table('kinds');
    for (const [path, value] of [
      ['big', 'many'],
      ['day', '2026-02-30'],
      ['moods', ['good', 'awful']],
      ['email', 'no address'],
      ['code', 'abcd'],
      ['small', 100],
      ['price', '123456789012345678901'],
      ['parent', '01234567-89ab-cdef-0123-456789abcdef'],
      ['Odd "name', 'a\0b'],
      ['doubled', '1'],
      ['photo2', 'x'],
    ] as const) {
      const [bad, good] = await kinds.write([
        { op: 'create', raw: { flag: true, [path]: value } },
        { op: 'create', raw: { flag: true } },
      ]);
      const { kind, path: said, mayHaveLanded } = errorOf(bad);
      assert.deepEqual([kind, said, mayHaveLanded], ['rejected', path, false]);
      assert.equal(good?.kind, 'done');
    }
  });

  it('knows that an id which the key cannot hold is of nobody', async () => {
    const kinds = await table('kinds');
    const reads = await kinds.read(['x', "'; drop table", 'a\0', '1e5']);
    assert.deepEqual(
      reads.map(({ kind }) => kind),
      ['missing', 'missing', 'missing', 'missing'],
    );
    const [outcome] = await kinds.write([{ op: 'delete', id: 'x' }]);
    assert.equal(errorOf(outcome).kind, 'missing');
  });

  it('takes keys that people give, and declares that they may come again', async () => {
    const codes = await table('codes', { key: 'code' });
    assert.deepEqual([codes.can.reusesIds, (await table('kinds')).can.reusesIds], [true, false]);
    const create = { op: 'create', raw: { code: 'A', name: 'x' } } as const;
    const [first] = await codes.write([create]);
    assert.equal(idOf(first!), 'A');
    const [second] = await codes.write([create]);
    assert.ok(second?.kind === 'failed');
    assert.deepEqual(
      [second.error.kind, second.error.path, second.existing],
      ['duplicate', 'code', 'A'],
    );
  });

  it('makes the column for the marker, and keeps it apart from then on', async () => {
    const more = { key: 'code', marker: 'crm_marker' };
    const before = await table('codes', more);
    assert.equal(before.can.create, 'naturalKey');
    const wanted = {
      name: 'crm_marker',
      title: `Tributary's`,
      type: 'text',
      unique: true,
    } as const;
    const field = { path: 'crm_marker', title: `Tributary's`, type: 'text', unique: true };
    assert.deepEqual(await before.ensureField!(wanted), field);
    assert.deepEqual(await before.ensureField!(wanted), field);
    const codes = await table('codes', more);
    assert.deepEqual([codes.can.create, codes.can.marker], ['upsert', 'crm_marker']);
    const changes = ['m1', 'm2', 'm1'].map(
      (marker, index) => ({ op: 'create', marker, raw: { code: `M${index}` } }) as const,
    );
    const outcomes = await codes.write(changes);
    // What the first has made, the third has found.
    assert.deepEqual(outcomes.map(idOf), ['M0', 'M1', 'M0']);
    const found = await codes.find!('crm_marker', ['m1']);
    assert.deepEqual(
      found.map(({ id, marker }) => [id, marker]),
      [['M0', 'm1']],
    );
    const odd = await failureOf(before.ensureField!({ ...wanted, name: 'version' }));
    assert.equal(odd.kind, 'rejected');
  });

  it('lacks a column for the marker that was named, until it is made', async () => {
    const more = { key: 'code', marker: 'our_marker' };
    const before = await table('codes', more);
    const lack = before.lacks!.find(({ what }) => what.includes('"our_marker"'))!;
    await lack.make();
    await lack.make();
    const codes = await table('codes', more);
    assert.deepEqual([codes.can.create, codes.can.marker], ['upsert', 'our_marker']);
    assert.ok(!codes.lacks!.some(({ what }) => what.includes('our_marker')));
  });

  it('does not wait for a row that somebody else has locked', async () => {
    const codes = await table('codes', { key: 'code' });
    await codes.write([
      { op: 'create', raw: { code: 'L1' } },
      { op: 'create', raw: { code: 'L2' } },
    ]);
    site.hands.sql(`begin; select from "My Shop".codes where code = 'L1' for update`);
    const [locked, free] = await codes.write(
      ['L1', 'L2'].map((id) => ({ op: 'update', id, raw: { name: 'y' } }) as const),
    );
    site.hands.sql('rollback');
    const { kind, mayHaveLanded } = errorOf(locked);
    assert.deepEqual([kind, mayHaveLanded, free?.kind], ['transient', false, 'done']);
  });

  it('refuses tables, columns and keys that are not there', async () => {
    for (const [name, more] of [
      ['nothing', {}],
      ['kinds', { key: 'nothing' }],
      ['kinds', { updatedAt: 'nothing' }],
    ] as const) {
      assert.equal((await failureOf(table(name, more))).kind, 'missing');
    }
    assert.equal((await failureOf(table('keyless', { key: 'a' }))).kind, 'rejected');
  });

  it('leaves nothing in a session that a pooler may give to somebody else', async () => {
    const from = site.wire.said.length;
    const kinds = await table('kinds');
    await kinds.list({ limit: 1 });
    await kinds.write([{ op: 'create', raw: { small: 100 } }]);
    await kinds.find!('code', ['abc']);
    const sessions = site.wire.said.slice(from);
    assert.ok(sessions.length > 0);
    for (const session of sessions) {
      let isInside = false;
      for (const [letter, text] of session.slice(1)) {
        // A statement that is parsed, or a portal, with a name would outlive its transaction.
        if ('PBDC'.includes(letter)) assert.equal(text.replace(/^[SP]/, ''), '');
        if (letter !== 'Q') continue;
        if (text.startsWith('begin')) {
          for (const part of text.split('; ').slice(1)) assert.match(part, /^set local /);
          isInside = true;
        } else {
          assert.ok(isInside, text);
          if (text === 'commit') isInside = false;
        }
      }
    }
  });

  it('is not asked at private addresses, nor in the open', async () => {
    const world = systemWorld({ log: { write: () => true } });
    const refused = async (more: object): Promise<string> => {
      const { kind, message, mayHaveLanded } = await failureOf(
        open(more, { ...world, logged: [] }),
      );
      assert.deepEqual([kind, mayHaveLanded], ['forbidden', false]);
      return message;
    };
    const safe = { encryption: 'verified' };
    assert.match(await refused(safe), /127\.0\.0\.1 is private/);
    assert.match(await refused({ ...safe, host: '::1' }), /private/);
    // Its name leads there, which shows only when the connection is made.
    assert.match(await refused({ ...safe, host: 'localhost' }), /leads to the private address/);
    assert.match(await refused({ host: 'db.example.com' }), /without encryption/);
  });

  it('is not asked without encryption when encryption is wanted', async () => {
    const { kind, message } = await failureOf(open({ encryption: 'unverified' }));
    assert.equal(kind, 'forbidden');
    assert.match(message, /does not support SSL/);
  });

  it('says when nothing listens there, or there is no such database', async () => {
    const allowed = systemWorld({ log: { write: () => true }, allowedHosts: ['127.0.0.1'] });
    const gone = { ...allowed, logged: [] };
    const { kind, mayHaveLanded } = await failureOf(open({ port: 1 }, gone));
    assert.deepEqual([kind, mayHaveLanded], ['transient', false]);
    assert.equal((await failureOf(open({ database: 'nothing' }))).kind, 'missing');
  });
});
