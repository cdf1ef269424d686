import assert from 'node:assert/strict';
import type { Run, RunItem } from '../../runtime/store/store.ts';
import { withPair, type Circumstances, type Pair } from './pair.ts';

/** A story about the pair, as a test. */
function tells(
  title: string,
  story: (pair: Pair) => Promise<void>,
  given: Circumstances = {},
): void {
  it(title, () => withPair(story, given));
}

interface Shown {
  readonly op: string;
  readonly patch: Readonly<Record<string, unknown>>;
  readonly before: Readonly<Record<string, unknown>>;
}

/** `op at system: field before -> after`, sorted. */
function shown({ app }: Pair, items: readonly RunItem[]): string[] {
  return items
    .map(({ endpoint, detail }) => {
      const { op, patch, before } = detail as unknown as Shown;
      const fields = Object.entries(patch).map(
        ([field, value]) => `${field} ${text(before[field])} -> ${text(value)}`,
      );
      return [`${op} at ${endpoint === app.endpoint ? 'app' : 'crm'}`, ...fields].join(', ');
    })
    .toSorted();
}

function text(value: unknown): string {
  return value === undefined || value === null ? '-' : JSON.stringify(value);
}

function wouldWrite(pair: Pair, run: Run): Promise<string[]> {
  return pair.itemsOf(run, 'would write').then((items) => shown(pair, items));
}

function counts({ counts: all }: Run, ...names: readonly string[]): number[] {
  return names.map((name) => all[name] ?? 0);
}

const anna = { email: 'anna@example.com', name: 'Anna' };
const bela = { email: 'bela@example.com', name: 'Béla' };

describe('A preview', () => {
  tells(
    'of a first sync lists every write with before and after, and changes nothing',
    async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      crm.enter({ ...anna, name: 'Anna K.', phone: '+36201234567' });
      crm.enter(bela);
      const before = [app.people(), crm.people()];
      const run = await pair.preview();
      assert.deepEqual(await wouldWrite(pair, run), [
        'create at app, email - -> "bela@example.com", name - -> "Béla"',
        'update at app, phone - -> "+36201234567"',
        'update at crm, name "Anna K." -> "Anna"',
      ]);
      assert.deepEqual([app.people(), crm.people()], before);
      assert.deepEqual([app.writes(), crm.writes()], [0, 0]);
    },
  );

  tells('can be repeated, and tells the same again', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    crm.enter(bela);
    const first = await pair.preview();
    const second = await pair.preview();
    assert.equal((await wouldWrite(pair, first)).length, 2);
    assert.deepEqual(await wouldWrite(pair, second), await wouldWrite(pair, first));
    assert.deepEqual([app.writes(), crm.writes()], [0, 0]);
  });

  tells('swallows nothing: what it showed is done by the next sync', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Anna Nagy' });
    await pair.preview({ full: false });
    assert.equal(crm.people()[anna.email]!['name'], 'Anna');
    await pair.settle({ full: false });
    assert.equal(crm.people()[anna.email]!['name'], 'Anna Nagy');
  });
});

describe('Applying a preview', () => {
  tells('makes exactly the calls that were shown', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    crm.enter({ ...anna, name: 'Anna K.' });
    crm.enter(bela);
    const preview = await pair.preview();
    const planned = await wouldWrite(pair, preview);
    // Nobody was shown this one.
    const later = app.enter({ email: 'csilla@example.com', name: 'Csilla' });
    await pair.engine.look(pair.tenant, pair.sync, { full: true });
    const run = await pair.engine.apply(pair.tenant, preview.id);
    const done = (await pair.itemsOf(run)).filter(({ outcome }) => /^(cre|upd)ated$/.test(outcome));
    assert.deepEqual(shown(pair, done), planned);
    assert.deepEqual([app.writes(), crm.writes()], [1, 1]);
    assert.deepEqual(app.people()[bela.email], { name: 'Béla' });
    assert.equal(crm.people()[anna.email]!['name'], 'Anna');
    await pair.settle();
    assert.ok(crm.people()['csilla@example.com'], `${later} is left to the next sync`);
  });

  tells('is possible while the sync itself is still in preview', async (pair) => {
    const { app, crm } = pair;
    await pair.configure({ status: 'preview' });
    app.enter(anna);
    const preview = await pair.preview();
    await pair.settle();
    assert.deepEqual(crm.people(), {});
    await pair.engine.apply(pair.tenant, preview.id);
    assert.deepEqual(crm.people(), app.people());
  });

  tells('twice writes once', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    crm.enter(bela);
    const preview = await pair.preview();
    await pair.engine.apply(pair.tenant, preview.id);
    const again = await pair.engine.apply(pair.tenant, preview.id);
    assert.deepEqual([app.writes(), crm.writes()], [1, 1]);
    assert.deepEqual(counts(again, 'created', 'updated', 'moved', 'not reached'), [0, 0, 0, 0]);
  });

  tells(
    'leaves alone what has moved since, and a new preview tells what would happen now',
    async (pair) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      app.enter(bela);
      await pair.settle();
      app.edit(id, { name: 'Anna Nagy' });
      app.edit(app.idOf(bela.email), { name: 'Béla Kis' });
      const preview = await pair.preview({ full: false });
      assert.equal((await wouldWrite(pair, preview)).length, 2);
      app.edit(id, { name: 'Anna Kovács' });

      const run = await pair.engine.apply(pair.tenant, preview.id);
      assert.deepEqual(shown(pair, await pair.itemsOf(run, 'moved')), [
        'update at crm, name "Anna" -> "Anna Kovács"',
      ]);
      assert.deepEqual(counts(run, 'updated', 'moved'), [1, 1]);
      assert.equal(crm.people()[anna.email]!['name'], 'Anna');
      assert.equal(crm.people()[bela.email]!['name'], 'Béla Kis');

      const next = await pair.preview({ full: false });
      assert.deepEqual(await wouldWrite(pair, next), [
        'update at crm, name "Anna" -> "Anna Kovács"',
      ]);
      await pair.engine.apply(pair.tenant, next.id);
      assert.equal(crm.people()[anna.email]!['name'], 'Anna Kovács');
    },
  );

  tells('refuses a run that nobody knows', async ({ engine, tenant }) => {
    await assert.rejects(engine.apply(tenant, '00000000-0000-7000-8000-000000000000'), {
      code: 'run-unknown',
    });
  });

  tells('refuses a run that was no preview', async (pair) => {
    pair.app.enter(anna);
    const { id } = await pair.settle();
    await assert.rejects(pair.engine.apply(pair.tenant, id), { code: 'nothing-to-apply' });
  });
});

describe('Undoing a run', () => {
  tells('that carried an edit on puts the old values back in all systems', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter({ ...anna, tags: ['vip'] });
    await pair.settle();
    app.edit(id, { name: 'Wrong', phone: '+36209999999', tags: ['vip', 'spam'] });
    const run = await pair.settle();
    assert.deepEqual(crm.people(), app.people());
    assert.equal(crm.people()[anna.email]!['name'], 'Wrong');

    const undone = await pair.engine.undo(pair.tenant, run.id);
    const old = { [anna.email]: { name: 'Anna', tags: ['vip'] } };
    assert.deepEqual([app.people(), crm.people()], [old, old]);
    assert.deepEqual(counts(undone, 'updated', 'left alone: edited since'), [2, 0]);
    await pair.settle();
    assert.deepEqual([app.people(), crm.people()], [old, old]);
  });

  tells('that applied a preview puts the old values back too', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Wrong' });
    const preview = await pair.preview();
    const run = await pair.engine.apply(pair.tenant, preview.id);
    assert.equal(crm.people()[anna.email]!['name'], 'Wrong');
    await pair.engine.undo(pair.tenant, run.id);
    assert.equal(crm.people()[anna.email]!['name'], 'Anna');
    assert.equal(app.people()[anna.email]!['name'], 'Anna');
  });

  tells('that wrote nothing does nothing', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Anna Nagy' });
    const preview = await pair.preview();
    const writes = [app.writes(), crm.writes()];
    await pair.engine.undo(pair.tenant, preview.id);
    assert.deepEqual([app.writes(), crm.writes()], writes);
    assert.equal(app.people()[anna.email]!['name'], 'Anna Nagy');
  });

  for (const isSeen of [true, false]) {
    const known = isSeen ? 'and we have seen' : 'and nobody has looked at';
    tells(`leaves alone what people have edited since ${known}, and tells it`, async (pair) => {
      const { app, crm } = pair;
      const id = app.enter(anna);
      await pair.settle();
      app.edit(id, { name: 'Wrong', phone: '+36209999999' });
      const run = await pair.settle();
      await pair.wait(60_000);
      crm.edit(crm.idOf(anna.email), { name: 'Right' });
      if (isSeen) await pair.settle();
      const undone = await pair.engine.undo(pair.tenant, run.id);
      await pair.settle();
      const expected = { [anna.email]: { name: 'Right' } };
      assert.deepEqual([app.people(), crm.people()], [expected, expected]);
      assert.deepEqual(counts(undone, 'left alone: edited since'), [1]);
      const left = await pair.itemsOf(undone, 'left alone');
      assert.deepEqual(
        left.map(({ detail }) => [detail['cell'], detail['why']]),
        [['name', 'edited since']],
      );
    });
  }

  tells('that was the first one removes what it made, and does not make it again', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    crm.enter(bela);
    const run = await pair.settle();
    assert.deepEqual(counts(run, 'created'), [2]);
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual(counts(undone, 'deleted'), [2]);
    const apart = [{ [anna.email]: { name: 'Anna' } }, { [bela.email]: { name: 'Béla' } }];
    assert.deepEqual([app.people(), crm.people()], apart);
    await pair.settle();
    assert.deepEqual([app.people(), crm.people()], apart);
  });

  for (const isSeen of [true, false]) {
    const known = isSeen ? 'and we have seen it' : 'and nobody has looked since';
    tells(`keeps an item it made when somebody has touched it, ${known}`, async (pair) => {
      const { app, crm } = pair;
      app.enter(anna);
      const run = await pair.settle();
      await pair.wait(60_000);
      crm.edit(crm.idOf(anna.email), { phone: '+36201234567' });
      if (isSeen) await pair.settle();
      const undone = await pair.engine.undo(pair.tenant, run.id);
      assert.deepEqual(counts(undone, 'deleted', 'left alone: edited since'), [0, 1]);
      await pair.settle();
      const kept = { [anna.email]: { name: 'Anna', phone: '+36201234567' } };
      assert.deepEqual([app.people(), crm.people()], [kept, kept]);
    });
  }

  tells('that made one record of two empties and overwrites nothing', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    crm.enter({ ...anna, name: 'Anna K.', phone: '+36201234567' });
    const run = await pair.settle();
    const together = { [anna.email]: { name: 'Anna', phone: '+36201234567' } };
    assert.deepEqual([app.people(), crm.people()], [together, together]);
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual([app.people(), crm.people()], [together, together]);
    assert.deepEqual(counts(undone, 'left alone: never agreed before'), [2]);
  });

  tells('that deleted a record brings it back everywhere', async (pair) => {
    const { app, crm } = pair;
    app.enter({ ...anna, phone: '+36201234567', tags: ['vip'] });
    await pair.settle();
    const all = app.people();
    app.remove(app.idOf(anna.email));
    const run = await pair.settle();
    assert.deepEqual([app.people(), crm.people()], [{}, {}]);
    await pair.engine.undo(pair.tenant, run.id);
    await pair.settle();
    assert.deepEqual([app.people(), crm.people()], [all, all]);
    assert.deepEqual(pair.reviews(), []);
  });

  tells('as a preview only tells', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Wrong' });
    const run = await pair.settle();
    const writes = [app.writes(), crm.writes()];
    const told = await pair.engine.undo(pair.tenant, run.id, { isPreview: true });
    const expected = ['app', 'crm'].map((at) => `update at ${at}, name "Wrong" -> "Anna"`);
    assert.deepEqual(await wouldWrite(pair, told), expected);
    await pair.settle();
    assert.deepEqual([app.writes(), crm.writes()], writes);
    assert.equal(app.people()[anna.email]!['name'], 'Wrong');
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual(shown(pair, await pair.itemsOf(undone, 'updated')), expected);
  });

  tells('twice does it once', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Wrong' });
    app.enter(bela);
    const run = await pair.settle();
    await pair.engine.undo(pair.tenant, run.id);
    const writes = [app.writes(), crm.writes()];
    const again = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual([app.writes(), crm.writes()], writes);
    assert.deepEqual(again.counts, {});
  });
});

describe('Undoing an undo', () => {
  tells('does not touch what people did meanwhile, which the undo had left alone', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter({ ...anna, phone: '+36201234567' });
    await pair.settle();
    app.edit(id, { name: 'Wrong', phone: '+36209999999' });
    const run = await pair.settle();
    await pair.wait(60_000);
    crm.edit(crm.idOf(anna.email), { name: 'Right' });
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual(shown(pair, await pair.itemsOf(undone, 'updated')), [
      'update at app, phone "+36209999999" -> "+36201234567"',
      'update at crm, phone "+36209999999" -> "+36201234567"',
    ]);
    await pair.settle({ full: false });
    assert.equal(app.people()[anna.email]!['name'], 'Right');
    await pair.engine.undo(pair.tenant, undone.id);
    const expected = { [anna.email]: { name: 'Right', phone: '+36209999999' } };
    assert.deepEqual([app.people(), crm.people()], [expected, expected]);
  });

  tells('carries the edit on again', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Right after all', tags: ['vip'] });
    const run = await pair.settle();
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.equal(crm.people()[anna.email]!['name'], 'Anna');
    await pair.engine.undo(pair.tenant, undone.id);
    const expected = { [anna.email]: { name: 'Right after all', tags: ['vip'] } };
    assert.deepEqual([app.people(), crm.people()], [expected, expected]);
  });

  tells('makes the items of a first sync again', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    const run = await pair.settle();
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual(crm.people(), {});
    await pair.engine.undo(pair.tenant, undone.id);
    assert.deepEqual(crm.people(), app.people());
    app.edit(app.idOf(anna.email), { name: 'Anna Nagy' });
    await pair.settle();
    assert.deepEqual(crm.people(), { [anna.email]: { name: 'Anna Nagy' } });
  });

  tells('deletes a record again, and what is entered later is new', async (pair) => {
    const { app, crm } = pair;
    app.enter(anna);
    await pair.settle();
    app.remove(app.idOf(anna.email));
    const run = await pair.settle();
    const undone = await pair.engine.undo(pair.tenant, run.id);
    assert.deepEqual(crm.people(), app.people());
    assert.equal(Object.keys(crm.people()).length, 1);
    await pair.engine.undo(pair.tenant, undone.id);
    assert.deepEqual([app.people(), crm.people()], [{}, {}]);
    await pair.settle();
    assert.deepEqual([app.people(), crm.people()], [{}, {}]);
  });
});

describe('An order about a run', () => {
  tells('waits for whoever is at a record, and is carried out then', async (pair) => {
    const { app, crm, store, tenant, sync, world } = pair;
    app.enter(anna);
    const preview = await pair.preview();
    const request = { now: world.clock.now(), leaseMs: 10_000, limit: 10, tenant, sync };
    assert.equal((await store.claim(request)).length, 1);
    const run = await pair.engine.apply(tenant, preview.id);
    assert.deepEqual(counts(run, 'created', 'not reached'), [1, 0]);
    assert.deepEqual(crm.people(), app.people());
  });

  tells('says so when it cannot reach a record', async (pair) => {
    const { app, crm, store, tenant, sync, world } = pair;
    app.enter(anna);
    const preview = await pair.preview();
    const request = { now: world.clock.now(), leaseMs: 600_000, limit: 10, tenant, sync };
    assert.equal((await store.claim(request)).length, 1);
    const run = await pair.engine.apply(tenant, preview.id);
    assert.deepEqual(counts(run, 'created', 'not reached'), [0, 1]);
    assert.deepEqual(crm.people(), {});
  });

  tells('keeps nothing else from being done afterwards', async (pair) => {
    const { app, crm, engine, tenant, sync } = pair;
    app.enter(anna);
    const preview = await pair.preview();
    const id = app.enter(bela);
    await engine.hint(tenant, [{ sync, endpoint: app.endpoint, remoteId: id }], 0);
    await engine.apply(tenant, preview.id);
    assert.deepEqual(Object.keys(crm.people()), [anna.email]);
    await engine.drain({ tenant, sync, waitMs: 10_000 });
    assert.deepEqual(crm.people(), app.people());
  });

  tells('takes a run back while the sync is paused', async (pair) => {
    const { app, crm } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Wrong' });
    const run = await pair.settle();
    await pair.configure({ status: 'paused' });
    await pair.engine.undo(pair.tenant, run.id);
    const old = { [anna.email]: { name: 'Anna' } };
    assert.deepEqual([app.people(), crm.people()], [old, old]);
  });

  tells('is a run of its own, which names the other one', async (pair) => {
    const { app, store, tenant } = pair;
    const id = app.enter(anna);
    await pair.settle();
    app.edit(id, { name: 'Wrong' });
    const run = await pair.settle();
    const undone = await pair.engine.undo(tenant, run.id);
    const runs = await store.listRuns(tenant, { limit: 2 });
    assert.deepEqual(
      runs.map((each) => [each.id, each.trigger]),
      [
        [undone.id, `undo ${run.id}`],
        [run.id, 'work'],
      ],
    );
  });
});

describe('Work that is told to stop', () => {
  tells(
    'stops after the page that is under way, and the rest is done by the next',
    async (pair) => {
      const { app, crm, engine, tenant, sync } = pair;
      for (let n = 0; n < 150; n += 1) app.enter({ email: `${n}@example.com`, name: `N${n}` });
      await pair.preview();
      const stop = new AbortController();
      await engine.drain({
        tenant,
        sync,
        signal: stop.signal,
        waitMs: 60_000,
        onProgress: () => stop.abort(),
      });
      assert.equal(Object.keys(crm.people()).length, 100);
      await engine.drain({ tenant, sync, waitMs: 60_000 });
      assert.equal(Object.keys(crm.people()).length, 150);
    },
  );
});
