/**
 * Emulators as servers for clients that others wrote. What is to happen later happens at once, so nobody
 * waits; searches know everything as soon as it is there.
 */
import type { Circumstances, Emulator } from '../../runtime/emulators/emulator.ts';
import { serve } from '../../runtime/emulators/server.ts';
import { randomStreams } from '../../runtime/world/random.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';

export interface Server<One> {
  readonly emulator: One;
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export async function served<One extends Emulator>(
  open: (circumstances: Circumstances) => One,
): Promise<Server<One>> {
  const world = {
    ...systemWorld({ log: { write: () => true }, allowedHosts: ['127.0.0.1'] }),
    random: randomStreams('1'),
    schedule: scheduleOn((_delayMs, task) => {
      const soon = setImmediate(task);
      return () => clearImmediate(soon);
    }),
  };
  const { emulators, ...server } = serve({ world, open: (circumstances) => [open(circumstances)] });
  const listening = await server.listen({ port: 0 });
  const url = listening.url.replace(/\/$/, '');
  return { emulator: emulators[0], url, close: () => listening.close() };
}
