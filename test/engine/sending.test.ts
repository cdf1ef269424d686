import assert from 'node:assert/strict';
import { VendorError } from '../../runtime/connectors/connector.ts';
import type { Policy } from '../../runtime/core/planner/model.ts';
import { grumpier, losingAnswersAt } from './grumpier.ts';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Bela' };

describe('A write', () => {
  it('of which the vendor says something that nobody understands counts as unanswered', async () => {
    let isPuzzling = false;
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        const outcomes = await collection.write(changes, signal);
        if (!isPuzzling || account !== 'crm') return outcomes;
        isPuzzling = false;
        const about = { what: 'Nobody knows what happened.', next: 'Report it.' };
        const error = new VendorError('broken', about, { mayHaveLanded: true });
        return outcomes.map(() => ({ kind: 'failed', error }) as const);
      },
    }));
    await withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter({ email: 'bela@example.com' });
        await pair.settle();
        isPuzzling = true;
        app.enter(anna);
        const run = await pair.settle({ full: false });
        assert.equal((await pair.itemsOf(run, 'unknown')).length, 1);
        await pair.wait(120_000);
        await pair.settle();
        assert.equal(crm.hands.items('people').length, 2);
      },
      { connector },
    );
  });

  it('that is too large goes without its longest field, and nothing is given up', async () => {
    const connector = grumpier((collection, account) => ({
      async write(changes, signal) {
        const isLong = account === 'crm' && JSON.stringify(changes).length > LIMIT;
        if (!isLong) return collection.write(changes, signal);
        throw new VendorError('tooLarge', { what: 'It is too large.', next: 'Send less.' });
      },
    }));
    await withPair(
      async (pair) => {
        const { app, crm, store, tenant } = pair;
        const long = 'Anna '.repeat(LIMIT).trim();
        const id = app.enter({ ...anna, name: long, phone: '+36205550001' });
        await pair.settle();
        await pair.wait(60_000);
        await pair.settle();
        assert.equal(crm.people()['anna@example.com']?.['phone'], '+36205550001');
        app.edit(id, { name: `${long} B.`, phone: '+36205550002' });
        await pair.settle();
        await pair.wait(60_000);
        await pair.settle();
        assert.equal(crm.people()['anna@example.com']?.['phone'], '+36205550002');
        app.edit(id, { name: 'Anna' });
        await pair.settle();
        assert.equal(crm.people()['anna@example.com']?.['name'], 'Anna');
        assert.equal(store.rowsOf(tenant).deadLetters.size, 0);
      },
      { connector },
    );
  });
});

const LIMIT = 2_000;

describe('A create without an answer, whose item is not shown to us', () => {
  it('is not repeated over what was typed there since', async () => {
    const { connector, loseNext } = losingAnswersAt('crm');
    await withPair(
      async (pair) => {
        const { app, crm, engine, tenant, sync } = pair;
        app.enter(bela);
        await pair.settle();
        loseNext();
        const id = app.enter(anna);
        await engine.look(tenant, sync);
        await engine.drain({ tenant, sync });
        const made = crm.idOf(anna.email);
        crm.hands.hide('people', [made], true);
        crm.edit(made, { name: 'Anna B.' });
        for (const phone of ['+36205550001', '+36205550002']) {
          await pair.wait(3_600_000);
          app.edit(id, { phone });
          crm.edit(crm.idOf(bela.email), { phone });
          await pair.settle();
        }
        crm.hands.hide('people', [made], false);
        await engine.drain({ tenant, sync, waitMs: 7_200_000 });
        assert.equal(crm.hands.item('people', made)?.fields['name'], 'Anna B.');
        assert.deepEqual(crm.people(), app.people());
        assert.equal(crm.people()[anna.email]?.['phone'], '+36205550002');
        assert.deepEqual(pair.reviews(), []);
      },
      { connector, policy: { fields: FIELDS } },
    );
  });
});

/** Of what was never in agreement, the newest counts. */
const FIELDS: Policy['fields'] = ['email', 'name', 'phone'].map((name) => {
  return { name, strategy: 'lastWriteWins', initialMerge: 'newest' };
});
