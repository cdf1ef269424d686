import assert from 'node:assert/strict';
import * as nodeCrypto from 'node:crypto';
import * as timers from 'node:timers';
import * as timersPromises from 'node:timers/promises';
import { forbidGlobals } from './forbid-globals.ts';
import { virtualWorld } from './virtual-world.ts';

const forbidden: [string, () => unknown, instead: string][] = [
  ['new Date()', () => new Date(), 'world.clock'],
  ['Date()', () => Date(), 'world.clock'],
  ['Date.now', () => Date.now(), 'world.clock'],
  ['performance.now', () => performance.now(), 'world.clock'],
  ['process.hrtime', () => process.hrtime(), 'world.clock'],
  ['process.hrtime.bigint', () => process.hrtime.bigint(), 'world.clock'],
  ['process.uptime', () => process.uptime(), 'world.clock'],
  ['Math.random', () => Math.random(), 'world.random(stream)'],
  ['setTimeout', () => setTimeout(() => {}, 0), 'world.schedule'],
  ['setInterval', () => setInterval(() => {}, 1), 'world.schedule'],
  ['setImmediate', () => setImmediate(() => {}), 'world.schedule'],
  ['timers.setTimeout', () => timers.setTimeout(() => {}, 0), 'world.schedule'],
  ['timers.setInterval', () => timers.setInterval(() => {}, 1), 'world.schedule'],
  ['timers.setImmediate', () => timers.setImmediate(() => {}), 'world.schedule'],
  ['timers/promises.setTimeout', () => timersPromises.setTimeout(0), 'world.schedule'],
  ['timers/promises.setInterval', () => timersPromises.setInterval(1), 'world.schedule'],
  ['timers/promises.setImmediate', () => timersPromises.setImmediate(), 'world.schedule'],
  ['AbortSignal.timeout', () => AbortSignal.timeout(1), 'world.schedule'],
  ['crypto.randomUUID', () => crypto.randomUUID(), 'world.newId()'],
  [
    'crypto.getRandomValues',
    () => crypto.getRandomValues(new Uint8Array(1)),
    'world.secretBytes(count)',
  ],
  ['node:crypto.randomUUID', () => nodeCrypto.randomUUID(), 'world.newId()'],
  ['node:crypto.randomBytes', () => nodeCrypto.randomBytes(1), 'world.secretBytes(count)'],
  ['node:crypto.randomInt', () => nodeCrypto.randomInt(2), 'world.random(stream)'],
  [
    'node:crypto.randomFill',
    () => nodeCrypto.randomFill(new Uint8Array(1), () => {}),
    'world.secretBytes(count)',
  ],
  [
    'node:crypto.randomFillSync',
    () => nodeCrypto.randomFillSync(new Uint8Array(1)),
    'world.secretBytes(count)',
  ],
  ['fetch', () => fetch('http://127.0.0.1:9/'), 'world.network'],
  ['WebSocket', () => new WebSocket('ws://127.0.0.1:9/'), 'world.network'],
];

describe('forbidding globals', () => {
  for (const [name, use, instead] of forbidden) {
    it(`makes ${name} throw and names ${instead} instead`, () => {
      using globals = forbidGlobals();
      const message = `${name} was used inside a simulation. Use ${instead} instead.`;
      assert.throws(use, { message });
      assert.throws(() => globals.assertUnused(), { message });
    });
  }

  it('leaves dates alone that come from a given time', () => {
    using globals = forbidGlobals();
    assert.equal(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z');
    assert.equal(Date.parse('1970-01-01T00:00:01Z'), 1000);
    assert.equal(Date.UTC(1970, 0, 1), 0);
    assert.ok(new Date(0) instanceof Date);
    globals.assertUnused();
  });

  it('gives all of them back, also after an error', () => {
    const before = snapshot();
    assert.throws(() => {
      using _globals = forbidGlobals();
      assert.notDeepEqual(snapshot(), before);
      throw new Error('the simulation failed');
    }, /the simulation failed/);
    assert.deepEqual(snapshot(), before);
    assert.ok(new Date() instanceof Date);
  });

  it('lasts until the last of several simulations has ended', () => {
    const first = forbidGlobals();
    const second = forbidGlobals();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.throws(() => Math.random(), /inside a simulation/);
    second[Symbol.dispose]();
    assert.equal(typeof Math.random(), 'number');
  });

  it('holds while a virtual world runs, and only then', async () => {
    const world = virtualWorld({ seed: 1 });
    world.schedule.after(1, () => void Date.now());
    await assert.rejects(world.runUntilQuiet(), /Date\.now was used inside a simulation/);
    assert.equal(typeof Date.now(), 'number');
  });

  it('fails the run even when the code under test caught the error', async () => {
    const world = virtualWorld({ seed: 1 });
    world.schedule.after(1, () => {
      void Promise.resolve()
        .then(Math.random)
        .catch(() => 'never mind');
    });
    await assert.rejects(world.runUntilQuiet(), /Math\.random was used inside a simulation/);
    world.schedule.after(1, () => {});
    assert.equal(await world.runUntilQuiet(), 1);
  });
});

/** Every forbidden thing as it is found right now, by identity. */
function snapshot(): unknown[] {
  const owners: [object, readonly string[]][] = [
    [globalThis, ['Date', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket']],
    [Date, ['now']],
    [Math, ['random']],
    [performance, ['now']],
    [process, ['hrtime', 'uptime']],
    [process.hrtime, ['bigint']],
    [AbortSignal, ['timeout']],
    [crypto, ['randomUUID', 'getRandomValues']],
    [timers, ['setTimeout', 'setInterval', 'setImmediate']],
    [timersPromises, ['setTimeout', 'setInterval', 'setImmediate']],
    [nodeCrypto, ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync']],
  ];
  return owners.flatMap(([owner, names]) =>
    names.map((name) => Reflect.get(owner, name) as unknown),
  );
}
