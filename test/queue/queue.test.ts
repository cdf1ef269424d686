import assert from 'node:assert/strict';
import { randomStreams } from '../../runtime/world/random.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';
import { openQueue, type Drain } from '../../runtime/queue/queue.ts';
import type { Waiting } from '../../runtime/store/store.ts';
import { drainOn, gate, happenings, open, tenantIn } from './site.ts';

describe('the queue', () => {
  let database: TestDatabase;
  let opened: Awaited<ReturnType<typeof open>>[];

  beforeEach(async () => {
    database = await createTestDatabase();
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    await database.drop();
  });

  async function process(around?: Parameters<typeof open>[1]) {
    const own = await open(database.connection, around);
    opened.push(own);
    return own;
  }

  const jobs = (state: string) =>
    database.sql<{ key: string }>(
      `select singleton_key as key from tributary_queue.job
        where name = 'sync-work' and state = $1 order by 1`,
      [state],
    );

  it('calls for what is due, with what it has to know', async () => {
    const { store, queue } = await process();
    const drained = happenings<Waiting>();
    await queue.work(drainOn(store, drained.add), { concurrency: 2 });
    const { tenant, sync, markAt } = await tenantIn(store);
    const readyAt = await markAt(0);
    await drained.until((all) => all.length > 0);
    assert.deepEqual(drained.seen[0], { tenant, sync, priority: 1, readyAt });
  });

  it('is woken by a mark, and does not find it by looking', async () => {
    const { store, queue } = await process();
    const drained = happenings<Waiting>();
    await queue.work(drainOn(store, drained.add), { concurrency: 1 });
    const { markAt } = await tenantIn(store);
    const tookMs: number[] = [];
    for (let n = 1; n <= 5; n += 1) {
      const markedAt = performance.now();
      await markAt(0);
      await drained.until((all) => all.length >= n);
      tookMs.push(performance.now() - markedAt);
    }
    const [, , median] = tookMs.toSorted((a, b) => a - b);
    assert.ok(median! < 500, `it took ${tookMs.map(Math.round).join(', ')} ms`);
  });

  it('needs one job for all marks that come before it is begun', async () => {
    const { store, queue } = await process();
    const tenant = await tenantIn(store);
    await Promise.all(Array.from({ length: 40 }, (_, n) => tenant.markAt(0, 1, String(n))));
    assert.equal((await jobs('created')).length, 1);
    await tenant.markAt(0, 3, 'other');
    assert.equal((await jobs('created')).length, 2, 'another priority is another job');
    const drained = happenings<Waiting>();
    await queue.work(drainOn(store, drained.add), { concurrency: 1 });
    await drained.until((all) => all.length === 2);
    assert.deepEqual(
      drained.seen.map(({ priority }) => priority),
      [1, 3],
    );
  });

  it('needs few jobs for edits that go on and on', async () => {
    const { store } = await process();
    const { tenant, item } = await tenantIn(store);
    const now = Date.now();
    for (let n = 0; n < 100; n += 1) {
      const marks = [{ key: item(String(n)), priority: 1, windowMs: 20_000 + n * 100 }] as const;
      await store.mark(tenant, { now, marks });
    }
    const { length } = await jobs('created');
    assert.ok(length >= 2 && length <= 8, `${length} jobs for ten seconds`);
  });

  it('calls again for a mark that comes while a drain is running, beside it or after it', async () => {
    for (const concurrency of [1, 3]) {
      const { store, queue } = await process();
      const begun = happenings<Waiting>();
      const first = gate();
      await queue.work(
        async (work) => {
          begun.add(work);
          if (begun.seen.length === 1) await first.promise;
          await drainOn(store, () => {})(work, new AbortController().signal);
        },
        { concurrency },
      );
      const { markAt, tenant, item } = await tenantIn(store);
      await markAt(0, 1, 'a');
      await begun.until((all) => all.length === 1);
      await markAt(0, 1, 'b');
      if (concurrency > 1) await begun.until((all) => all.length === 2);
      first.resolve();
      await begun.until((all) => all.length === 2);
      await queue.close();
      const states = await store.inspectWork(tenant, [item('a'), item('b')]);
      assert.deepEqual(states, [undefined, undefined]);
    }
  });

  it('begins no job that a mark relies on before the mark can be seen', async () => {
    const stored = gate();
    const announced = gate();
    const other = await process();
    const held = await tenantIn(other.store);
    const free = await tenantIn(other.store);
    await held.markAt(0, 0, 'first');
    await free.markAt(0, 3, 'less urgent');
    const slow = await process(async () => {
      announced.resolve();
      await stored.promise;
    });
    const now = Date.now();
    const marks = [{ key: held.item('second'), priority: 0, windowMs: 0 }] as const;
    const marking = slow.store.mark(held.tenant, { now, marks });
    await announced.promise;
    const drained = happenings<Waiting>();
    await other.queue.work(drainOn(other.store, drained.add), { concurrency: 1 });
    await drained.until((all) => all.length > 0);
    assert.equal(drained.seen[0]?.tenant, free.tenant, 'the more urgent job was begun too early');
    stored.resolve();
    await marking;
    await drained.until((all) => all.some(({ tenant }) => tenant === held.tenant));
    const keys = [held.item('first'), held.item('second')];
    assert.deepEqual(await other.store.inspectWork(held.tenant, keys), [undefined, undefined]);
  });

  it('sends no job for a mark that was never stored', async () => {
    let fails = true;
    const { store } = await process(async () => {
      if (fails) throw new Error('the power is gone');
    });
    const { markAt } = await tenantIn(store);
    await assert.rejects(markAt(0), /the power is gone/);
    assert.deepEqual(await jobs('created'), []);
    fails = false;
    await markAt(0);
    assert.equal((await jobs('created')).length, 1);
  });

  it('waits for a window, and for what is urgent it does not', async () => {
    const { store, queue } = await process();
    const drained = happenings<Waiting & { at: number }>();
    const drain = drainOn(store, (work) => drained.add({ ...work, at: Date.now() }));
    await queue.work(drain, { concurrency: 2 });
    const { markAt, tenant, item } = await tenantIn(store);
    await markAt(3_600_000, 2, 'much later');
    const readyAt = await markAt(1500, 2, 'later');
    await markAt(0, 2, 'now');
    await drained.until((all) => all.length >= 1);
    assert.ok(drained.seen[0]!.at < readyAt, 'it was held back by what is to come later');
    await drained.until((all) => all.some(({ at }) => at >= readyAt));
    const keys = [item('now'), item('later'), item('much later')];
    const [now, later, muchLater] = await store.inspectWork(tenant, keys);
    assert.deepEqual([now, later, muchLater?.priority], [undefined, undefined, 2]);
  });

  it('begins with what is most urgent', async () => {
    const { store, queue } = await process();
    const { markAt } = await tenantIn(store);
    for (const priority of [3, 1, 2, 0] as const) await markAt(0, priority, String(priority));
    const begun = happenings<Waiting>();
    await queue.work(async (work) => begun.add(work), { concurrency: 1 });
    await begun.until((all) => all.length === 4);
    assert.deepEqual(
      begun.seen.map(({ priority }) => priority),
      [0, 1, 2, 3],
    );
  });

  it('keeps a place for other tenants, however much one of them has', async () => {
    const { store, queue } = await process();
    const big = await tenantIn(store);
    const small = await tenantIn(store);
    const begun = happenings<Waiting>();
    const end = gate();
    const drain = async (work: Waiting) => {
      begun.add(work);
      await end.promise;
    };
    await queue.work(drain, { concurrency: 3 });
    for (const priority of [2, 1] as const) {
      await big.markAt(0, priority);
      await begun.until((all) => all.some((work) => work.priority === priority));
    }
    await big.markAt(0, 0);
    await small.markAt(0, 3);
    await begun.until((all) => all.length === 3);
    assert.equal(begun.seen[2]?.tenant, small.tenant);
    end.resolve();
    await begun.until((all) => all.some(({ priority }) => priority === 0));
  });

  it('leaves less urgent work alone when asked to', async () => {
    const { store, queue } = await process();
    const { markAt } = await tenantIn(store);
    await markAt(0, 3, 'background');
    await markAt(0, 1, 'urgent');
    const urgent = happenings<Waiting>();
    const rest = happenings<Waiting>();
    await queue.work(async (work) => urgent.add(work), { concurrency: 1, leastPriority: 1 });
    await urgent.until((all) => all.length === 1);
    await markAt(0, 0, 'more');
    await urgent.until((all) => all.some(({ priority }) => priority === 0));
    assert.equal((await jobs('created')).filter(({ key }) => key.includes('/3/')).length, 1);
    await (await process()).queue.work(async (work) => rest.add(work), { concurrency: 1 });
    await rest.until((all) => all.some(({ priority }) => priority === 3));
  });

  it('is shared by processes', async () => {
    const [left, right] = [await process(), await process()];
    const begun = happenings<string>();
    const both = gate();
    const drain = (name: string) => async (work: Waiting) => {
      begun.add(`${name} ${work.tenant}`);
      // Only once both are at it at the same time.
      if (new Set(begun.seen.map((each) => each.split(' ')[0])).size === 2) both.resolve();
      await both.promise;
      await drainOn(left.store, () => {})(work, new AbortController().signal);
    };
    await left.queue.work(drain('left'), { concurrency: 1 });
    await right.queue.work(drain('right'), { concurrency: 1 });
    const tenants = [];
    for (let n = 0; n < 6; n += 1) {
      const tenant = await tenantIn(left.store);
      tenants.push(tenant.tenant);
      await tenant.markAt(0);
    }
    await begun.until((all) => all.length === 6);
    const served = begun.seen.map((each) => each.split(' ')[1]!);
    assert.deepEqual(served.toSorted(), tenants.toSorted(), 'each once');
  });

  it('calls again for a drain that failed, later and later, and keeps what failed for good', async () => {
    const { store, queue } = await process();
    // Nobody waits for the pauses between the attempts here.
    await database.sql(`
      create function hurry() returns trigger language plpgsql as
        'begin new.start_after := now(); return new; end';
      create trigger hurry before insert on tributary_queue.job_common
        for each row when (new.state = 'retry') execute function hurry()`);
    const begun = happenings<Waiting>();
    const drain = async (work: Waiting) => {
      begun.add(work);
      throw new Error('the engine is broken');
    };
    await queue.work(drain, { concurrency: 1 });
    const { markAt, tenant } = await tenantIn(store);
    await markAt(0);
    await begun.until((all) => all.length === 5);
    await queue.close();
    assert.equal(begun.seen.length, 5);
    const [failed, ...more] = await database.sql<{ data: Waiting; output: unknown }>(
      `select data, source_output as output from tributary_queue.job where name = 'failed-sync'`,
    );
    assert.deepEqual(more, []);
    assert.equal(failed?.data.tenant, tenant);
    assert.match(JSON.stringify(failed.output), /the engine is broken/);
    // The work itself is still there, and the next process begins with it.
    const next = await process();
    const drained = happenings<Waiting>();
    await next.queue.work(drainOn(next.store, drained.add), { concurrency: 1 });
    await drained.until((all) => all.length > 0);
    assert.equal(drained.seen[0]?.tenant, tenant);
  });

  it('forgets no mark, however many come at once and whoever drains', async () => {
    const sites = [await process(), await process()];
    const drained = happenings<Waiting>();
    for (const { store, queue } of sites) {
      await queue.work(drainOn(store, drained.add), { concurrency: 2 });
    }
    const tenants = [await tenantIn(sites[0]!.store), await tenantIn(sites[0]!.store)];
    const random = randomStreams('marks')('which');
    const marks = Array.from({ length: 400 }, () => ({
      by: sites[random.below(2)]!.store,
      of: tenants[random.below(2)]!,
      name: String(random.below(20)),
      priority: random.below(2) as 0 | 1,
      windowMs: random.below(10) === 0 ? 700 : 0,
    }));
    const callers = Array.from({ length: 8 }, async () => {
      for (let next = marks.pop(); next; next = marks.pop()) {
        const { by, of, name, priority, windowMs } = next;
        const key = of.item(name);
        await by.mark(of.tenant, { now: Date.now(), marks: [{ key, priority, windowMs }] });
      }
    });
    await Promise.all(callers);
    const markedAt = performance.now();
    for (;;) {
      const { length } = drained.seen;
      if ((await sites[0]!.store.waiting()).length === 0) break;
      await drained.until((all) => all.length > length);
    }
    // A mark that was forgotten is found a good deal later, when somebody looks around.
    assert.ok(performance.now() - markedAt < 30_000);
  });

  it('comes back for keys that were claimed and never finished, when their leases end', async () => {
    const { store, queue } = await process();
    const drained = happenings<Waiting>();
    const { tenant, sync, markAt, item } = await tenantIn(store);
    const workOff = drainOn(store, drained.add);
    let hasForgotten = false;
    const forgetOnce: Drain = async (work, signal) => {
      if (hasForgotten) return workOff(work, signal);
      hasForgotten = true;
      return store.claim({ tenant, sync, now: Date.now(), leaseMs: 1500, limit: 1 });
    };
    await queue.work(forgetOnce, { concurrency: 1 });
    await markAt(0);
    await drained.until((all) => all.length >= 1);
    assert.deepEqual(await store.inspectWork(tenant, [item('x')]), [undefined]);
  });

  it('finds what was marked before there was a queue', async () => {
    const { store } = await process(async () => {});
    const { markAt } = await tenantIn(store);
    await markAt(0);
    await database.sql('delete from tributary_queue.job');
    const { queue } = await process();
    const drained = happenings<Waiting>();
    await queue.work(drainOn(store, drained.add), { concurrency: 1 });
    await drained.until((all) => all.length > 0);
  });

  it('tells what runs to end when it is closed, waits for it, and leaves the rest to others', async () => {
    const { store, queue } = await process();
    const begun = happenings<Waiting>();
    const told = gate();
    let hasEnded = false;
    await queue.work(
      async (work, signal) => {
        begun.add(work);
        signal.addEventListener('abort', () => told.resolve());
        await told.promise;
        hasEnded = true;
      },
      { concurrency: 1 },
    );
    const { markAt, tenant } = await tenantIn(store);
    await markAt(0);
    await begun.until((all) => all.length === 1);
    const closedAt = performance.now();
    await queue.close();
    assert.ok(hasEnded, 'it did not wait');
    assert.ok(performance.now() - closedAt < 9_000);
    assert.deepEqual(await jobs('active'), []);
    const [left] = await jobs('created');
    assert.match(left!.key, new RegExp(`^${tenant}/.*/now$`));
  });

  it('gives the role that sends no more than sending takes', async () => {
    await process();
    const rights = await database.sql<{ right: string }>(
      `select concat_ws(' ', table_name, privilege_type, column_name) as right
         from information_schema.column_privileges
        where grantee = 'tributary_app' and table_schema = 'tributary_queue'
          and table_name <> 'queue' and privilege_type <> 'INSERT'
        order by 1`,
    );
    assert.deepEqual(
      rights.map((each) => each.right),
      [
        'job_common SELECT id',
        'job_common SELECT name',
        'job_common SELECT policy',
        'job_common SELECT singleton_key',
        'job_common SELECT start_after',
        'job_common SELECT state',
        'job_common UPDATE group_tier',
      ],
    );
    const tables = await database.sql<{ right: string }>(
      `select concat_ws(' ', table_name, privilege_type) as right
         from information_schema.table_privileges
        where grantee = 'tributary_app' and table_schema = 'tributary_queue'
        order by 1`,
    );
    assert.deepEqual(
      tables.map((each) => each.right),
      ['job_common INSERT', 'queue SELECT'],
    );
  });
});

describe('opening the queue', () => {
  it('says what to do when the database does not answer, without the password', async () => {
    const connection = { host: '127.0.0.1', port: 1, user: 'ann', password: 'hunter2' };
    const error = await openQueue({ connection, world: quietWorld }).then(
      () => assert.fail('somebody answered'),
      (failure: Error & { code?: string }) => failure,
    );
    assert.equal(error.code, 'queue-not-opened');
    assert.match(error.message, /ECONNREFUSED.*Check that the database runs/);
    assert.ok(!`${error.message}${String((error.cause as Error).stack)}`.includes('hunter2'));
  });

  it('says what to do when the database goes away before work begins', async () => {
    const database = await createTestDatabase();
    const { store, queue } = await open(database.connection);
    try {
      await database.sql('drop schema tributary_queue cascade');
      await assert.rejects(
        queue.work(async () => {}, { concurrency: 1 }),
        { code: 'queue-not-opened' },
      );
    } finally {
      await queue.close();
      await store.close();
      await database.drop();
    }
  });
});
