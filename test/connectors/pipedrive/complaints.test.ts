import assert from 'node:assert/strict';
import type { VendorError } from '../../../runtime/connectors/connector.ts';
import { inWorld } from '../in-world.ts';
import { failureOf } from '../scene.ts';
import { page, practice, refusal } from './practice.ts';

const tooMany = (headers: Readonly<Record<string, string>> = {}, error = 'request over limit') =>
  Response.json({ success: false, error, errorCode: 429 }, { status: 429, headers });

describe('Pipedrive, when it says that a call was one too many,', () => {
  const told = ({ kind, limit, retryAfterMs }: VendorError) => [kind, limit, retryAfterMs];
  const listed = (answer: Response) =>
    failures({ 'GET /api/v2/persons': answer }, 1).then(([failure]) => told(failure!));

  it('means the limit for two seconds, for as long as it says', async () => {
    const headers = { 'x-ratelimit-reset': '2', 'x-ratelimit-remaining': '0' };
    assert.deepEqual(await listed(tooMany(headers)), ['throttled', 'burst', 2_000]);
    assert.deepEqual(await listed(tooMany()), ['throttled', 'burst', undefined]);
    const both = { ...headers, 'retry-after': '5' };
    assert.deepEqual(await listed(tooMany(both)), ['throttled', 'burst', 5_000]);
  });

  it('means the limit for a day, when nothing is left of it or its words say so', async () => {
    const used = { 'x-ratelimit-reset': '2', 'x-daily-ratelimit-token-remaining': '0' };
    assert.deepEqual(await listed(tooMany(used)), ['throttled', 'daily', 1_800_000]);
    const words = tooMany({}, 'Daily budget exceeded');
    assert.deepEqual(await listed(words), ['throttled', 'daily', 1_800_000]);
    const left = { 'x-ratelimit-reset': '2', 'x-daily-ratelimit-token-remaining': '7' };
    assert.deepEqual(await listed(tooMany(left)), ['throttled', 'burst', 2_000]);
  });

  it('means the limit for searches, when it was a search', async () => {
    const answers = { 'GET /api/v2/persons/search': tooMany({ 'x-ratelimit-reset': '2' }) };
    const { world, open } = practice(answers);
    const failure = await inWorld(world, async () => {
      const items = await (await open()).collection('persons');
      return failureOf(items.find!('name', ['Anna']));
    });
    assert.deepEqual(told(failure), ['throttled', 'search', 2_000]);
  });

  it('cannot mean two seconds again and again, until something is answered', async () => {
    let isFull = true;
    const answer = () => (isFull ? tooMany({ 'x-ratelimit-reset': '2' }) : page([]));
    const { world, open } = practice({ 'GET /api/v2/persons': answer });
    await inWorld(world, async () => {
      const items = await (await open()).collection('persons');
      const limits: (string | undefined)[] = [];
      const ask = async () => limits.push((await failureOf(items.list({ limit: 1 }))).limit);
      for (let n = 0; n < 5; n += 1) await ask();
      assert.deepEqual(limits, ['burst', 'burst', 'burst', 'daily', 'daily']);
      isFull = false;
      await items.list({ limit: 1 });
      isFull = true;
      await ask();
      assert.equal(limits.at(-1), 'burst');
    });
  });
});

describe('Pipedrive, when it says no to a whole call,', () => {
  it('has locked the account out, is not paid, or does not allow it', async () => {
    const kinds: unknown[] = [];
    for (const answer of [
      new Response('<h1>403</h1>', { status: 403 }),
      refusal(402, 'Company account is not open'),
      refusal(403, 'You do not have permissions to do this.'),
      refusal(410, 'gone'),
      refusal(500, 'oops'),
    ]) {
      const [failure] = await failures({ 'GET /api/v2/persons': answer }, 1);
      kinds.push([failure!.kind, failure!.retryAfterMs]);
    }
    assert.deepEqual(kinds, [
      ['throttled', 150_000],
      ['forbidden', undefined],
      ['forbidden', undefined],
      ['missing', undefined],
      ['transient', undefined],
    ]);
  });

  it('is quoted with its code and its words', async () => {
    const answer = refusal(400, 'Bad thing', { code: 'ERR_X', error_info: 'Please check' });
    const [failure] = await failures({ 'GET /api/v2/persons': answer }, 1);
    assert.match(failure!.message, /\(400: ERR_X Bad thing\)/);
    const [silent] = await failures({ 'GET /api/v2/persons': refusal(400, '') }, 1);
    assert.match(silent!.message, /\(400\)/);
  });
});

async function failures(
  answers: Parameters<typeof practice>[0],
  count: number,
): Promise<readonly VendorError[]> {
  const { world, open } = practice(answers);
  return inWorld(world, async () => {
    const items = await (await open()).collection('persons');
    const all: VendorError[] = [];
    for (let n = 0; n < count; n += 1) all.push(await failureOf(items.list({ limit: 1 })));
    return all;
  });
}
