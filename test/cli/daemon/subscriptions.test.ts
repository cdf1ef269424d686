import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Value } from '../../../runtime/core/value.ts';
import type { Memory, WantedHooks, Webhooks } from '../../../runtime/connectors/connector.ts';
import { configSchema } from '../../../runtime/cli/config/schema.ts';
import { setupOf } from '../../../runtime/cli/config/setup.ts';
import { subscriptionsFor } from '../../../runtime/cli/daemon/subscriptions.ts';
import { inWorld } from '../../connectors/in-world.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';
import { commandFloor, configOf, type Running } from '../floor.ts';

describe('a daemon that says where vendors reach it', () => {
  const floor = commandFloor();
  const proxy = http.createServer((request, reply) => void passOn(request, reply));
  /** What the daemon has answered to deliveries that came in through the proxy. */
  const answers: { readonly path: string; readonly status: number }[] = [];
  let inside: string;
  let outside: string;

  before(async () => {
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    outside = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  after(() => proxy.close());

  async function passOn(request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> {
    const path = request.url!.replace('/tributary/', '');
    const { status } = await fetch(`${inside}${path}`, {
      method: request.method!,
      headers: request.headers as Record<string, string>,
      body: new Uint8Array(await buffer(request)),
    });
    reply.writeHead(status).end();
    answers.push({ path, status });
    proxy.emit('passed on');
  }

  async function started(hookUrl: string | undefined): Promise<Running> {
    const config = configOf({ tenant: 'hooked' }).replace(', hookSecret: hush', '');
    floor.write('tributary.yaml', hookUrl ? `hookUrl: ${hookUrl}/\n${config}` : config);
    const daemon = floor.start(['sync', '--daemon', '--port', '0', '--json']);
    const [line] = await daemon.says(/^\{"event":"ready".*\}$/m);
    inside = (JSON.parse(line) as { url: string }).url;
    return daemon;
  }

  async function stopped({ child, ended }: Running): Promise<void> {
    child.kill('SIGTERM');
    const { code, out, err } = await ended;
    assert.equal(code, 0);
    assert.doesNotMatch(out + err, /"level":"(?:warn|error)"/);
  }

  async function hooksOf(account: string): Promise<readonly string[]> {
    const headers = { authorization: `Bearer token-of-${account}` };
    const response = await fetch(`${floor.url}v1/hooks`, { headers });
    const { hooks } = (await response.json()) as { hooks: readonly { url: string }[] };
    return hooks.map(({ url }) => url);
  }

  /** Resolves when the vendors have been asked for exactly these. */
  async function areThere(wanted: readonly string[]): Promise<void> {
    for (;;) {
      const there = [...(await hooksOf('crm')), ...(await hooksOf('desk'))];
      if (JSON.stringify(there) === JSON.stringify(wanted)) return;
    }
  }

  it('is told of edits by each of them, and believes only those it has asked', async () => {
    const daemon = await started(`${outside}/tributary`);
    await areThere([`${outside}/tributary/hook/crm`, `${outside}/tributary/hook/desk`]);
    const told = once(proxy, 'passed on');
    floor.grumpy.account('crm').create('people', { email: 'anna@example.com', name: 'Anna' });
    await told;
    assert.deepEqual(answers[0], { path: 'hook/crm', status: 200 });
    const forged = await fetch(`${inside}hook/crm`, { method: 'POST', body: '{}' });
    assert.equal(forged.status, 401);
    await stopped(daemon);
  });

  it('leads them to where it has moved, and takes them away when nobody reaches it any more', async () => {
    const moved = await started(outside);
    await areThere([`${outside}/hook/crm`, `${outside}/hook/desk`]);
    await stopped(moved);
    const silent = await started(undefined);
    await areThere([]);
    await stopped(silent);
  });
});

const HOUR_MS = 3_600_000;

/** As long as nothing else is said, webhooks of this vendor stay for half a year. */
describe('the webhooks of an account', () => {
  it('are looked after at the start, and then once a day', () =>
    within({}, async ({ vendor, hours }) => {
      await hours(1);
      assert.deepEqual(vendor.triedAtHour, [0]);
      vendor.endsAt = 0;
      await hours(23.5);
      assert.ok(vendor.isThere());
      await hours(48);
      assert.deepEqual(vendor.triedAtHour, [0, 24, 48, 72]);
    }));

  it('are tried again an hour after a failure, as often as it takes, and daily from then on', () =>
    within({}, async ({ world, vendor, hours }) => {
      vendor.failures = 3;
      await hours(2.5);
      assert.deepEqual(vendor.triedAtHour, [0, 1, 2]);
      assert.equal(world.logged.length, 3);
      const [{ level, message, details }] = world.logged as [(typeof world.logged)[0]];
      assert.match(message, /^The webhooks of "crm" could not be set up; again in an hour\./);
      assert.deepEqual([level, details], ['warn', { reason: 'Everybody is at lunch.' }]);
      await hours(25);
      assert.deepEqual(vendor.triedAtHour, [0, 1, 2, 3, 27]);
      vendor.failures = 1;
      await hours(24.6);
      assert.deepEqual(vendor.triedAtHour.slice(5), [51, 52]);
    }));

  it('are tried again an hour after the account could not even be opened', () =>
    within({}, async ({ vendor, hours }) => {
      vendor.isShut = true;
      await hours(0.5);
      assert.deepEqual(vendor.triedAtHour, []);
      vendor.isShut = false;
      await hours(1);
      assert.deepEqual(vendor.triedAtHour, [1]);
    }));

  for (const [lifeHours, failuresEach] of [
    [1, 0],
    [3, 1],
    [20, 4],
    [26, 4],
    [72, 4],
  ] as const) {
    const failing = failuresEach === 0 ? '' : `, also when it fails ${failuresEach} times first`;
    it(`are renewed before their ${lifeHours} hours are over${failing}`, () =>
      within({ lifeHours, failuresEach }, async ({ vendor, hours }) => {
        await hours(0.1);
        for (let hour = 0; hour < 240; hour += 0.25) {
          assert.ok(vendor.isThere(), `no longer after ${hour} hours`);
          await hours(0.25);
        }
        const renewals = vendor.triedAtHour.length / (failuresEach + 1);
        assert.ok(renewals <= 1 + 240 / Math.min(lifeHours / 2, 24), `${renewals} renewals`);
      }));
  }

  it('are asked for once a minute at most, even if they are always over already', () =>
    within({ lifeHours: -1 }, async ({ vendor, hours }) => {
      await hours(0.99);
      assert.equal(vendor.triedAtHour.length, 60);
    }));

  it('come to be what is under way when it stops, and are left alone from then on', () =>
    within({ answersAfterMs: HOUR_MS }, async ({ vendor, hours, stop }) => {
      await hours(0.5);
      assert.equal(vendor.isThere(), false);
      await stop();
      assert.ok(vendor.isThere());
      await hours(72);
      assert.deepEqual(vendor.triedAtHour, [0]);
    }));
});

interface Scene {
  readonly world: VirtualWorld;
  readonly vendor: ReturnType<typeof vendorIn>;
  /** Lets so many pass. */
  readonly hours: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Runs a story about one account whose webhooks are kept; all that was opened is closed at its end. */
async function within(habits: Habits, story: (scene: Scene) => Promise<void>): Promise<void> {
  const world = virtualWorld({ seed: 'webhooks' });
  const vendor = vendorIn(world, habits);
  const kept = new Map<string, Value>();
  const memory: Memory = {
    load: async (name) => kept.get(name),
    save: async (name, value) => void kept.set(name, value),
  };
  const config = configSchema.parse({
    hookUrl: 'https://sync.example.com',
    accounts: { crm: { vendor: 'any' } },
    syncs: {
      people: {
        members: { crm: { collection: 'people', fields: { name: 'name' } } },
        fields: { name: 'text' },
      },
    },
  });
  const subscriptions = subscriptionsFor({
    config,
    world,
    setup: setupOf(config, world.clock.now()),
    memoryOf: () => memory,
    hookSecretOf: () => 'hush',
    openAccount: async () => vendor.open(),
  });
  await inWorld(world, async () => {
    const stop = subscriptions.keep();
    try {
      await story({ world, vendor, stop, hours: (n) => world.schedule.sleep(n * HOUR_MS) });
    } finally {
      await stop();
    }
  });
  assert.equal(vendor.opened, 0);
}

interface Habits {
  readonly lifeHours?: number;
  /** Before each time that it works. */
  readonly failuresEach?: number;
  readonly answersAfterMs?: number;
}

/** A vendor whose webhooks end by themselves. */
function vendorIn(
  world: VirtualWorld,
  { lifeHours = 24 * 180, failuresEach = 0, answersAfterMs = 0 }: Habits,
) {
  const startedAt = world.clock.now();
  const webhooks: Webhooks = {
    async ensure(wanted: WantedHooks) {
      assert.deepEqual(wanted, {
        url: 'https://sync.example.com/hook/crm',
        secret: 'hush',
        collections: ['people'],
      });
      vendor.triedAtHour.push((world.clock.now() - startedAt) / HOUR_MS);
      await world.schedule.sleep(answersAfterMs);
      if (vendor.failures > 0) {
        vendor.failures -= 1;
        throw new Error('Everybody is at lunch.');
      }
      vendor.failures = failuresEach;
      vendor.endsAt = world.clock.now() + lifeHours * HOUR_MS;
      return { secret: wanted.secret, expiresAt: vendor.endsAt };
    },
    remove: () => assert.fail('Nothing is to be removed.'),
  };
  const vendor = {
    triedAtHour: [] as number[],
    endsAt: 0,
    failures: 0,
    isShut: false,
    opened: 0,
    isThere: () => vendor.endsAt > world.clock.now(),
    open() {
      if (vendor.isShut) throw new Error('Nobody opens.');
      vendor.opened += 1;
      const close = async (): Promise<void> => void (vendor.opened -= 1);
      return { webhooks, close };
    },
  };
  return vendor;
}
