import assert from 'node:assert/strict';
import { fillInSecrets } from '../../../runtime/cli/config/fill-in-secrets.ts';

const connectors = [
  {
    vendor: 'twenty',
    secretPlaces: {
      apiKey: {
        title: 'API key of Twenty',
        names: ['twenty_api_key'],
        variables: ['TWENTY_API_KEY'],
      },
    },
  },
  { vendor: 'grumpy' },
];

describe('a secret that a configuration leaves out', () => {
  it('is filled in from where its vendor says, and no other', async () => {
    const value = {
      accounts: {
        crm: { vendor: 'twenty' },
        other: { vendor: 'twenty', apiKey: 'as written' },
        desk: { vendor: 'grumpy' },
        odd: { vendor: 'unknown' },
        none: null,
      },
    };
    await fillInSecrets(value, { connectors, environment: { TWENTY_API_KEY: 'sesame' } });
    assert.deepEqual(value.accounts, {
      crm: { vendor: 'twenty', apiKey: 'sesame' },
      other: { vendor: 'twenty', apiKey: 'as written' },
      desk: { vendor: 'grumpy' },
      odd: { vendor: 'unknown' },
      none: null,
    });
  });

  it('comes from the secret manager first, which is asked for nothing else', async () => {
    const asked: string[] = [];
    const secretManager = {
      title: 'Secret Manager',
      read: async (name: string) => {
        asked.push(name);
        return 'from there';
      },
    };
    const crm: Record<string, unknown> = { vendor: 'twenty' };
    const value = { accounts: { crm, other: { vendor: 'twenty', apiKey: 'as written' } } };
    const environment = { TWENTY_API_KEY: 'sesame' };
    await fillInSecrets(value, { connectors, environment, secretManager });
    assert.equal(crm['apiKey'], 'from there');
    assert.deepEqual(asked, ['twenty_api_key']);
  });

  it('that is nowhere stops everything', async () => {
    const value = { accounts: { crm: { vendor: 'twenty' } } };
    await assert.rejects(fillInSecrets(value, { connectors, environment: {} }), {
      code: 'secret-missing',
    });
  });

  it('is no matter of a file that says nothing, or something else', async () => {
    for (const value of [undefined, null, 'text', [], {}, { accounts: [] }, { accounts: 'none' }]) {
      await fillInSecrets(value, { connectors, environment: {} });
    }
  });
});
