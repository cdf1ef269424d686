import assert from 'node:assert/strict';
import { openTwenty } from '../../../runtime/emulators/twenty/twenty.ts';
import { DEMO_ACCOUNTS } from '../../../runtime/emulators/twenty/demo.ts';
import { virtualWorld } from '../../sim/virtual-world.ts';
import { message, practice, TOKEN } from './practice.ts';

describe('Twenty', () => {
  it('forbids who says nothing, and does not know who says something wrong', async () => {
    const { send, pass } = practice({ keyExpiresAtMs: Date.UTC(2026, 0, 1) + 5000 });
    const path = '/rest/people';
    const silent = await send(path, {});
    assert.deepEqual(silent.body, {
      statusCode: 403,
      error: 'FORBIDDEN_EXCEPTION',
      messages: ['Missing authentication token'],
    });
    assert.equal(silent.status, 403);
    const wrong = await send(path, { headers: { authorization: 'Bearer x' } });
    assert.deepEqual([wrong.status, wrong.body.error], [401, 'UNAUTHENTICATED']);
    assert.equal(message(wrong), 'Token invalid.');
    await pass(365 * 24 * 3600 * 1000);
    const late = await send(path, { headers: { authorization: `Bearer ${TOKEN}` } });
    assert.equal(message(late), 'Token has expired.');
    const graph = await send('/graphql', { method: 'POST' });
    assert.deepEqual([graph.status, graph.body.errors[0].extensions.code], [200, 'FORBIDDEN']);
  });

  it('gives keys through its metadata, shown once, until they end or are revoked', async () => {
    const { graph, send, pass, world } = practice();
    const expiresAt = new Date(world.clock.now() + 60_000).toISOString();
    const made = await graph(
      '/metadata',
      'mutation($input: CreateApiKeyInput!){createApiKey(input:$input){id name}}',
      { input: { name: 'other', expiresAt, roleId: 'any' } },
    );
    const { id } = made.body.data.createApiKey;
    const token = async (): Promise<string> => {
      const query = `mutation{generateApiKeyToken(apiKeyId:"${id}",expiresAt:"${expiresAt}"){token}}`;
      return (await graph('/metadata', query)).body.data.generateApiKeyToken.token;
    };
    const [one, other] = [await token(), await token()];
    assert.match(one, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
    const asked = async (given: string) =>
      send('/rest/people', { headers: { authorization: `Bearer ${given}` } });
    assert.equal((await asked(one)).status, 200);
    await pass(61_000);
    assert.equal(message(await asked(other)), 'Token has expired.');
    await graph('/metadata', `mutation{revokeApiKey(input:{id:"${id}"}){id}}`);
    assert.equal(message(await asked(one)), 'Token invalid.');
  });

  it('counts calls in a second and a minute, and says nothing of when to come back', async () => {
    const { get, graph, pass } = practice({ limits: { short: 2, long: 4 } });
    for (const status of [200, 200, 429]) assert.equal((await get('people')).status, status);
    const refused = await get('people');
    assert.deepEqual(refused.body.messages, ['Limit reached (2 tokens per 1000 ms)']);
    assert.equal(refused.headers.get('retry-after'), null);
    await pass(1000);
    assert.equal((await get('metadata/objects')).status, 200);
    const both = await graph(
      '/graphql',
      '{a:people{totalCount} b:people{totalCount} c:people{totalCount}}',
    );
    assert.equal(both.status, 200);
    assert.deepEqual(Object.values(both.body.data), [{ totalCount: 0 }, { totalCount: 0 }, null]);
    assert.equal(both.body.errors[0].extensions.code, 'LIMIT_REACHED');
    await pass(2000);
    assert.deepEqual((await get('people')).body.messages, [
      'Limit reached (4 tokens per 60000 ms)',
    ]);
    await pass(60_000);
    assert.equal((await get('people')).status, 200);
  });

  it('lets a role see and do only what it may', async () => {
    const { get, ask, hands } = practice({
      role: {
        denied: { companies: ['read'], people: ['destroy', 'softDelete'] },
        hiddenFields: { people: ['city'] },
      },
    });
    const id = hands.create('people', { city: 'Eger' });
    assert.equal((await get('companies')).status, 403);
    assert.equal((await ask('DELETE', `people/${id}`)).status, 403);
    assert.equal((await ask('DELETE', `people/${id}?soft_delete=true`)).status, 403);
    assert.equal(Object.hasOwn((await get(`people/${id}`)).body.data.person, 'city'), false);
    assert.equal((await ask('PATCH', `people/${id}`, { city: 'x' })).status, 400);
    assert.equal((await get('people?filter=city[eq]:Eger')).status, 400);
    hands.forbid('people', true);
    assert.equal((await get('people')).status, 403);
  });

  it('says of what it hides that it is not there', async () => {
    const { get, ask, hands } = practice();
    const id = hands.create('people', {});
    hands.hide('people', [id], true);
    assert.equal((await get('people')).body.totalCount, 0);
    assert.equal((await get(`people/${id}`)).status, 404);
    assert.equal((await ask('PATCH', `people/${id}`, {})).status, 404);
    assert.equal((await ask('DELETE', `people/${id}`)).status, 404);
  });

  it('knows no other paths, and no body that is not JSON', async () => {
    const { ask, send } = practice();
    assert.equal((await ask('GET', 'metadata/planets')).status, 404);
    assert.equal((await ask('POST', 'people/x/y')).status, 400);
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const broken = await send('/rest/people', { method: 'POST', headers, body: '{' });
    assert.deepEqual([broken.status, broken.body.error], [400, 'BadRequestException']);
  });

  it('fails in its own words, or in those of the gateway before it', async () => {
    const { get } = practice({}, () => ({ kind: 'status', status: 502 }));
    const kinds = new Set<string>();
    for (let time = 0; time < 20; time += 1) {
      const { status, headers } = await get('people');
      assert.equal(status, 502);
      kinds.add(headers.get('content-type')!);
    }
    assert.deepEqual([...kinds].toSorted(), ['application/json', 'text/html']);
  });

  it('is full of people in no time, the same ones with the same seed', () => {
    const seeded = (): readonly unknown[] => {
      const twenty = openTwenty({ world: virtualWorld({ seed: 1 }), accounts: DEMO_ACCOUNTS });
      twenty.seed(300);
      return twenty.account('workspace').items('people');
    };
    const people = seeded();
    assert.ok(people.length > 300);
    assert.deepEqual(people, seeded());
  });
});
