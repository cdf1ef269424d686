/**
 * `node runtime/emulators/main.ts [--port 4010] [--people 200]`: the emulator with its accounts for
 * demonstrations, until the process is stopped. The last line of a good start has the address.
 */
import { parseArgs } from 'node:util';
import { TributaryError } from '../core/errors.ts';
import { systemWorld } from '../world/system.ts';
import { DEMO_ACCOUNTS } from './demo.ts';
import { emulator } from './server.ts';

try {
  const { port, people } = settings();
  // Whoever practises takes webhooks on this machine.
  const server = emulator({ world: systemWorld({ allowedHosts: ['127.0.0.1', 'localhost'] }) });
  server.seed(people);
  const { url } = await server.listen({ port });
  const tokens = DEMO_ACCOUNTS.map(({ name, token }) => `${name}: ${token}`).join(', ');
  process.stdout.write(`Tokens of the accounts: ${tokens}\nGrumpy is ready at ${url}\n`);
} catch (error) {
  if (!(error instanceof TributaryError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function settings(): { port: number; people: number } {
  try {
    const options = { port: { type: 'string' }, people: { type: 'string' } } as const;
    const { port = '4010', people = '200' } = parseArgs({ options }).values;
    return { port: numberOf(port), people: numberOf(people) };
  } catch (error) {
    throw new TributaryError('emulator-arguments', {
      what: `The emulator was not started: ${(error as Error).message}.`,
      next: 'Use --port and --people, each with a number.',
      cause: error,
    });
  }
}

function numberOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new TypeError(`"${text}" is no number up to 99999`);
}
