import assert from 'node:assert/strict';
import { openHubSpot } from '../../../runtime/emulators/hubspot/hubspot.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { CONTACTS, OBJECTS, practice, TOKEN, type Asked } from './practice.ts';

describe('the way into HubSpot', () => {
  it('is a token that somebody has', async () => {
    const { send, hands } = practice();
    const get = (authorization?: string): Promise<Asked> =>
      send(CONTACTS, { headers: authorization === undefined ? {} : { authorization } });
    for (const authorization of [undefined, 'Bearer x', `Basic ${TOKEN}`]) {
      const { status, body } = await get(authorization);
      assert.deepEqual([status, body.category], [401, 'INVALID_AUTHENTICATION']);
      assert.match(body.message as string, /^Authentication credentials not found\. /);
    }
    assert.equal((await get(`Bearer ${TOKEN}`)).status, 200);
    hands.setToken('another');
    assert.equal((await get(`Bearer ${TOKEN}`)).status, 401);
    assert.equal((await get('Bearer another')).status, 200);
  });

  it('needs scopes, and names them', async () => {
    const { ask } = practice({ scopes: ['crm.objects.contacts.read'] });
    const { status, body } = await ask('GET', `${OBJECTS}/deals`);
    assert.deepEqual([status, body.category], [403, 'MISSING_SCOPES']);
    assert.deepEqual(body.errors[0].context.requiredGranularScopes, ['crm.objects.deals.read']);
    const statuses = await Promise.all([
      ask('GET', CONTACTS),
      ask('POST', CONTACTS, { properties: { firstname: 'A' } }),
      ask('GET', `${OBJECTS}/notes`),
      ask('GET', '/crm/v3/properties/contacts'),
      ask('GET', '/crm/v3/owners'),
      ask('GET', '/account-info/v3/details'),
    ]);
    assert.deepEqual(
      statuses.map((one) => one.status),
      [200, 403, 200, 200, 403, 200],
    );
  });

  it('can be closed for one kind of records', async () => {
    const { ask, hands } = practice();
    hands.forbid('deals', true);
    assert.equal((await ask('GET', '/crm/v3/objects/0-3')).status, 403);
    assert.equal((await ask('GET', CONTACTS)).status, 200);
  });

  it('is a path that there is, with a method that it has', async () => {
    const { ask } = practice();
    const wrong = await ask('GET', '/crm/v3/nothing');
    assert.deepEqual([wrong.status, wrong.headers.get('x-hubspot-notfound')], [404, 'true']);
    assert.match(wrong.body as string, /^<html>/);
    assert.equal((await ask('PUT', CONTACTS, {})).status, 405);
    assert.equal((await ask('GET', '/crm/v3/owners/')).status, 200);
  });
});

describe('the limits of HubSpot', () => {
  for (const [plan, capacity, daily] of [
    ['free', 100, '250000'],
    ['professional', 190, '625000'],
    ['enterprise', 190, '1000000'],
  ] as const) {
    it(`are ${capacity} in ten seconds on the ${plan} plan`, async () => {
      const { ask, pass } = practice({ plan });
      const first = await ask('GET', CONTACTS);
      assert.equal(first.headers.get('x-hubspot-ratelimit-max'), String(capacity));
      assert.equal(first.headers.get('x-hubspot-ratelimit-remaining'), String(capacity - 1));
      assert.equal(first.headers.get('x-hubspot-ratelimit-daily'), daily);
      assert.equal(first.headers.get('x-hubspot-ratelimit-interval-milliseconds'), '10000');
      await pass(5000);
      for (let asked = 1; asked < capacity; asked += 1) {
        assert.equal((await ask('GET', CONTACTS)).status, 200);
      }
      const { status, body, headers } = await ask('GET', CONTACTS);
      assert.deepEqual(
        [status, body.policyName, body.errorType],
        [429, 'TEN_SECONDLY_ROLLING', 'RATE_LIMIT'],
      );
      assert.equal(body.message, 'You have reached your ten_secondly_rolling limit.');
      assert.equal(headers.get('retry-after'), null);
      await pass(5000);
      assert.equal((await ask('GET', CONTACTS)).status, 200);
      assert.equal((await ask('GET', CONTACTS)).status, 429);
    });
  }

  it('count a day until midnight where the account is, searches and batches as one each', async () => {
    const { ask, pass } = practice({ utcOffsetMinutes: 60 });
    await pass(1);
    await ask('POST', `${CONTACTS}/search`, {});
    const used = async (): Promise<number> => {
      const { body } = await ask('GET', '/account-info/v3/api-usage/daily/private-apps');
      return body.results[0].currentUsage as number;
    };
    assert.equal(await used(), 2);
    const inputs = Array.from({ length: 50 }, (_, index) => ({ id: String(index) }));
    await ask('POST', `${CONTACTS}/batch/read`, { inputs });
    assert.equal(await used(), 4);
    await pass(23 * 3_600_000);
    assert.equal(await used(), 1);
  });

  it('say so when the day is used up, also to searches', async () => {
    const { ask, pass } = practice({ dailyMax: 3 });
    for (let asked = 0; asked < 3; asked += 1) await ask('GET', CONTACTS);
    for (const { status, body } of [
      await ask('GET', CONTACTS),
      await ask('POST', `${CONTACTS}/search`, {}),
    ]) {
      assert.deepEqual([status, body.policyName], [429, 'DAILY']);
      assert.equal(body.message, 'You have reached your daily limit.');
    }
    await pass(86_400_000);
    assert.equal((await ask('GET', CONTACTS)).status, 200);
  });

  it('are other ones for associations, whose batches are not counted in ten seconds', async () => {
    const { ask, pass } = practice();
    for (let asked = 0; asked < 100; asked += 1) {
      await ask('GET', '/crm/v4/objects/contacts/1/associations/companies');
    }
    const { status, body } = await ask('GET', '/crm/v4/objects/contacts/1/associations/companies');
    assert.deepEqual([status, body.policyName], [429, 'TEN_SECONDLY_ROLLING']);
    assert.equal((await ask('GET', CONTACTS)).status, 200);
    const read = { inputs: [{ id: '1' }] };
    const batch = await ask(
      'POST',
      '/crm/associations/2026-09/contacts/companies/batch/read',
      read,
    );
    assert.equal(batch.status, 200);
    await pass(10_000);
    const again = await ask('GET', '/crm/v4/objects/contacts/1/associations/companies');
    assert.equal(again.status, 404);
  });
});

describe('a bad day of HubSpot', () => {
  it('has errors of every form, and a wait only when it says so', async () => {
    const { ask } = practice({}, () => ({ kind: 'status', status: 503, retryAfterS: 3 }));
    const forms = new Set<string>();
    for (let asked = 0; asked < 20; asked += 1) {
      const { status, headers } = await ask('GET', CONTACTS);
      assert.deepEqual([status, headers.get('retry-after')], [503, '3']);
      forms.add(headers.get('content-type') ?? 'none');
    }
    assert.deepEqual([...forms].toSorted(), [
      'application/json',
      'none',
      'text/html;charset=utf-8',
    ]);
  });

  it('is carried out though nobody hears of it', async () => {
    const { ask, hands } = practice({}, () => ({ kind: 'status', status: 504, carriedOut: true }));
    await ask('POST', CONTACTS, { properties: { email: 'a@x.test' } });
    assert.equal(hands.items('contacts').length, 1);
  });

  it('says no for a record that is locked', async () => {
    const { ask } = practice({}, () => ({ kind: 'busy', items: [0] }));
    assert.equal((await ask('POST', CONTACTS, { properties: { firstname: 'A' } })).status, 423);
  });

  it('is the same again with the same seed', async () => {
    const day = async (): Promise<unknown> => {
      const searchLagMs = { usual: 3000, most: 30_000 };
      const { ask, hands, pass } = practice({ searchLagMs });
      const inputs = Array.from({ length: 20 }, (_, index) => ({
        properties: { firstname: `${index}` },
      }));
      const answers = [await ask('POST', `${CONTACTS}/batch/create`, { inputs })];
      for (let step = 0; step < 5; step += 1) {
        await pass(1000);
        answers.push(await ask('POST', `${CONTACTS}/search`, { limit: 100 }));
      }
      await pass(60_000);
      return [answers.map(({ body }) => body as unknown), hands.items('contacts')];
    };
    assert.deepEqual(await day(), await day());
  });

  it('counts what was asked for', async () => {
    const { ask, hands } = practice();
    await ask('POST', CONTACTS, { properties: { firstname: 'A' } });
    await ask('POST', `${CONTACTS}/search`, { limit: 5 });
    await ask('POST', `${CONTACTS}/batch/read`, { inputs: [{ id: '1' }, { id: '2' }] });
    assert.deepEqual(hands.calls, {
      create: { requests: 1, items: 1 },
      find: { requests: 1, items: 5 },
      read: { requests: 1, items: 2 },
    });
  });
});

describe('the demonstration of HubSpot', () => {
  it('has plausible people with companies, deals, notes and tasks, some of them twice', async () => {
    const world = virtualWorld({ seed: 1 });
    const emulator = openHubSpot({ world });
    emulator.seed(200);
    const hands = emulator.account('hubspot');
    const counts = hands.collections.map((name) => [name, hands.items(name).length] as const);
    for (const [name, count] of counts) assert.ok(count > 0, name);
    assert.ok(hands.items('contacts').length > 200);
    const again = openHubSpot({ world: virtualWorld({ seed: 1 }) });
    again.seed(200);
    assert.deepEqual(again.account('hubspot').items('contacts'), hands.items('contacts'));
    assert.deepEqual(emulator.accounts, ['hubspot', 'hubspot-oauth']);
  });
});
