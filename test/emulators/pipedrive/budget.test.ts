import assert from 'node:assert/strict';
import { practice, START, type Practice } from './practice.ts';

const HOUR_MS = 3_600_000;

describe('the budget of a company at Pipedrive', () => {
  for (const [request, cost] of [
    ['GET v2/persons', 10],
    ['GET v2/persons?limit=500', 10],
    ['GET v2/persons/1', 1],
    ['GET v2/deals/archived', 20],
    ['GET v2/persons/search?term=anna', 20],
    ['GET v2/itemSearch?term=anna', 20],
    ['GET v2/personFields', 10],
    ['GET v2/personFields/name', 1],
    ['GET v2/stages', 5],
    ['GET v2/pipelines/1', 1],
    ['GET v1/notes', 20],
    ['GET v1/users', 20],
    ['GET v1/users/me', 2],
    ['GET v1/users/find?term=a', 40],
    ['GET v1/webhooks', 10],
    ['GET v1/recents?since_timestamp=2026-01-01 00:00:00', 20],
    ['GET v1/persons/1/changelog', 20],
    ['GET v1/activityTypes', 20],
    ['POST v2/persons', 5],
    ['PATCH v2/persons/1', 5],
    ['DELETE v2/persons/1', 3],
    ['POST v1/notes', 10],
    ['PUT v1/notes/1', 10],
    ['DELETE v1/notes/1', 6],
    ['PUT v1/persons/1/merge', 40],
    ['DELETE v1/webhooks/1', 6],
  ] as const) {
    it(`pays ${cost} for ${request}, also when it is refused`, async () => {
      const scene = practice();
      const before = await tokensLeft(scene);
      const [method, path] = request.split(' ') as [string, string];
      await scene.send(method, path, method === 'GET' ? undefined : {});
      assert.equal(before - (await tokensLeft(scene)), cost + 1);
    });
  }

  it('is that of its plan and seats, and 429 until the day begins where the servers are', async () => {
    const scene = practice({ abilities: { plan: 'lite', seats: 1, topUpTokens: 25 } });
    const { send, pass } = scene;
    for (let time = 0; time < 1501; time += 1) {
      const { status } = await send('GET', 'v2/deals/archived');
      assert.equal(status, 200);
      await pass(200);
    }
    const response = await send('GET', 'v2/persons');
    assert.equal(response.status, 429);
    assert.equal(response.headers.get('x-daily-ratelimit-token-limit'), '30025');
    assert.equal(response.headers.get('x-daily-ratelimit-token-remaining'), '5');
    assert.equal(response.headers.get('retry-after'), null);
    assert.equal(response.headers.get('x-ratelimit-reset'), '2');
    const body = await response.json();
    assert.equal((body as { success: boolean }).success, false);
    await scene.world.runUntil(START + 5 * HOUR_MS - 1);
    assert.equal((await send('GET', 'v2/persons')).status, 429);
    assert.equal((await send('GET', 'v2/persons/1')).status, 404);
    await pass(1);
    assert.equal((await send('GET', 'v2/persons')).status, 200);
  });

  for (const [plan, most] of [
    ['lite', 20],
    ['growth', 40],
    ['premium', 100],
    ['ultimate', 120],
  ] as const) {
    it(`has ${most} requests in two seconds with the plan ${plan}`, async () => {
      const { send, pass } = practice({ abilities: { plan } });
      for (let time = 0; time < most; time += 1) {
        const { status, headers } = await send('GET', 'v2/persons/1');
        assert.equal(status, 404);
        assert.equal(headers.get('x-ratelimit-limit'), String(most));
        assert.equal(headers.get('x-ratelimit-remaining'), String(most - time - 1));
      }
      await pass(500);
      const refused = await send('GET', 'v2/persons/1');
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get('x-ratelimit-reset'), '2');
      assert.equal(refused.headers.get('x-ratelimit-remaining'), '0');
      await pass(1500);
      assert.equal((await send('GET', 'v2/persons/1')).status, 404);
    });
  }

  it('has ten searches in two seconds, whatever the plan', async () => {
    const { send } = practice();
    for (let time = 0; time < 10; time += 1) {
      assert.equal((await send('GET', 'v2/persons/search?term=anna')).status, 200);
    }
    const refused = await send('GET', 'v2/itemSearch?term=anna');
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('x-ratelimit-limit'), '10');
    assert.equal((await send('GET', 'v2/persons')).status, 200);
  });

  it('tells writes that are left of those that create and put', async () => {
    const { send } = practice();
    const told = async (method: string, path: string): Promise<string | null> =>
      (await send(method, path, method === 'GET' ? undefined : { name: 'x' })).headers.get(
        'x-daily-requests-left',
      );
    assert.equal(await told('POST', 'v2/persons'), '9999');
    assert.equal(await told('PUT', 'v1/notes/1'), '9998');
    assert.equal(await told('PATCH', 'v2/persons/1'), null);
    assert.equal(await told('GET', 'v2/persons/1'), null);
  });

  it('does not tell the tokens of the day after a long silence', async () => {
    const { send, pass } = practice();
    const header = 'x-daily-ratelimit-token-remaining';
    assert.equal((await send('GET', 'v2/persons')).headers.get(header), null);
    assert.equal((await send('GET', 'v2/persons')).headers.get(header), '2099980');
    await pass(HOUR_MS);
    assert.equal((await send('GET', 'v2/persons')).headers.get(header), null);
  });
});

describe('those who do not wait', () => {
  it('find a page that is no JSON after a while, for well over a minute of silence', async () => {
    const { send, pass } = practice({ abilities: { plan: 'lite' } });
    const statuses: number[] = [];
    while (statuses.at(-1) !== 403 && statuses.length < 10_000) {
      const response = await send('GET', 'v2/persons/1');
      statuses.push(response.status);
      await pass(25);
    }
    assert.equal(statuses.at(-1), 403);
    assert.ok(statuses.filter((status) => status === 429).length > 10);
    const page = await send('GET', 'v2/persons/1');
    assert.equal(page.status, 403);
    assert.match(page.headers.get('content-type')!, /^text\/html/);
    await assert.rejects(page.json(), SyntaxError);
    await pass(60_000);
    assert.equal((await send('GET', 'v2/persons/1')).status, 403);
    await pass(89_999);
    assert.equal((await send('GET', 'v2/persons/1')).status, 403);
    await pass(90_000);
    assert.equal((await send('GET', 'v2/persons/1')).status, 404);
  });

  it('are not those whose many requests were on the way when the first one was refused', async () => {
    const { send, pass } = practice({ abilities: { plan: 'lite' } });
    for (let round = 0; round < 5; round += 1) {
      for (let time = 0; time < 60; time += 1) {
        const { status } = await send('GET', 'v2/persons/1');
        assert.equal(status, time < 20 ? 404 : 429);
      }
      await pass(2000);
    }
  });
});

async function tokensLeft({ send }: Practice): Promise<number> {
  let text: string | null = null;
  while (text === null) {
    const { headers } = await send('GET', 'v2/organizations/1');
    text = headers.get('x-daily-ratelimit-token-remaining');
  }
  return Number(text);
}
