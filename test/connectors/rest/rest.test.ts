import assert from 'node:assert/strict';
import { rest } from '../../../runtime/connectors/rest/rest.ts';
import { OLD } from '../../../runtime/emulators/rest/options.ts';
import { inWorld } from '../in-world.ts';
import { keepsItsPromises } from '../conformance.ts';
import { LOGIN, settingOf, TOKEN, type Way } from './setting.ts';
import { builtInStore, storeSetting, type Store } from './store.ts';

const WAYS: Readonly<Record<string, Way>> = {
  'an app that is made well': {},
  'an app with numbers for ids, which counts its pages and keeps no versions': {
    app: {
      ids: 'integer',
      paging: 'page',
      version: 'time',
      deletion: 'boolean',
      etag: false,
      ifMatch: false,
      errors: 'message',
      writeAnswers: 'location',
      existing: 'id',
      idempotencyKey: 'none',
    },
    auth: { ...LOGIN, lifetimeS: 60 },
  },
  'an app below others that deletes for good and does not tell of it': {
    app: {
      prefix: '/crm',
      paging: 'offset',
      envelope: 'array',
      pageSize: { otherwise: 10, most: 30, isTold: false },
      deletion: 'hard',
      restore: false,
      update: 'both',
      patchWithin: 'merges',
      sinceIncludes: false,
      timeStepMs: 1_000,
      merges: 308,
      errors: 'pointer',
      invalid: 400,
      gone: 410,
      login: { kind: 'bearer' },
    },
    auth: { kind: 'bearer', token: TOKEN },
  },
  'an app that is searched by parts, and tells of no changes': {
    app: {
      search: 'contains',
      changes: 'none',
      openapi: '3.0',
      login: { kind: 'basic', user: 'us' },
    },
    auth: { kind: 'basic', user: 'us', password: TOKEN },
  },
  'an old one': {
    app: { ...OLD, limits: [], retryAfter: 'seconds', search: 'caseless' },
    auth: { kind: 'header', name: 'X-Api-Key', value: TOKEN },
  },
};

describe('the connector for own apps', () => {
  let store: Store;
  before(async () => {
    store = await builtInStore();
  });
  after(() => store.stop());

  const ways = Object.entries(WAYS).map(([title, way]) => settingOf(title, way));
  keepsItsPromises([...ways, storeSetting(() => store)]);
});

describe('an own app that allows few calls', () => {
  for (const [search, callsPerSecond, [readAtOnce, findAtOnce, costOfFind]] of [
    ['exact', 0.5, [1, 1, 3]],
    ['exact', 3, [3, 3, 3]],
    ['exact', 20, [5, 5, 3]],
    ['none', 3, [3, 100, 2]],
  ] as const) {
    it(`is asked for few items at once (${callsPerSecond} calls, search: ${search})`, async () => {
      const way: Way =
        search === 'none'
          ? { app: OLD, auth: { kind: 'header', name: 'X-Api-Key', value: TOKEN } }
          : { app: { search } };
      const { world, config, collection } = settingOf('few calls', {
        ...way,
        config: { callsPerSecond },
      }).start();
      await inWorld({ runUntilQuiet: world.runUntilQuiet! }, async () => {
        const account = await rest.open(rest.config.parse(config), world);
        const { can } = await account.collection(collection);
        const cost = account.limits[0]!.cost('find', 3, collection);
        assert.deepEqual(
          [can.batch.read, can.batch.find, cost],
          [readAtOnce, findAtOnce, costOfFind],
        );
        await account.close();
      });
    });
  }
});
