import assert from 'node:assert/strict';
import { openPostgresStore } from '../../runtime/store/postgres.ts';
import type { Announce, Waiting } from '../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { keepsTheContract } from './contract.ts';
import { clockSetByHand, sceneIn } from './scene.ts';

describe('the store in PostgreSQL', () => {
  keepsTheContract(async () => {
    const { connection, drop } = await createTestDatabase();
    const announced: Waiting[] = [];
    const clock = clockSetByHand();
    const store = await openPostgresStore({
      connection,
      world: quietWorld,
      auditKey: 'a key',
      announce: async (due) => void announced.push(...due),
      clock,
    });
    return {
      store,
      newId: () => quietWorld.newId(),
      clock,
      announced,
      close: async () => {
        await store.close();
        await drop();
      },
    };
  });
});

describe('opening the store in PostgreSQL', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());

  const open = (auditKey: string, announce?: Announce) =>
    openPostgresStore({
      connection: database.connection,
      world: quietWorld,
      auditKey,
      ...(announce ? { announce } : {}),
    });

  it('needs the secret of the installation that the database belongs to', async () => {
    const first = await Promise.all([open('ours'), open('ours')]);
    await Promise.all(first.map((store) => store.close()));
    await assert.rejects(open('theirs'), {
      code: 'secret-differs',
      message: /another secret\. Set TRIBUTARY_SECRET to the same value everywhere/,
    });
    const [row] = await database.sql<{ secret: string }>('select * from tributary.installation');
    assert.ok(row && !row.secret.includes('ours'));
    await (await open('ours')).close();
  });

  it('makes an announcement part of the transaction, which can fail with it and use its rules', async () => {
    const roles: unknown[] = [];
    let isBroken = true;
    const store = await open('ours', async (_due, sql) => {
      roles.push(
        ...(await sql(`select current_user as role, current_setting('app.tenant') as tenant`)),
      );
      if (isBroken) throw new Error('no queue');
    });
    try {
      const scene = await sceneIn({ store, newId: () => quietWorld.newId() });
      await assert.rejects(scene.mark(scene.item('1')), /no queue/);
      assert.deepEqual(await scene.claim(), []);
      isBroken = false;
      await scene.mark(scene.item('1'));
      assert.equal((await scene.claim()).length, 1);
      const role = { role: 'tributary_app', tenant: scene.tenant };
      assert.deepEqual(roles, [role, role]);
    } finally {
      await store.close();
    }
  });
});
