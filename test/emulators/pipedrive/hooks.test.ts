import assert from 'node:assert/strict';
import type { AccountOptions } from '../../../runtime/emulators/pipedrive/options.ts';
import { customField } from '../../../runtime/emulators/pipedrive/fields.ts';
import { practice, type Json, type Practice } from './practice.ts';

const HOUR_MS = 3_600_000;
const COLOUR = 'a'.repeat(40);
const TAGS = 'b'.repeat(40);
const TIME = 'c'.repeat(40);

interface Received {
  readonly atMs: number;
  readonly authorization: string | null;
  readonly meta: Json;
  readonly data: Json;
  readonly previous: Json;
}

describe('a webhook of Pipedrive', () => {
  it('tells what a new record is, and who made it how', async () => {
    const { ask, received, pass } = await listening();
    await ask('POST', 'v2/persons', { name: 'Zoë Test' });
    await pass(1000);
    const [{ meta, data, previous, authorization }] = received as [Received];
    assert.equal(authorization, `Basic ${btoa('pd:secret')}`);
    assert.equal(previous, null);
    assert.deepEqual(
      [data.id, data.name, data.visible_to, data.label, data.is_deleted],
      [1, 'Zoë Test', '3', null, undefined],
    );
    const { id, correlation_id: act, timestamp, ...rest } = meta;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.match(act, /^[0-9a-f-]{36}$/);
    assert.match(timestamp, /^2026-01-01T00:00:00\.\d{3}Z$/);
    assert.deepEqual(rest, {
      action: 'create',
      company_id: '1000',
      entity_id: '1',
      entity: 'person',
      is_bulk_edit: false,
      type: 'general',
      user_id: '2',
      version: '2.0',
      webhook_id: '1',
      webhook_owner_id: '2',
      change_source: 'api',
      permitted_user_ids: ['1', '2', '3'],
      attempt: 1,
      host: 'acme-test.pipedrive.com',
    });
  });

  it('tells of a change only what was different before', async () => {
    const { ask, hands, received, pass } = await listening();
    await ask('POST', 'v2/persons', { name: 'Anna', emails: [{ value: 'a@example.test' }] });
    await pass(60_000);
    hands.edit('persons', '1', { name: 'Béla' });
    await pass(1000);
    assert.deepEqual(
      received.map(({ meta }) => [meta.action, meta.user_id, meta.change_source]),
      [
        ['create', '2', 'api'],
        ['change', '2', 'api'],
        ['change', '1', 'app'],
      ],
    );
    assert.deepEqual(received[1]!.previous, { update_time: '2026-01-01T00:00:00Z' });
    assert.deepEqual(received[2]!.previous, {
      name: 'Anna',
      first_name: 'Anna',
      update_time: '2026-01-01T00:00:02Z',
    });
    assert.equal(received[2]!.data.emails[0].value, 'a@example.test');
  });

  it('has custom fields with their types, also among what was before', async () => {
    const { hands, received, pass, get } = await listening({
      fields: {
        persons: [
          customField(COLOUR, 'Colour', 'enum', ['red', 'blue']),
          customField(TAGS, 'Tags', 'set', ['x', 'y']),
          customField(TIME, 'Time', 'timerange'),
        ],
      },
    });
    hands.create('persons', {
      name: 'Anna',
      [COLOUR]: 'blue',
      [TAGS]: ['x'],
      [TIME]: { value: '15:00:00', until: '16:00:00' },
    });
    await pass(1000);
    const { data } = await get('v2/persons/1');
    const [colour, [tag]] = [data.custom_fields[COLOUR], data.custom_fields[TAGS]];
    assert.deepEqual(received[0]!.data.custom_fields, {
      [COLOUR]: { type: 'enum', id: colour },
      [TAGS]: { type: 'set', values: [{ id: tag }] },
      [TIME]: { type: 'timerange', from: '15:00:00', until: '16:00:00', timezone_id: 2 },
    });
    await pass(10_000);
    hands.edit('persons', '1', { [COLOUR]: null });
    await pass(1000);
    assert.deepEqual(received.at(-1)!.previous.custom_fields, {
      [COLOUR]: { type: 'enum', id: colour },
    });
    assert.equal(received.at(-1)!.data.custom_fields[COLOUR], null);
  });

  it('tells the last state of what was deleted, and nothing when that is gone for good', async () => {
    const { hands, received, pass } = await listening();
    hands.create('persons', { name: 'Anna' });
    await pass(10_000);
    hands.remove('persons', '1');
    await pass(31 * 24 * HOUR_MS);
    const { meta, data, previous } = received.at(-1)!;
    assert.equal(received.length, 3);
    assert.equal(meta.action, 'delete');
    assert.equal(data, null);
    assert.equal(previous.name, 'Anna');
  });

  it('tells that a record is there again as a change of it', async () => {
    const { hands, received, pass } = await listening();
    hands.create('persons', { name: 'Anna' });
    await pass(10_000);
    hands.remove('persons', '1');
    await pass(1000);
    hands.restore('persons', '1');
    await pass(1000);
    const { meta, data, previous } = received.at(-1)!;
    assert.deepEqual([meta.action, data.name], ['change', 'Anna']);
    assert.deepEqual(Object.keys(previous), ['update_time']);
  });

  it('tells of a merge on both sides, as one act', async () => {
    const { hands, received, pass } = await listening();
    for (const name of ['a', 'b']) hands.create('persons', { name });
    await pass(10_000);
    received.length = 0;
    hands.merge('persons', '1', '2');
    await pass(1000);
    const [loser, winner] = received.toSorted(
      (one, other) => one.meta.entity_id - other.meta.entity_id,
    );
    assert.deepEqual([loser!.meta.action, loser!.meta.merged_to_id], ['delete', '2']);
    assert.deepEqual([winner!.meta.action, winner!.meta.merged_from_id], ['change', '1']);
    assert.equal(loser!.meta.correlation_id, winner!.meta.correlation_id);
    assert.notEqual(loser!.meta.id, winner!.meta.id);
  });

  it('is for some actions and some kinds, and not about what its user may not see', async () => {
    const { ask, hands, received, pass } = await listening({}, { event_action: 'delete' });
    hands.create('persons', { name: 'a' });
    hands.create('persons', { name: 'b' });
    hands.create('organizations', { name: 'c' });
    hands.hide('persons', ['1'], true);
    for (const id of ['1', '2']) hands.remove('persons', id);
    hands.remove('organizations', '1');
    await pass(1000);
    assert.deepEqual(
      received.map(({ meta }) => meta.entity_id),
      ['2'],
    );
    await ask('POST', 'v1/webhooks', { ...HOOK, event_object: '*' }, pass);
    hands.create('organizations', { name: 'd' });
    hands.edit('users', '3', { name: 'Renamed' });
    await pass(1000);
    const told = received.slice(1).map(({ meta }) => [meta.entity, typeof meta.timestamp]);
    assert.deepEqual(
      told.toSorted(([one], [other]) => (one < other ? -1 : 1)),
      [
        ['organization', 'string'],
        ['user', 'number'],
      ],
    );
  });

  it('is tried after 3, 30 and 150 seconds again, each time as the same event', async () => {
    const { hands, received, pass } = await listening({}, {}, () => 500);
    hands.create('organizations', { name: 'not asked for' });
    hands.create('persons', { name: 'Anna' });
    await pass(1990);
    hands.destroy('persons', '1');
    await pass(HOUR_MS);
    const first = received.filter(({ meta }) => meta.action === 'create');
    assert.deepEqual(
      first.map(({ meta }) => meta.attempt),
      [1, 2, 3, 4],
    );
    assert.equal(new Set(first.map(({ meta }) => meta.id)).size, 1);
    const waits = first.slice(1).map(({ atMs }, index) => atMs - first[index]!.atMs);
    for (const [index, expectedMs] of [3000, 30_000, 150_000].entries()) {
      assert.ok(Math.abs(waits[index]! - expectedMs) < 200, `${waits[index]}`);
    }
  });

  it('waits ten seconds for an answer, and takes no other answer than a 2xx', async () => {
    for (const [status, expectedMs] of [
      [undefined, 13_000],
      [302, 3000],
      [404, 3000],
    ] as const) {
      let tries = 0;
      const { hands, received, pass } = await listening({}, { event_action: 'delete' }, () => {
        tries += 1;
        return tries === 1 ? status : 204;
      });
      hands.create('persons', { name: 'Anna' });
      hands.remove('persons', '1');
      await pass(HOUR_MS);
      assert.equal(received.length, 2);
      const waitMs = received[1]!.atMs - received[0]!.atMs;
      assert.ok(Math.abs(waitMs - expectedMs) < 200, `${waitMs}`);
    }
  });

  it('is banned for half an hour after ten first tries in vain, and what happens then is lost', async () => {
    let status = 500;
    const { hands, received, pass } = await listening({}, { event_action: 'create' }, () => status);
    for (let number = 1; number <= 10; number += 1) {
      hands.create('persons', { name: `${number}` });
      await pass(2000);
    }
    status = 200;
    hands.create('persons', { name: 'lost' });
    await pass(29 * 60_000);
    hands.create('persons', { name: 'lost as well' });
    await pass(60_000);
    hands.create('persons', { name: 'told' });
    await pass(60_000);
    const names = new Set(received.map(({ data }) => data.name));
    assert.ok(!names.has('lost') && !names.has('lost as well'));
    assert.ok(names.has('10') && names.has('told'));
  });

  it('is not banned when it answers in between', async () => {
    const { hands, received, pass } = await listening({}, { event_action: 'create' }, (body) =>
      Number(body.data.name) % 9 === 0 ? 200 : 500,
    );
    for (let number = 1; number <= 20; number += 1) {
      hands.create('persons', { name: `${number}` });
      await pass(1000);
    }
    assert.equal(new Set(received.map(({ data }) => data.name)).size, 20);
  });

  it('is deleted after three days without an answer', async () => {
    const { hands, get, pass } = await listening({}, { event_action: 'create' }, () => 500);
    for (let hours = 0; hours < 71; hours += 1) {
      hands.create('persons', { name: `${hours}` });
      await pass(HOUR_MS);
    }
    assert.equal((await get('v1/webhooks')).data.length, 1);
    assert.equal((await get('v1/webhooks')).data[0].last_http_status, 500);
    await pass(HOUR_MS);
    hands.create('persons', { name: 'too late' });
    await pass(HOUR_MS);
    assert.deepEqual((await get('v1/webhooks')).data, []);
  });

  it('tells twice what two of them are for', async () => {
    const { ask, hands, received, pass } = await listening({}, { event_action: 'create' });
    await ask('POST', 'v1/webhooks', { ...HOOK, event_action: 'create' }, pass);
    hands.create('persons', { name: 'Anna' });
    await pass(1000);
    assert.deepEqual(new Set(received.map(({ meta }) => meta.webhook_id)), new Set(['1', '2']));
    assert.equal(received.length, 2);
    const [one, other] = received;
    assert.notEqual(one!.meta.id, other!.meta.id);
    assert.equal(one!.meta.correlation_id, other!.meta.correlation_id);
  });
});

const HOOK = {
  subscription_url: 'https://hooks.test/pipedrive',
  event_action: '*',
  event_object: 'person',
  name: 'sync',
  http_auth_user: 'pd',
  http_auth_password: 'secret',
};

type Listening = Omit<Practice, 'ask'> & {
  readonly received: Received[];
  /** A request that takes a while, as setting up a webhook does. */
  readonly ask: (
    method: string,
    path: string,
    body: unknown,
    pass?: Practice['pass'],
  ) => Promise<Json>;
};

/** A company with a webhook, and somebody who answers it; undefined is no answer at all. */
async function listening(
  options: Pick<AccountOptions, 'fields'> = {},
  hook: object = {},
  answer: (body: Json) => number | undefined = () => 200,
): Promise<Listening> {
  const scene = practice(options);
  const received: Received[] = [];
  scene.world.serve('https://hooks.test', async (request) => {
    if (request.method === 'GET') return new Response(null, { status: 405 });
    const body: Json = JSON.parse(await request.text());
    const authorization = request.headers.get('authorization');
    received.push({ atMs: scene.world.clock.now(), authorization, ...body });
    const status = answer(body);
    if (status !== undefined) return new Response(null, { status });
    return new Promise<never>(() => {});
  });
  const ask: Listening['ask'] = async (method, path, body, pass) => {
    const asked = scene.ask(method, path, body);
    if (pass !== undefined) await pass(200);
    return asked;
  };
  await ask('POST', 'v1/webhooks', { ...HOOK, ...hook }, scene.pass);
  return { ...scene, ask, received };
}
