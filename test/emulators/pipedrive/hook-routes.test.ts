import assert from 'node:assert/strict';
import { practice, type Json, type Practice } from './practice.ts';

const HOOK = {
  subscription_url: 'https://hooks.test/in',
  event_action: '*',
  event_object: 'person',
  name: 'crm-sync persons',
};

describe('setting up webhooks of Pipedrive', () => {
  it('answers 201 with all there is to know', async () => {
    const { add } = reachable();
    const response = await add({
      ...HOOK,
      http_auth_user: 'pd',
      http_auth_password: 'x',
      user_id: 1,
    });
    assert.equal(response.status, 201);
    assert.deepEqual(await response.json(), {
      status: 'ok',
      success: true,
      data: {
        id: 1,
        company_id: 1000,
        owner_id: 2,
        user_id: 1,
        event_action: '*',
        event_object: 'person',
        subscription_url: 'https://hooks.test/in',
        version: '2.0',
        is_active: 1,
        add_time: '2026-01-01T00:00:00.000Z',
        remove_time: null,
        type: 'general',
        http_auth_user: 'pd',
        http_auth_password: 'x',
        remove_reason: null,
        last_delivery_time: null,
        last_http_status: null,
        admin_id: 2,
        name: 'crm-sync persons',
      },
    });
  });

  it('makes a second one when it is asked twice, and lists and deletes them', async () => {
    const { add, get, ask, refuse } = reachable();
    for (let time = 0; time < 2; time += 1) await add(HOOK);
    const ids = async (): Promise<number[]> =>
      (await get('v1/webhooks')).data.map(({ id }: Json) => id);
    assert.deepEqual(await ids(), [1, 2]);
    assert.deepEqual(await ask('DELETE', 'v1/webhooks/1'), { status: 'ok', success: true });
    assert.deepEqual(await ids(), [2]);
    assert.deepEqual(await refuse(404, 'DELETE', 'v1/webhooks/1'), {
      status: 'error',
      success: false,
      errors: { id: ['not found'] },
    });
    await refuse(405, 'PUT', 'v1/webhooks/2', HOOK);
  });

  for (const [what, body, name] of [
    [
      'a URL that leads elsewhere',
      { subscription_url: 'https://moved.test/in' },
      'subscription_url',
    ],
    ['a URL where nobody is', { subscription_url: 'https://nobody.test/in' }, 'subscription_url'],
    ['a URL that is none', { subscription_url: 'somewhere' }, 'subscription_url'],
    ['no name', { name: undefined }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(256) }, 'name'],
    ['an action that there is not', { event_action: 'updated' }, 'event_action'],
    ['a kind that there is not', { event_object: 'persons' }, 'event_object'],
    ['a user who is not there', { user_id: 9 }, 'user_id'],
    ['another version', { version: '1.0' }, 'version'],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      const { add, get } = reachable();
      const response = await add({ ...HOOK, ...body });
      assert.equal(response.status, 400);
      const answer: Json = await response.json();
      assert.deepEqual([answer.status, answer.success], ['error', false]);
      assert.deepEqual(Object.keys(answer.errors), [name]);
      assert.deepEqual((await get('v1/webhooks')).data, []);
    });
  }

  it('gives up on a URL that does not answer within ten seconds', async () => {
    const { add } = reachable();
    const asked = add({ ...HOOK, subscription_url: 'https://silent.test/in' }, 10_200);
    assert.equal((await asked).status, 400);
  });

  it('has room for 40 of them', async () => {
    const { add } = reachable();
    for (let count = 0; count < 40; count += 1) assert.equal((await add(HOOK)).status, 201);
    assert.equal((await add(HOOK)).status, 400);
  });

  it('is for administrators', async () => {
    const { refuse } = practice({ abilities: { isAdmin: false } });
    await refuse(403, 'POST', 'v1/webhooks', HOOK);
    await refuse(403, 'GET', 'v1/webhooks');
  });
});

function reachable(): Practice & {
  add: (body: object, ms?: number) => Promise<Response>;
} {
  const scene = practice();
  scene.world.serve('https://hooks.test', () => new Response(null, { status: 404 }));
  scene.world.serve('https://moved.test', () => new Response(null, { status: 302 }));
  scene.world.serve('https://silent.test', () => new Promise<never>(() => {}));
  const add = async (body: object, ms = 500): Promise<Response> => {
    const asked = scene.send('POST', 'v1/webhooks', body);
    await scene.pass(ms);
    return asked;
  };
  return { ...scene, add };
}
