import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemWorld, type LogTarget } from '../../runtime/world/system.ts';

describe('the system world', () => {
  it('shows the time of the machine', () => {
    const { clock } = systemWorld();
    const before = Date.now();
    const now = clock.now();
    assert.ok(before <= now && now <= Date.now());
    const first = clock.monotonicMs();
    assert.ok(clock.monotonicMs() >= first);
  });

  it('has chance, ids and secrets of its own at each start', () => {
    const one = systemWorld();
    const other = systemWorld();
    assert.notEqual(one.random('a').next(), other.random('a').next());
    assert.notEqual(one.newId().slice(14), other.newId().slice(14));
    assert.equal(one.secretBytes(32).length, 32);
    assert.notDeepEqual(one.secretBytes(32), one.secretBytes(32));
  });

  it('fetches over the network', async () => {
    const server = createServer((request, response) => response.end(`you asked ${request.url}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const request = new Request(`http://127.0.0.1:${port}/contacts`);
      const response = await systemWorld({ allowedHosts: ['127.0.0.1'] }).network.fetch(request);
      assert.equal(await response.text(), 'you asked /contacts');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('runs later work once, in the order of its time, unless called off', async () => {
    const { schedule } = systemWorld();
    const ran: string[] = [];
    schedule.after(2, () => ran.push('second'));
    schedule.after(0, () => ran.push('first'));
    schedule.after(0, () => ran.push('never'))();
    await schedule.sleep(5);
    assert.deepEqual(ran, ['first', 'second']);
  });

  it('does not run work at once that is due in a month', async () => {
    const { schedule } = systemWorld();
    let ran = false;
    const cancel = schedule.after(31 * 24 * 60 * 60 * 1000, () => (ran = true));
    await schedule.sleep(5);
    cancel();
    assert.equal(ran, false);
  });

  it('wakes from an aborted sleep', async () => {
    const controller = new AbortController();
    const sleeping = systemWorld().schedule.sleep(60_000, controller.signal);
    controller.abort(new Error('closing down'));
    await assert.rejects(sleeping, /closing down/);
  });
});

describe('the log of the system world', () => {
  it('writes one line of JSON per entry where nobody watches', () => {
    const { target, lines } = memory();
    const { log } = systemWorld({ log: target });
    log.write('info', 'Started.');
    log.write('warn', 'Slow.', { ms: 1200, error: new Error('late\nagain'), count: 10n });
    const [first, second] = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines().length, 2);
    assert.deepEqual(Object.keys(first!), ['time', 'level', 'message']);
    assert.match(String(first!['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(second!['level'], 'warn');
    const details = second!['details'] as Record<string, unknown>;
    assert.equal(details['ms'], 1200);
    assert.equal(details['count'], '10n');
    assert.match(String(details['error']), /^Error: late\nagain\n +at /);
  });

  it('survives details that are no JSON', () => {
    const { target, lines } = memory();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    systemWorld({ log: target }).log.write('info', 'Round.', { circle, nothing: undefined });
    const { details } = JSON.parse(lines()[0]!) as { details: Record<string, string> };
    assert.match(details['circle']!, /Circular/);
    assert.equal(details['nothing'], 'undefined');
  });

  it('writes for people on a terminal', () => {
    const { target, lines } = memory({ isTTY: true });
    systemWorld({ log: target }).log.write('error', 'No answer.', { vendor: 'hubspot', tries: 3 });
    assert.match(lines()[0]!, /^\d\d:\d\d:\d\d \S*error\S* No answer\. vendor=hubspot tries=3$/);
  });

  it('lets no text forge a line or a colour', () => {
    const { target, lines } = memory({ isTTY: true });
    systemWorld({ log: target }).log.write('info', 'A\nB', { name: 'Eve\r\u001b[31m\u009bC' });
    assert.equal(lines().length, 1);
    assert.ok(lines()[0]!.endsWith(String.raw`A\u000aB name=Eve\u000d\u001b[31m\u009bC`));
  });

  it('leaves out what is below its level', () => {
    const { target, lines } = memory();
    const { log } = systemWorld({ log: target, logLevel: 'warn' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log.write(level, level);
    const levels = lines().map((line) => (JSON.parse(line) as { level: string }).level);
    assert.deepEqual(levels, ['warn', 'error']);
  });
});

function memory({ isTTY = false } = {}): { target: LogTarget; lines: () => string[] } {
  let text = '';
  const target = { isTTY, write: (line: string) => (text += line) };
  return { target, lines: () => text.split('\n').slice(0, -1) };
}
