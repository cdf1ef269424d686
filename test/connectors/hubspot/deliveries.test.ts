/** Webhooks of HubSpot, genuine and not. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { receive, type Expected } from '../../../runtime/connectors/hubspot/deliveries.ts';

const SECRET = 'test-client-secret-0001';
const URL = 'https://sync.example.test/hubspot/webhook';
const AT = 1_790_000_001_000;
const EVENT = {
  eventId: 100,
  subscriptionId: 42,
  portalId: 62515,
  appId: 54321,
  occurredAt: 1790000000500,
  subscriptionType: 'contact.propertyChange',
  attemptNumber: 0,
  objectId: 123,
  propertyName: 'firstname',
  propertyValue: 'Zoë',
  changeSource: 'INTEGRATION',
  sourceId: '54321',
};

const expected: Expected = {
  secret: SECRET,
  url: undefined,
  vendorNow: AT,
  portalId: '62515',
  login: 'Sales',
};

function delivered(
  body: string,
  signature: string,
  { url = URL, time = String(AT), method = 'POST' } = {},
  more: Partial<Expected> = {},
) {
  const headers = {
    'X-HubSpot-Signature-v3': signature,
    'X-HubSpot-Request-Timestamp': time,
  };
  return receive({ method, url, headers, body: Buffer.from(body) }, { ...expected, ...more });
}

function signed(body: string, { url = URL, time = String(AT), secret = SECRET } = {}): string {
  return createHmac('sha256', secret).update(`POST${url}${body}${time}`).digest('base64');
}

function hintsOf(...events: readonly object[]) {
  const body = JSON.stringify(events);
  return delivered(body, signed(body)).map(({ collection, id }) => `${collection} ${id}`);
}

describe('a webhook of HubSpot', () => {
  it('is known by the signature that HubSpot makes of it', () => {
    const body = JSON.stringify([EVENT]);
    assert.equal(Buffer.byteLength(body), 270);
    const hints = delivered(body, 'sXPvLaMyp7E5wWkd2UqmgeT4Q4+0BO6lecgbxfgGfyg=');
    const delivery = '42-123--firstname-1790000000500-100';
    assert.deepEqual(hints, [{ delivery, collection: 'contacts', id: '123' }]);
  });

  it('is signed with some letters of its address as they are', () => {
    const url = `${URL}?flow=hs%3Amain%2Fa`;
    assert.deepEqual(delivered('[]', 'lofchFEbbwz33VIoWjDcPniYQHsetwxct9eTaFWWqAM=', { url }), []);
    const undecoded = 'I7xybnfDUhiw7smYNTCg6+DbbVET4odbSNcLgvHDjjE=';
    refuses(() => delivered('[]', undecoded, { url }));
    const other = `${URL}?a=%20b%26%3D%C3%A9`;
    delivered('[]', signed('[]', { url: other }), { url: other });
  });

  it('is refused when anything about it is another', () => {
    const body = JSON.stringify([EVENT]);
    const right = signed(body);
    delivered(body, right);
    refuses(() => delivered(`${body} `, right));
    refuses(() => delivered(body, right, { url: `${URL}/` }));
    refuses(() => delivered(body, right, { method: 'PUT' }));
    refuses(() => delivered(body, right, { time: String(AT + 1) }));
    refuses(() => delivered(body, right, {}, { secret: 'another' }));
    refuses(() => delivered(body, signed(body, { secret: 'another' })));
  });

  it('is refused when it is signed for another time, before or after', () => {
    const send = (time: string) => delivered('[]', signed('[]', { time }), { time });
    for (const offMs of [-300_000, 300_000]) send(String(AT + offMs));
    for (const offMs of [-300_001, 300_001]) refuses(() => send(String(AT + offMs)));
    for (const time of ['', 'NaN', '-5', '1e12', `${AT}.5`]) refuses(() => send(time));
  });

  it('is checked against the address that was told, when a proxy stands in between', () => {
    const inside = { url: '/hooks/sales' };
    const right = signed('[]');
    delivered('[]', right, inside, { url: URL });
    refuses(() => delivered('[]', right, inside));
  });

  it('leads to what it is about, and to what that was merged from', () => {
    const merge = {
      ...EVENT,
      subscriptionType: 'contact.merge',
      objectId: 125,
      primaryObjectId: 123,
      mergedObjectIds: [124],
      newObjectId: 125,
    };
    const association = {
      ...EVENT,
      subscriptionType: undefined,
      eventType: 'company.associationChange',
      objectId: undefined,
      fromObjectId: 9,
      toObjectId: 123,
    };
    assert.deepEqual(hintsOf(merge), ['contacts 125', 'contacts 123', 'contacts 124']);
    assert.deepEqual(hintsOf(association), ['companies 9']);
    assert.deepEqual(hintsOf({ ...EVENT, subscriptionType: 'deal.deletion' }), ['deals 123']);
    const object = { ...EVENT, subscriptionType: 'object.restore' };
    assert.deepEqual(hintsOf({ ...object, objectTypeId: '0-46' }), ['notes 123']);
    assert.deepEqual(hintsOf({ ...object, objectTypeId: '2-4711' }), ['2-4711 123']);
  });

  it('that tells of one item several times leads to it once', () => {
    const other = { ...EVENT, eventId: 101, propertyName: 'lastname' };
    assert.deepEqual(hintsOf(EVENT, other), ['contacts 123']);
  });

  it('that is about another account, or about no item, leads nowhere', () => {
    assert.deepEqual(hintsOf({ ...EVENT, portalId: 1 }), []);
    assert.deepEqual(hintsOf({ ...EVENT, subscriptionType: 'conversation.creation' }), []);
    assert.deepEqual(hintsOf({ ...EVENT, subscriptionType: undefined }), []);
    assert.deepEqual(hintsOf(), []);
  });

  it('is not understood when it is genuine and says nothing we know', () => {
    for (const body of ['', 'x', '{}', '[7]', '[{}]']) {
      assert.throws(() => delivered(body, signed(body)), { kind: 'broken' });
    }
  });
});

function refuses(send: () => unknown): void {
  assert.throws(send, { code: 'delivery-refused' });
}
