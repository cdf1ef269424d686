import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  googleSecretManager,
  machineToken,
  resolveSecret,
} from '../../runtime/connectors/secrets.ts';
import { virtualWorld, type Answer } from '../sim/virtual-world.ts';
import { inWorld } from './in-world.ts';

const GOOGLE = 'https://secretmanager.googleapis.com';
const MACHINE = 'http://metadata.google.internal';

const PLACES = {
  title: 'API key of Twenty',
  names: ['twenty-crm-api-key', 'twenty_api_key'],
  variables: ['TWENTY_CRM_API_KEY', 'TWENTY_API_KEY'],
};

describe('a secret that is not in the configuration', () => {
  const managers = (held: Readonly<Record<string, string>>) => {
    const asked: string[] = [];
    const read = async (name: string) => {
      asked.push(name);
      return held[name];
    };
    return { asked, secretManager: { title: 'Secret Manager of acme', read } };
  };

  for (const [title, held, env, expected, names] of [
    [
      'the first name',
      { 'twenty-crm-api-key': 'a', twenty_api_key: 'b' },
      { TWENTY_API_KEY: 'd' },
      'a',
      1,
    ],
    ['the second name', { twenty_api_key: 'b\n' }, { TWENTY_CRM_API_KEY: 'c' }, 'b', 2],
    ['the first variable', {}, { TWENTY_CRM_API_KEY: 'c', TWENTY_API_KEY: 'd' }, 'c', 2],
    ['the second variable', { 'twenty-crm-api-key': ' ' }, { TWENTY_API_KEY: 'd' }, 'd', 2],
  ] as const) {
    it(`is what ${title} has, when nothing before it has it`, async () => {
      const { asked, secretManager } = managers(held);
      assert.equal(await resolveSecret({ ...PLACES, env, secretManager }), expected);
      assert.deepEqual(asked, PLACES.names.slice(0, names));
    });
  }

  it('comes from the environment alone where no secret manager is configured', async () => {
    assert.equal(await resolveSecret({ ...PLACES, env: { TWENTY_API_KEY: 'd' } }), 'd');
  });

  it('is missing with one error that lists every place, and what was there', async () => {
    const { secretManager } = managers({ twenty_api_key: '' });
    await assert.rejects(resolveSecret({ ...PLACES, env: { TWENTY_API_KEY: '' }, secretManager }), {
      code: 'secret-missing',
      message:
        'There is no API key of Twenty. Tried: ' +
        "'twenty-crm-api-key' in Secret Manager of acme (not there); " +
        "'twenty_api_key' in Secret Manager of acme (empty); " +
        'the variable TWENTY_CRM_API_KEY (not set); the variable TWENTY_API_KEY (empty). ' +
        'Put it in one of these places.',
    });
    await assert.rejects(
      resolveSecret({ ...PLACES, env: {} }),
      /Secret Manager \(not configured\)/,
    );
  });
});

describe("Google's Secret Manager", () => {
  const KEY = 'the key of Twenty';

  it('is asked as the machine, for the latest version', async () => {
    const { read, seen } = setting(() =>
      Response.json({ payload: { data: Buffer.from(KEY).toString('base64') } }),
    );
    assert.equal(await read(), KEY);
    assert.deepEqual(seen, [
      ['/computeMetadata/v1/instance/service-accounts/default/token', 'Google', null],
      [
        '/v1/projects/acme-1/secrets/twenty-crm-api-key/versions/latest:access',
        null,
        'Bearer machine-token',
      ],
    ]);
  });

  it('goes on with the next place where there is no such secret, or it is not to be had', async () => {
    for (const [status, reason] of [
      [404, /\(not there\)/],
      [403, /does not let account 'acme-1' .*403: no permission.*'twenty_api_key'/],
      [503, /could not answer/],
    ] as const) {
      const { read } = setting(() =>
        Response.json({ error: { message: 'no permission for machine-token' } }, { status }),
      );
      await assert.rejects(read(), (error: Error) => {
        assert.match(error.message, reason);
        assert.match(error.message, /the variable TWENTY_API_KEY \(not set\)\. Put it/);
        assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), /machine-token/);
        return true;
      });
    }
  });

  it('asks the machine once, also when the machine is not one of Google', async () => {
    const { read, seen } = setting(
      () => assert.fail('was asked without a token'),
      () => new Response('', { status: 404 }),
    );
    await assert.rejects(read(), { code: 'secret-missing' });
    assert.equal(seen.length, 1);
  });

  it('is not asked as the machine by a world that accounts are called from', () => {
    assert.throws(() => machineToken(virtualWorld({ seed: 1 })), { kind: 'forbidden' });
  });
});

function setting(
  google: Answer,
  machine: Answer = () => Response.json({ access_token: 'machine-token' }),
) {
  const world = virtualWorld({ seed: 'secrets' });
  const seen: unknown[] = [];
  const note = (answer: Answer): Answer => {
    return (request) => {
      const { headers } = request;
      const { pathname } = new URL(request.url);
      seen.push([pathname, headers.get('metadata-flavor'), headers.get('authorization')]);
      return answer(request);
    };
  };
  world.serve(GOOGLE, note(google));
  world.serve(MACHINE, note(machine));
  const token = machineToken({ ...world, allowedHosts: ['metadata.google.internal'] });
  const secretManager = googleSecretManager({ world, project: 'acme-1', token });
  const read = () => inWorld(world, () => resolveSecret({ ...PLACES, env: {}, secretManager }));
  return { read, seen };
}
