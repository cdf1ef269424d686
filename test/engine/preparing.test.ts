import assert from 'node:assert/strict';
import type { Item } from '../../runtime/connectors/connector.ts';
import { grumpier } from './grumpier.ts';
import { withPair } from './pair.ts';

const email = 'anna@example.com';
const LAG_MS = 2_000;

describe('A system that answers with old states, and nothing tells which', () => {
  it('is not written to before what was read for the first time has been read again', () => {
    let isOld = true;
    const asItWas = (item: Item): Item =>
      isOld ? { ...item, raw: { ...(item.raw as object), name: 'A.' } } : item;
    const connector = grumpier((collection, account) =>
      account === 'app'
        ? {}
        : {
            async list(request) {
              const page = await collection.list(request);
              return { ...page, items: page.items.map(asItWas) };
            },
            async read(ids, signal) {
              const reads = await collection.read(ids, signal);
              return reads.map((read) =>
                read.kind === 'present' ? { ...read, item: asItWas(read.item) } : read,
              );
            },
          },
    );
    return withPair(
      async (pair) => {
        const { app, crm, world } = pair;
        const id = app.enter({ email, name: 'Anna' });
        const there = crm.enter({ email, name: 'A.' });
        world.schedule.after(LAG_MS / 2, () => crm.edit(there, { name: 'Ann' }));
        world.schedule.after(LAG_MS * 1.5, () => {
          isOld = false;
        });
        await pair.settle();
        const entity = await pair.entityOf(app, id);
        const { conflicts } = pair.store.rowsOf(pair.tenant).records.get(entity)!;
        const lost = [...conflicts.values()].map(({ losing }) => losing?.value);
        assert.ok([...lost, crm.people()[email]!['name']].includes('Ann'), JSON.stringify(lost));
      },
      {
        connector,
        abilities: {
          crm: { version: 'none', history: false, conditionalWrites: false, readLagMs: LAG_MS },
        },
      },
    );
  });
});
