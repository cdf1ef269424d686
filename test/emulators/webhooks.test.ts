import assert from 'node:assert/strict';
import type { Change } from '../../runtime/emulators/crm/model.ts';
import { Webhooks, type Outcome, type WebhookDialect } from '../../runtime/emulators/webhooks.ts';
import { crmPractice } from './crm/practice.ts';

interface Hook {
  readonly url: string;
  readonly password: string;
}

describe('webhooks in a dialect', () => {
  it('say what the vendor says, one delivery per message, by its own clock', async () => {
    const { received, hands, quiet } = listening({ clockSkewMs: 5000 });
    hands.create('companies', { name: 'Zoë' });
    hands.merge('companies', hands.create('companies', {}), '1');
    await quiet();
    assert.deepEqual(received.map(({ body }) => body).toSorted(), [
      'created 1 Zoë',
      'created 2 null',
      'merged 2 undefined',
      'updated 1 Zoë',
    ]);
    const [first] = received;
    assert.equal(first!.headers.get('authorization'), 'hush');
    assert.equal(first!.headers.get('content-type'), 'text/plain');
    assert.match(first!.headers.get('sent')!, /^sales-\d 0 2026-01-01T00:00:0[56]/);
  });

  it('are tried again as the vendor does, until it takes an answer for good', async () => {
    let tries = 0;
    const { received, heard, hands, quiet } = listening({
      answer: () => {
        tries += 1;
        if (tries === 1) return undefined;
        return new Response('fine', { status: tries === 2 ? 200 : 202 });
      },
    });
    hands.create('companies', {});
    await quiet();
    const tried = heard.map(({ attempt, status, isAccepted }) => [attempt, status, isAccepted]);
    assert.deepEqual(tried, [
      [0, undefined, false],
      [1, 200, false],
      [2, 202, true],
    ]);
    const waits = received.slice(1).map(({ atMs }, index) => atMs - received[index]!.atMs);
    for (const [index, expectedMs] of [10_000 + 3000, 30_000].entries()) {
      const differenceMs = waits[index]! - expectedMs;
      assert.ok(Math.abs(differenceMs) < 300, `${waits[index]}`);
    }
  });

  it('can be taken away by the vendor itself, when nobody listens', async () => {
    const { webhooks, hands, quiet, heard } = listening({
      answer: () => new Response(null, { status: 500 }),
      giveUp: true,
    });
    hands.create('companies', {});
    await quiet();
    assert.equal(webhooks.hooks.size, 0);
    assert.equal(heard.length, 1);
  });
});

function listening({
  clockSkewMs = 0,
  answer = () => new Response(null, { status: 202 }),
  giveUp = false,
}: {
  clockSkewMs?: number;
  /** Undefined for an answer that never comes. */
  answer?: () => Response | undefined;
  giveUp?: boolean;
} = {}) {
  const { world, account, hands } = crmPractice({ clockSkewMs });
  const received: { atMs: number; body: string; headers: Headers }[] = [];
  const heard: Outcome[] = [];
  const dialect: WebhookDialect<Hook, Change> = {
    answerMsMax: 3000,
    retriesAfterMs: [10_000, 30_000],
    messages: (_hook, changes) => changes,
    letter: ({ password }, { kind, id, after }, { delivery, attempt, nowMs }) => ({
      headers: {
        authorization: password,
        'content-type': 'text/plain',
        sent: `${delivery} ${attempt} ${new Date(nowMs).toISOString()}`,
      },
      body: `${kind} ${id} ${after?.fields['name'] as string}`,
    }),
    isAccepted: ({ status }) => status === 202,
    heard(_hook, outcome) {
      heard.push(outcome);
      if (giveUp) webhooks.remove(outcome.hook);
    },
  };
  const webhooks = new Webhooks<Hook>({ account, world, dialect });
  webhooks.add({ url: 'https://hooks.test/in', password: 'hush' });
  world.serve('https://hooks.test', async (request) => {
    const body = await request.text();
    received.push({ atMs: world.clock.now(), body, headers: request.headers });
    return answer() ?? new Promise<never>(() => {});
  });
  return { webhooks, hands, received, heard, quiet: () => world.runUntilQuiet() };
}
