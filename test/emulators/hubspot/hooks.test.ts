import assert from 'node:assert/strict';
import { OLDER, signatureV3 } from '../../../runtime/emulators/hubspot/hooks.ts';
import type { AccountOptions } from '../../../runtime/emulators/hubspot/options.ts';
import { CONTACTS, OBJECTS, practice, START, type Json, type Practice } from './practice.ts';

const URL = 'https://sync.test/hubspot?flow=hs%3Amain';

describe('webhooks of HubSpot', () => {
  it('tell of what an app has subscribed to, with numbers for ids and its own name for itself', async () => {
    const { ask, told } = await listening(['contact.creation', 'contact.propertyChange firstname']);
    const made = await ask('POST', CONTACTS, { properties: { firstname: 'Zoë', phone: '1' } });
    const id = Number(made.body.id);
    const events = await told();
    assert.deepEqual(events.map(inShort).toSorted(), [
      `contact.creation ${id} INTEGRATION 54321`,
      `contact.propertyChange ${id} firstname=Zoë INTEGRATION 54321`,
    ]);
    const [event] = events;
    assert.equal(event.portalId, 62_515);
    assert.equal(event.appId, 54_321);
    assert.equal(event.attemptNumber, 0);
    assert.equal(event.occurredAt, START);
    assert.equal(event.eventType, undefined);
  });

  it('tell who it was', async () => {
    const { hands, told } = await listening([
      'contact.propertyChange firstname',
      'contact.propertyChange hs_email_domain',
    ]);
    const id = hands.create('contacts', { firstname: 'A', email: 'a@x.test' });
    hands.edit('contacts', id, { firstname: 'B' }, 'integration');
    hands.edit('contacts', id, { firstname: null }, 'app');
    assert.deepEqual((await told()).map(inShort).toSorted(), [
      `contact.propertyChange ${id} firstname= INTEGRATION 54321`,
      `contact.propertyChange ${id} firstname=A CRM_UI userId:9001`,
      `contact.propertyChange ${id} firstname=B INTEGRATION 9999999`,
      `contact.propertyChange ${id} hs_email_domain=x.test CALCULATED hs_email_domain`,
    ]);
  });

  it('tell of associations from both ends, and of the primary one beside the plain one', async () => {
    const { ask, hands, told } = await listening([
      'contact.associationChange',
      'company.associationChange',
    ]);
    const company = hands.create('companies', { name: 'A' });
    const contact = hands.create('contacts', { firstname: 'A' });
    await ask(
      'PUT',
      `/crm/v4/objects/contacts/${contact}/associations/default/companies/${company}`,
    );
    const facts = (one: Json) =>
      `${one.associationType} ${one.associationRemoved} ${one.isPrimaryAssociation}`;
    assert.deepEqual((await told()).map(facts).toSorted(), [
      'COMPANY_TO_CONTACT false false',
      'COMPANY_TO_CONTACT false true',
      'CONTACT_TO_COMPANY false false',
      'CONTACT_TO_COMPANY false true',
    ]);
    await ask('DELETE', `/crm/v4/objects/contacts/${contact}/associations/companies/${company}`);
    assert.equal((await told()).length, 4);
  });

  it('tell of a merge once, and of nothing else with it', async () => {
    const { ask, hands, told } = await listening([
      'contact.merge',
      'contact.creation',
      'contact.deletion',
      'contact.propertyChange city',
    ]);
    const winner = hands.create('contacts', { firstname: 'A' });
    const loser = hands.create('contacts', { city: 'Pécs', firstname: 'B' });
    await told();
    await ask('POST', `${CONTACTS}/merge`, { primaryObjectId: winner, objectIdToMerge: loser });
    const [merge, ...others] = await told();
    assert.deepEqual(others, []);
    assert.equal(merge.subscriptionType, 'contact.merge');
    assert.equal(merge.primaryObjectId, Number(winner));
    assert.deepEqual(merge.mergedObjectIds, [Number(loser)]);
    assert.equal(merge.newObjectId, 103);
    assert.ok(merge.numberOfPropertiesMoved >= 1);
  });

  it('tell of deletions, of returns, and twice of who is to be forgotten', async () => {
    const { ask, hands, told } = await listening([
      'contact.deletion',
      'contact.restore',
      'contact.privacyDeletion',
    ]);
    const id = hands.create('contacts', { email: 'a@x.test' });
    const types = async () =>
      (await told()).map((one) => one.subscriptionType as string).toSorted();
    await ask('DELETE', `${CONTACTS}/${id}`);
    assert.deepEqual(await types(), ['contact.deletion']);
    hands.restore('contacts', id);
    assert.deepEqual(await types(), ['contact.restore']);
    await ask('POST', `${CONTACTS}/gdpr-delete`, { objectId: id });
    assert.deepEqual(await types(), ['contact.deletion', 'contact.privacyDeletion']);
  });

  it('do not tell of times that moved by themselves, or of what ends in the archive', async () => {
    const { ask, hands, told, pass } = await listening(['contact.creation', 'contact.deletion']);
    const id = hands.create('contacts', { firstname: 'A' });
    await pass(60_000);
    await ask('DELETE', `${CONTACTS}/${id}`);
    await told();
    await pass(91 * 86_400_000);
    assert.deepEqual(await told(), []);
  });

  it('tell of any kind of records with its number', async () => {
    const { ask, hands, told, manage } = await listening([]);
    const given = { eventType: 'object.creation', objectTypeId: '0-46', active: true };
    assert.equal((await manage('POST', 'subscriptions', given)).status, 201);
    hands.create('contacts', { firstname: 'A' });
    await ask('POST', `${OBJECTS}/notes`, { properties: { hs_timestamp: '1790000000000' } });
    const events = await told();
    assert.deepEqual(
      events.map((one) => [one.subscriptionType, one.objectTypeId]),
      [['object.creation', '0-46']],
    );
  });

  it('come in lists of a hundred at most', async () => {
    const { ask, letters, pass } = await listening([
      'contact.creation',
      'contact.propertyChange firstname',
    ]);
    const inputs = Array.from({ length: 80 }, () => ({ properties: { firstname: 'A' } }));
    await ask('POST', `${CONTACTS}/batch/create`, { inputs });
    await pass(10_000);
    assert.deepEqual(
      letters.map(({ events }) => events.length).toSorted((one, other) => one - other),
      [60, 100],
    );
  });

  for (const older of ['v1', 'v2'] as const) {
    it(`are signed over the very bytes, in version 3 and in ${older}`, async () => {
      const { hands, letters, pass } = await listening(['contact.creation'], {
        olderSignature: older,
      });
      hands.create('contacts', { firstname: 'A' });
      await pass(10_000);
      const [{ headers, raw }] = letters as [Letter];
      const timestamp = Number(headers.get('x-hubspot-request-timestamp'));
      assert.equal(
        headers.get('x-hubspot-signature-v3'),
        signatureV3('hush', { url: URL, body: raw, timestamp }),
      );
      assert.equal(
        headers.get('x-hubspot-signature'),
        OLDER[older]('hush', { url: URL, body: raw }),
      );
      assert.equal(headers.get('x-hubspot-signature-version'), older);
    });
  }

  it('have the signatures that HubSpot documents', () => {
    const secret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
    const letter = {
      url: 'https://www.example.com/webhook_uri',
      body: "{'example_field':'example_value'}",
    };
    const documented = { ...letter, timestamp: 1_693_657_560_000 };
    assert.equal(signatureV3(secret, documented), 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=');
    const later = { ...letter, timestamp: 1_700_000_300_000 };
    assert.equal(signatureV3(secret, later), 'RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=');
    const escaped = {
      url: 'https://sync.example.test/hubspot/webhook?flow=hs%3Amain%2Fa',
      body: '[]',
      timestamp: 1_790_000_001_000,
    };
    assert.equal(
      signatureV3('test-client-secret-0001', escaped),
      'lofchFEbbwz33VIoWjDcPniYQHsetwxct9eTaFWWqAM=',
    );
  });

  it('have the older signatures that are known for one letter', () => {
    const event = {
      eventId: 100,
      subscriptionId: 42,
      portalId: 62_515,
      appId: 54_321,
      occurredAt: 1_790_000_000_500,
      subscriptionType: 'contact.propertyChange',
      attemptNumber: 0,
      objectId: 123,
      propertyName: 'firstname',
      propertyValue: 'Zoë',
      changeSource: 'INTEGRATION',
      sourceId: '54321',
    };
    const url = 'https://sync.example.test/hubspot/webhook';
    const letter = { url, body: JSON.stringify([event]) };
    const secret = 'test-client-secret-0001';
    assert.equal(
      signatureV3(secret, { ...letter, timestamp: 1_790_000_001_000 }),
      'sXPvLaMyp7E5wWkd2UqmgeT4Q4+0BO6lecgbxfgGfyg=',
    );
    assert.equal(
      OLDER.v1(secret, letter),
      '8407ab889ed6284a0125028eda201d63affc5e8e75106ad2879434863fe47c4c',
    );
    assert.equal(
      OLDER.v2(secret, letter),
      '5edb45fce382ac59a370b06b0015dcc3235c1060bfb13350f4f35b830545e803',
    );
  });

  it('are tried eleven times within a day, and say which attempt it is', async () => {
    const { hands, letters, pass, answer } = await listening(['contact.creation']);
    answer.status = 500;
    hands.create('contacts', { firstname: 'A' });
    await pass(25 * 3_600_000);
    assert.deepEqual(
      letters.map(({ events }) => events[0]!.attemptNumber as number),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.deepEqual(new Set(letters.map(({ events }) => events[0]!.eventId as number)).size, 1);
  });
});

describe('the webhooks of an app of HubSpot', () => {
  it('are managed with its developer key alone', async () => {
    const { send, ask } = await listening([]);
    const path = '/webhooks/v3/54321/subscriptions';
    assert.equal((await send(path, {})).status, 401);
    assert.equal((await ask('GET', path)).status, 401);
    assert.equal((await send(`${path}?hapikey=wrong`, {})).status, 401);
    assert.equal((await send('/webhooks/v3/1/subscriptions?hapikey=key', {})).status, 401);
    assert.equal((await send(`${path}?hapikey=key`, {})).status, 200);
  });

  it('are paused when they are new, and started one by one or in a batch', async () => {
    const { manage, hands, told } = await listening([]);
    const made = await manage('POST', 'subscriptions', { eventType: 'contact.creation' });
    assert.deepEqual([made.status, made.body.active, typeof made.body.id], [201, false, 'string']);
    hands.create('contacts', { firstname: 'A' });
    assert.deepEqual(await told(), []);
    const path = `subscriptions/${made.body.id}`;
    assert.equal((await manage('PATCH', path, { active: true })).body.active, true);
    hands.create('contacts', { firstname: 'B' });
    assert.equal((await told()).length, 1);
    const inputs = [
      { id: Number(made.body.id), active: false },
      { id: 99, active: true },
    ];
    const batch = await manage('POST', 'subscriptions/batch/update', { inputs });
    assert.deepEqual([batch.status, batch.body.results[0].active], [207, false]);
    assert.equal((await manage('DELETE', path)).status, 204);
    assert.equal((await manage('GET', path)).status, 404);
  });

  it('refuse what cannot be subscribed to', async () => {
    const { manage } = await listening([]);
    for (const given of [
      { eventType: 'contact.birthday' },
      { eventType: 'spaceship.creation' },
      { eventType: 'contact.propertyChange' },
      { eventType: 'company.propertyChange', propertyName: 'hs_lastmodifieddate' },
      { eventType: 'object.creation' },
    ]) {
      assert.equal((await manage('POST', 'subscriptions', given)).status, 400, given.eventType);
    }
    const few = { targetUrl: URL, throttling: { maxConcurrentRequests: 5 } };
    assert.equal((await manage('PUT', 'settings', few)).status, 400);
  });

  it('count after up to five minutes', async () => {
    const { manage, hands, told, pass } = await listening([], { webhookCacheMs: 300_000 });
    await manage('POST', 'subscriptions', { eventType: 'contact.creation', active: true });
    hands.create('contacts', { firstname: 'A' });
    assert.deepEqual(await told(), []);
    await pass(600_000);
    hands.create('contacts', { firstname: 'B' });
    assert.equal((await told()).length, 1);
  });

  it('end without an address', async () => {
    const { manage, hands, told } = await listening(['contact.creation']);
    assert.equal((await manage('GET', 'settings')).body.targetUrl, URL);
    assert.equal((await manage('DELETE', 'settings')).status, 204);
    assert.equal((await manage('GET', 'settings')).status, 404);
    hands.create('contacts', { firstname: 'A' });
    assert.deepEqual(await told(), []);
  });

  it('end with what was not yet delivered going where it was to go', async () => {
    const { manage, hands, letters, pass, answer } = await listening(['contact.creation']);
    answer.status = 500;
    hands.create('contacts', { firstname: 'A' });
    await pass(10_000);
    await manage('DELETE', 'settings');
    answer.status = 200;
    await pass(600_000);
    assert.equal(letters.length, 2);
  });

  it('of a private app are set up by hand, as the last one to do so has left them', async () => {
    const { hubspot, hands, told, manage } = await listening([], {
      app: { ...APP, kind: 'private' },
    });
    assert.equal((await manage('GET', 'settings')).status, 401);
    const set = (eventType: string) =>
      hubspot.setWebhooks('sales', { targetUrl: URL, subscriptions: [{ eventType }] });
    assert.equal(set('company.creation').secret, 'hush');
    set('contact.creation');
    hands.create('companies', { name: 'A' });
    hands.create('contacts', { firstname: 'A' });
    const events = await told();
    assert.deepEqual(
      events.map(({ subscriptionType }) => subscriptionType),
      ['contact.creation'],
    );
  });

  it('are not to be had for a service key', async () => {
    const { hubspot } = await listening([], { app: { ...APP, kind: 'serviceKey' } });
    assert.throws(
      () => hubspot.setWebhooks('sales', { targetUrl: URL, subscriptions: [] }),
      /A service key has no webhooks/,
    );
  });

  for (const [what, subscription] of [
    ['of no kind', { eventType: 'contact.sneeze' }],
    ['to a property without its name', { eventType: 'contact.propertyChange' }],
    ['without an event', {}],
  ] as const) {
    it(`${what} cannot be set up by hand either`, async () => {
      const { hubspot, hands, told } = await listening([], { app: { ...APP, kind: 'private' } });
      const good = { eventType: 'contact.creation' };
      hubspot.setWebhooks('sales', { targetUrl: URL, subscriptions: [good] });
      assert.throws(
        () => hubspot.setWebhooks('sales', { targetUrl: URL, subscriptions: [subscription] }),
        { name: 'Refused', code: 'invalid' },
      );
      hands.create('contacts', { firstname: 'A' });
      assert.equal((await told()).length, 1);
    });
  }
});

interface Letter {
  readonly headers: Headers;
  readonly raw: string;
  readonly events: readonly Json[];
}

const APP = { id: 54_321, clientSecret: 'hush', developerKey: 'key' } as const;

/** An app with these subscriptions, and somebody who answers it. */
async function listening(subscriptions: readonly string[], options: Partial<AccountOptions> = {}) {
  const token = 'refresh';
  const all: Practice = practice({ token, app: { ...APP, kind: 'oauth' }, ...options });
  const letters: Letter[] = [];
  const answer = { status: 200 };
  all.world.serve('https://sync.test', async (request) => {
    const raw = await request.text();
    letters.push({ headers: request.headers, raw, events: JSON.parse(raw) as Json[] });
    return new Response(null, { status: answer.status });
  });
  const manage = (method: string, path: string, body?: object) =>
    all.send(`/webhooks/v3/54321/${path}?hapikey=key`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await manage('PUT', 'settings', { targetUrl: URL, throttling: { maxConcurrentRequests: 10 } });
  for (const one of subscriptions) {
    const [eventType, propertyName] = one.split(' ');
    await manage('POST', 'subscriptions', { eventType, propertyName, active: true });
  }
  const access = (
    await all.send('/oauth/v1/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: token,
        client_id: '00000000-0000-4000-8000-000000054321',
        client_secret: 'hush',
      }).toString(),
    })
  ).body.access_token as string;
  /** What has come since somebody asked last. */
  let heard = 0;
  return {
    ...all,
    letters,
    answer,
    manage,
    ask: (method: string, path: string, body?: unknown) =>
      all.send(path, {
        method,
        headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    told: async (): Promise<readonly Json[]> => {
      await all.pass(2000);
      const events = letters.slice(heard).flatMap((letter) => letter.events);
      heard = letters.length;
      return events;
    },
  };
}

function inShort(one: Json): string {
  const change = one.propertyName === undefined ? '' : ` ${one.propertyName}=${one.propertyValue}`;
  return `${one.subscriptionType} ${one.objectId}${change} ${one.changeSource} ${one.sourceId}`;
}
