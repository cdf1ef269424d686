import { openPostgresStore } from '../../runtime/store/postgres.ts';
import { createTestDatabase, quietWorld } from '../support/test-database.ts';
import { keepsTheContract } from './contract.ts';

describe('the store in PostgreSQL', () => {
  keepsTheContract(async () => {
    const { connection, drop } = await createTestDatabase();
    const store = await openPostgresStore({ connection, world: quietWorld, auditKey: 'a key' });
    return {
      store,
      newId: () => quietWorld.newId(),
      close: async () => {
        await store.close();
        await drop();
      },
    };
  });
});
