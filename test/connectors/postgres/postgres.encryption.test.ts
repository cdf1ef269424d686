import assert from 'node:assert/strict';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import {
  installOutbox,
  postgres,
  type PostgresConfig,
} from '../../../runtime/connectors/postgres/postgres.ts';
import { systemWorld } from '../../../runtime/world/system.ts';
import { ask, embeddedWorkbench } from '../../support/embedded-workbench.ts';
import { failureOf } from '../scene.ts';
import { authority, type Identity } from './certificates.ts';

describe('a PostgreSQL that is spoken to with encryption', () => {
  const { open, path } = embeddedWorkbench();
  const ours = authority('ours');
  const theirs = authority('theirs');
  let admin: pg.ClientConfig;

  before(async () => {
    // Over a socket there is no encryption.
    admin = (await open(path('server'), { transport: 'loopback' })).connection;
    await ask(admin, 'create table people (id int primary key, name text)');
  });

  /** From the next connection on. */
  async function serverShows({ certificate, key }: Identity): Promise<void> {
    const data = path('server/data');
    const { uid, gid } = statSync(data);
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', key],
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      chownSync(join(data, name), uid, gid);
    }
    await turn('on');
  }

  async function turn(ssl: 'on' | 'off'): Promise<void> {
    await ask(admin, `alter system set ssl = ${ssl}`);
    const { at } = (await ask(admin, 'select pg_conf_load_time()::text as at'))!;
    await ask(admin, 'select pg_reload_conf()');
    // A server that is asked to read its settings does so a moment later.
    for (;;) {
      const now = await ask(
        admin,
        'select pg_conf_load_time()::text as at, setting as ssl from pg_settings where name = $$ssl$$',
      );
      if (now?.['at'] !== at && now?.['ssl'] === ssl) return;
    }
  }

  function configOf(more: object): PostgresConfig {
    const { host, port, database, user, password } = admin;
    const tables = [{ name: 'public.people' }];
    return postgres.config.parse({ host, port, database, user, password, tables, ...more });
  }

  function world() {
    const { host, port } = admin;
    const allowedHosts = [`${host}:${port}`, `localhost:${port}`];
    return systemWorld({ log: { write: () => true }, allowedHosts });
  }

  /** Of each connection of the connector, whether it is encrypted. */
  async function encrypted(): Promise<unknown> {
    const row = await ask(
      admin,
      `select json_agg(ssl) as all from pg_stat_ssl join pg_stat_activity using (pid)
       where application_name = 'Tributary'`,
    );
    return row?.['all'];
  }

  const refusedBy = async (more: object) => {
    const failure = await failureOf(postgres.open(configOf(more), world()));
    assert.equal(failure.kind, 'forbidden', failure.message);
    assert.equal(await encrypted(), null);
    return failure.message;
  };

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`is believed at ${host} when the given authority vouches for it, for all that is said`, async () => {
      await serverShows(ours.vouchFor([host]));
      const settings = configOf({ host, certificate: ours.certificate });
      await installOutbox(settings, world());
      const account = await postgres.open(settings, world());
      const people = await account.collection('public.people');
      await people.write([
        { op: 'create', raw: { id: host === 'localhost' ? 1 : 2, name: 'Anna' } },
      ]);
      const listening = Promise.withResolvers<void>();
      const stop = account.watch!(listening.resolve);
      await listening.promise;
      const all = await encrypted();
      await stop();
      await account.close();
      assert.ok(Array.isArray(all) && all.length >= 2, JSON.stringify(all));
      assert.ok(all.every((isEncrypted) => isEncrypted === true));
    });
  }

  it('is refused when another authority vouches for it', async () => {
    await serverShows(theirs.vouchFor(['127.0.0.1']));
    const message = await refusedBy({ certificate: ours.certificate });
    assert.match(message, /CERT|SIGNATURE/);
    assert.match(message, /correct the certificate/);
    assert.ok(!message.includes(String(admin.password)), message);
  });

  it('is refused when nobody known vouches for it, which is so unless told otherwise', async () => {
    await serverShows(ours.vouchFor(['127.0.0.1']));
    await refusedBy({});
  });

  it('is refused when the certificate is that of another server', async () => {
    await serverShows(ours.vouchFor(['127.0.0.2', 'db.example']));
    assert.match(await refusedBy({ certificate: ours.certificate }), /ALTNAME/);
    assert.match(await refusedBy({ host: 'localhost', certificate: ours.certificate }), /ALTNAME/);
  });

  it('is taken as it is where somebody has said so, and is encrypted all the same', async () => {
    await serverShows(theirs.vouchFor(['db.example']));
    const account = await postgres.open(configOf({ encryption: 'unverified' }), world());
    assert.deepEqual(await encrypted(), [true]);
    await account.close();
  });

  it('is left alone when it cannot encrypt', async () => {
    await turn('off');
    for (const encryption of ['verified', 'unverified'] as const) {
      const message = await refusedBy({ encryption, certificate: ours.certificate });
      assert.match(message, /does not support SSL/);
    }
  });
});
