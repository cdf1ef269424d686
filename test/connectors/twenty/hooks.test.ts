/** Webhooks that are set up from here, and what comes through them. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { RawDelivery } from '../../../runtime/connectors/connector.ts';
import { idOf, NOW, practising, SECRET, type Practice } from './practice.ts';

const URL_OF_OURS = 'https://hooks.example/twenty';

async function told({ account }: Practice, collections: readonly string[], secret = SECRET) {
  return account.webhooks!.ensure({ url: URL_OF_OURS, secret, collections });
}

function writesIn({ asked }: Practice): string[] {
  const writes = asked.filter(({ method }) => method !== 'GET');
  asked.length = 0;
  return writes.map(({ method, path }) => `${method} ${path.split('/')[3]}`);
}

describe('a webhook of Twenty', () => {
  it('is set up once, corrected when it is another one, and removed', () =>
    practising(async (practice) => {
      const { account } = practice;
      practice.asked.length = 0;
      assert.deepEqual(await told(practice, ['people', 'notes']), { secret: SECRET });
      const { operations, secret } = practice.asked.at(-1)!.body as Record<string, unknown>;
      assert.deepEqual(operations, ['note.*', 'noteTarget.*', 'person.*']);
      assert.equal(secret, SECRET);
      assert.deepEqual(writesIn(practice), ['POST webhooks']);
      await told(practice, ['people', 'notes']);
      assert.deepEqual(writesIn(practice), []);
      await told(practice, ['people'], 'another-secret');
      assert.deepEqual(writesIn(practice), ['PATCH webhooks']);
      await told(practice, ['people'], 'another-secret');
      assert.deepEqual(writesIn(practice), []);
      await account.webhooks!.remove(URL_OF_OURS);
      await account.webhooks!.remove(URL_OF_OURS);
      assert.deepEqual(writesIn(practice), ['DELETE webhooks']);
    }));
});

function delivery(event: object, { secret = SECRET, at = NOW } = {}): RawDelivery {
  const text = JSON.stringify(event);
  const signature = createHmac('sha256', secret).update(`${at}:${text}`).digest('hex');
  const headers = {
    'X-Twenty-Webhook-Timestamp': `${at}`,
    'X-Twenty-Webhook-Signature': signature,
  };
  return { method: 'POST', url: URL_OF_OURS, headers, body: new TextEncoder().encode(text) };
}

function eventOf(nameSingular: string, record: object, eventDate = '2026-11-02T12:00:00.000Z') {
  const eventName = `${nameSingular}.updated`;
  return { eventName, webhookId: idOf(5), eventDate, objectMetadata: { nameSingular }, record };
}

describe('a delivery of Twenty', () => {
  it('has the same name when it comes again at another time, and another for other news', () =>
    practising(async ({ account }) => {
      const receive = (one: object) => account.receive!(delivery(one))[0]!.delivery;
      const record = { id: idOf(1), updatedAt: 'a' };
      const first = receive(eventOf('person', record));
      assert.equal(receive(eventOf('person', record, '2026-11-02T12:00:01.000Z')), first);
      assert.notEqual(receive(eventOf('person', { ...record, updatedAt: 'b' })), first);
    }));

  it('about what a note is about is about the note, and about unknown objects about nothing', () =>
    practising(async ({ account }) => {
      const receive = (one: object) =>
        account.receive!(delivery(one)).map(({ collection, id }) => `${collection} ${id}`);
      const row = eventOf('noteTarget', { id: idOf(1), noteId: idOf(2), targetPersonId: idOf(3) });
      assert.deepEqual(receive(row), [`notes ${idOf(2)}`]);
      assert.deepEqual(receive(eventOf('dinosaur', { id: idOf(1) })), []);
    }));

  it('is proven by the secret of its webhook before that of the account, and by none not at all', () =>
    practising(
      async ({ account }) => {
        const one = eventOf('person', { id: idOf(1) });
        const refused = { code: 'delivery-refused' };
        assert.equal(account.receive!(delivery(one, { secret: 'own' }), 'own').length, 1);
        assert.throws(() => account.receive!(delivery(one, { secret: 'own' })), refused);
        assert.throws(() => account.receive!(delivery(one, { secret: '' }), ''), refused);
        assert.throws(
          () => account.receive!(delivery(one, { secret: 'own', at: NOW - 400_000 }), 'own'),
          refused,
        );
      },
      { hooks: false },
    ));
});
