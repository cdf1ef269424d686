import assert from 'node:assert/strict';
import { checkAccounts } from '../../runtime/cli/check-accounts.ts';
import { parseConfig } from '../../runtime/cli/config/config.ts';
import { setupOf } from '../../runtime/cli/config/setup.ts';
import { template } from '../../runtime/cli/template.ts';
import { connectors } from '../../runtime/connectors/index.ts';
import { openAccount } from '../../runtime/engine/opening.ts';
import { MemoryStore } from '../../runtime/store/memory.ts';
import { quietWorld } from '../support/test-database.ts';

describe('the check of the accounts', () => {
  const config = parseConfig(template, { file: 'a.yaml', environment: {} });
  const setup = setupOf(config, 0);
  const store = new MemoryStore({ world: quietWorld, auditKey: 'sesame' });
  const account = { baseUrl: 'http://127.0.0.1:1', token: 'sesame' };
  const check = (fetch: () => Promise<Response>): Promise<void> =>
    checkAccounts(
      {
        setup,
        openAccount: (endpoint) => {
          const world = { ...quietWorld, network: { fetch }, allowedHosts: ['127.0.0.1'] };
          const opening = { store, world, connectors, configOf: () => account, secret: 'sesame' };
          return openAccount(opening, setup.tenant.id, endpoint);
        },
      },
      setup.syncs,
    );

  it('says which account has a wrong token, and not what the token is', async () => {
    const refused = async () => Response.json({ code: 'unauthorized' }, { status: 401 });
    await assert.rejects(check(refused), (error: Error) => {
      assert.match(
        error.message,
        /^Account "(?:sales|support)": .*refused.*Nothing was written\.$/,
      );
      assert.doesNotMatch(error.message, /sesame/);
      return true;
    });
  });

  it('leaves to later tries what may pass by itself', async () => {
    await check(async () => {
      throw new TypeError('fetch failed');
    });
    await check(async () => Response.json({}, { status: 503 }));
    await check(async () => Response.json({}, { status: 429 }));
  });

  it('does not hide what nobody understands', async () => {
    await assert.rejects(
      check(async () => Response.json({ hello: 'world' })),
      { code: 'vendor-broken' },
    );
  });
});
