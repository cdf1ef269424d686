import assert from 'node:assert/strict';
import { trackReadiness } from '../../runtime/server/readiness.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

describe('readiness', () => {
  it('waits for every part', async () => {
    const readiness = trackReadiness(virtualWorld({ seed: 1 }));
    const starting = { database: 'starting', flows: 'starting' };
    assert.deepEqual(await readiness.report(), { ready: false, waiting: starting });
    readiness.watch('database', () => Promise.resolve());
    readiness.watch('flows', () => Promise.resolve());
    assert.deepEqual(await readiness.report(), { ready: true, waiting: {} });
  });

  it('logs a change once, and keeps the reason out of the report', async () => {
    const world = virtualWorld({ seed: 1 });
    const readiness = trackReadiness(world);
    let works = false;
    readiness.watch('flows', () => Promise.resolve());
    readiness.watch('database', async () => {
      if (!works) throw new Error('no route to 10.0.0.7');
    });
    const broken = { ready: false, waiting: { database: 'not working' } };
    assert.deepEqual([await readiness.report(), await readiness.report()], [broken, broken]);
    works = true;
    assert.equal((await readiness.report()).ready, true);
    assert.deepEqual(
      world.logged.map(({ level, message, details }) => [level, message, details]),
      [
        ['warn', 'Does not work: database.', { reason: 'no route to 10.0.0.7' }],
        ['info', 'Works again: database.', {}],
      ],
    );
  });

  it('gives up on a check that does not answer', async () => {
    const world = virtualWorld({ seed: 1 });
    const readiness = trackReadiness(world);
    readiness.watch('flows', () => Promise.resolve());
    readiness.watch('database', () => new Promise(() => {}));
    const report = readiness.report();
    await world.runUntilQuiet();
    assert.deepEqual((await report).waiting, { database: 'not working' });
  });

  it('asks the parts once for all who ask at the same time', async () => {
    const readiness = trackReadiness(virtualWorld({ seed: 1 }));
    let asked = 0;
    readiness.watch('database', async () => void (asked += 1));
    await Promise.all([readiness.report(), readiness.report(), readiness.report()]);
    assert.equal(asked, 1);
    await readiness.report();
    assert.equal(asked, 2);
  });
});
