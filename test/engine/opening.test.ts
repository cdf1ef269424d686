import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Account, Connector, Memory } from '../../runtime/connectors/connector.ts';
import { keptTokens } from '../../runtime/connectors/oauth.ts';
import type { EndpointId } from '../../runtime/core/planner/model.ts';
import { openAccount, type Opening } from '../../runtime/engine/opening.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { StoredEndpoint, TenantId } from '../../runtime/store/store.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

const TENANT = '00000000-0000-7000-8000-000000000001' as TenantId;
const OTHER_TENANT = '00000000-0000-7000-8000-000000000002' as TenantId;
const SALES = endpoint('00000000-0000-7000-8000-000000000011', 'sales');
const SUPPORT = endpoint('00000000-0000-7000-8000-000000000012', 'support');
const RENEWED = { refreshToken: 'refresh-7f3a', accessToken: 'access-7f3a', renewAt: 1 };

describe('opening an account', () => {
  it('gives it back what it kept before the process died', async () => {
    const { memoryOf } = setting();
    await keptTokens('from a person', await memoryOf()).save(RENEWED);
    assert.deepEqual(await keptTokens('from a person', await memoryOf()).load(), RENEWED);
    const anew = { refreshToken: 'somebody logged in again' };
    assert.deepEqual(await keptTokens(anew.refreshToken, await memoryOf()).load(), anew);
  });

  it('leaves nothing in the store that can be read there', async () => {
    const { memoryOf, sealed } = setting();
    const memory = await memoryOf();
    await memory.save('tokens', RENEWED);
    const [first] = sealed();
    await memory.save('tokens', RENEWED);
    const [second] = sealed();
    assert.doesNotMatch(Buffer.from(first!, 'base64').toString('latin1'), /7f3a|Token/);
    assert.notEqual(first, second, 'what is kept twice does not look the same');
  });

  it('counts what was meant for another one, or was changed, as nothing kept, and tells', async () => {
    const { world, store, memoryOf, sealed } = setting();
    await (await memoryOf()).save('tokens', RENEWED);
    const [good] = sealed();
    const bad = Buffer.from(good!, 'base64');
    bad[20]! ^= 1;
    const put = (tenant: TenantId, { id }: StoredEndpoint, name: string, text = good!) =>
      store.saveKeepsake(tenant, { endpoint: id, name, sealed: text });
    await put(TENANT, SUPPORT, 'tokens');
    await put(OTHER_TENANT, SALES, 'tokens');
    await put(TENANT, SALES, 'hooks');
    const strangers = [
      [await memoryOf({ of: SUPPORT }), 'tokens'],
      [await memoryOf({ tenant: OTHER_TENANT }), 'tokens'],
      [await memoryOf(), 'hooks'],
      [await memoryOf({ secret: 'another' }), 'tokens'],
    ] as const;
    for (const [memory, name] of strangers) assert.equal(await memory.load(name), undefined);
    for (const text of [bad.toString('base64'), '', 'AAAA']) {
      await put(TENANT, SALES, 'tokens', text);
      assert.equal(await (await memoryOf()).load('tokens'), undefined);
    }
    assert.equal(world.logged.length, 7);
    assert.match(world.logged[0]!.message, /^What the account "support" keeps cannot be read/);
    assert.doesNotMatch(JSON.stringify(world.logged), /7f3a/);
  });

  it('says what is wrong with it', async () => {
    const { opening } = setting();
    const unknown = openAccount(opening, TENANT, { ...SALES, vendor: 'fax' });
    await assert.rejects(unknown, { message: /"sales" is of the vendor "fax".*Known are keeper/ });
    const wrong = openAccount({ ...opening, configOf: () => ({ token: 5 }) }, TENANT, SALES);
    await assert.rejects(wrong, { message: /"sales" cannot be opened: token: / });
  });
});

function endpoint(id: string, title: string): StoredEndpoint {
  return { id: id as EndpointId, vendor: 'keeper', title, status: 'ok', settings: {} };
}

function setting() {
  const world = virtualWorld({ seed: 'opening' });
  const store = new MemoryStore({ world, auditKey: 'audit' });
  let latest: Memory | undefined;
  const keeper: Connector = {
    vendor: 'keeper',
    title: 'Keeper',
    secrets: ['token'],
    config: z.object({ token: z.string() }),
    async open(_config, _world, memory) {
      latest = memory;
      return {} as Account;
    },
  };
  const opening: Opening = {
    connectors: [keeper],
    world,
    store,
    configOf: () => ({ token: 'sesame' }),
    secret: 'secret',
  };
  return {
    world,
    store,
    opening,
    /** What its connector is given when it is opened. */
    memoryOf: async ({ tenant = TENANT, of = SALES, secret = 'secret' } = {}): Promise<Memory> => {
      await openAccount({ ...opening, secret }, tenant, of);
      return latest!;
    },
    sealed: () => [...store.rowsOf(TENANT).keepsakes.values()],
  };
}
