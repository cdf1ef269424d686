/**
 * Emulators on this machine for tests. Their world is the real one, except that what is to happen
 * later happens at once and that chance has a seed; so no test waits, and each run is like the last.
 */
import type { Emulator } from '../../runtime/emulators/emulator.ts';
import { openGrumpy, type AccountOptions } from '../../runtime/emulators/grumpy/grumpy.ts';
import { serve, type Served } from '../../runtime/emulators/server.ts';
import { randomStreams } from '../../runtime/world/random.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import type { Json } from './grumpy/practice.ts';

export interface Local extends Served {
  readonly grumpy: Emulator;
  readonly url: string;
  readonly logged: readonly string[];
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Asked>;
}

export interface Asked {
  readonly status: number;
  readonly body: Json;
}

/** For the body of a `describe`. All of them are closed after each test. */
export function localEmulators(): (accounts?: readonly AccountOptions[]) => Promise<Local> {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });
  return async (accounts) => {
    const logged: string[] = [];
    const world = {
      ...systemWorld({
        log: { write: (line) => logged.push(line) },
        allowedHosts: ['127.0.0.1'],
      }),
      random: randomStreams('1'),
      schedule: scheduleOn((_delayMs, task) => {
        const soon = setImmediate(task);
        return () => clearImmediate(soon);
      }),
    };
    const options = accounts === undefined ? {} : { accounts };
    const { emulators, ...made } = serve({
      world,
      open: (given) => [openGrumpy({ ...given, ...options })],
    });
    const listening = await made.listen({ port: 0 });
    closing.push(() => listening.close());
    const { url } = listening;
    return { ...made, grumpy: emulators[0], url, logged, ask: (...what) => ask(url, ...what) };
  };
}

async function ask(url: string, method: string, path: string, body?: unknown): Promise<Asked> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: 'Bearer demo-sales', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
