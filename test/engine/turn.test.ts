import assert from 'node:assert/strict';
import { TributaryError } from '../../runtime/core/errors.ts';
import type { MemoryStore } from '../../runtime/store/memory.ts';
import { ENDPOINTS, withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const LIMITED = { crm: { limits: [{ name: 'minute', capacity: 1_000, perMs: 60_000 }] } };

describe('One turn', () => {
  it('leaves of a budget what the urgency of each piece of work asks for, not that of the page', async () => {
    await withPair(
      async (pair) => {
        const { crm, engine, tenant, sync, store } = pair;
        const remoteId = crm.enter(anna);
        await pair.settle();
        const left = new Set<number>();
        const spend = store.spend.bind(store);
        store.spend = async (...given) => {
          for (const { bucket, keep } of given[1]) if (bucket.endsWith('/minute')) left.add(keep);
          return spend(...given);
        };
        await engine.look(tenant, sync, { full: true, endpoints: [crm.endpoint] });
        await engine.hint(tenant, [{ sync, endpoint: crm.endpoint, remoteId }], 0);
        await engine.drain({ tenant, sync });
        assert.deepEqual(left, new Set([50, 350]));
      },
      { abilities: LIMITED },
    );
  });

  it('ends with the database, and gives nothing up however often that is lost', async () => {
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync, store } = pair;
        await pair.settle();
        app.enter(anna);
        await engine.look(tenant, sync);
        let losses = 0;
        const spend = store.spend.bind(store);
        const isBrake = (bucket: string): boolean => bucket.startsWith('brake:');
        const lossy: MemoryStore['spend'] = async (...given) => {
          if (losses === 6 || given[1].some(({ bucket }) => isBrake(bucket)))
            return spend(...given);
          losses += 1;
          throw new TributaryError('database-unreachable', { what: 'It is gone.', next: 'Wait.' });
        };
        store.spend = lossy;
        for (let n = 0; n < 6; n += 1) {
          await engine.drain({ tenant, sync }).catch((error: unknown) => {
            assert.match(String(error), /It is gone/);
          });
          await pair.wait(31_000);
        }
        assert.equal(losses, 6);
        await pair.settle();
        assert.deepEqual(crm.people(), app.people());
        assert.equal(store.rowsOf(tenant).deadLetters.size, 0);
      },
      { abilities: LIMITED },
    );
  });

  it('brings to its end what a first poll began, so that all that is there is known', () =>
    withPair(async (pair) => {
      const { app, engine, tenant, sync } = pair;
      app.enter(anna);
      await pair.settle({ full: false });
      const certificates = await engine.certificates(tenant, sync);
      const whole = new Set(certificates.map(({ endpoint }) => endpoint));
      assert.deepEqual(whole, new Set(Object.values(ENDPOINTS)));
    }));
});
