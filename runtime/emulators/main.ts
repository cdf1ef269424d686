/**
 * `node runtime/emulators/main.ts [grumpy ...] [--port 4010] [--people 200]`: emulators of these vendors,
 * or of `all`, with their accounts for demonstrations, until the process is stopped. The last line of a
 * good start has the address.
 */
import { parseArgs } from 'node:util';
import { TributaryError } from '../core/errors.ts';
import { systemWorld } from '../world/system.ts';
import { serveVendors } from './vendors.ts';

try {
  const { vendors, port, people } = settings();
  // Whoever practises takes webhooks on this machine.
  const world = systemWorld({ allowedHosts: ['127.0.0.1', 'localhost'] });
  const served = serveVendors(vendors, world);
  served.seed(people);
  const { url } = await served.listen({ port });
  const tokens = served.tokens.map(({ name, token }) => `${name}: ${token}`).join(', ');
  process.stdout.write(`Tokens of the accounts: ${tokens}\n${served.areReady} at ${url}\n`);
} catch (error) {
  if (!(error instanceof TributaryError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function settings(): { vendors: readonly string[]; port: number; people: number } {
  try {
    const options = { port: { type: 'string' }, people: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const { port = '4010', people = '200' } = values;
    const vendors = positionals.length === 0 ? ['grumpy'] : positionals;
    return { vendors, port: numberOf(port), people: numberOf(people) };
  } catch (error) {
    throw new TributaryError('emulator-arguments', {
      what: `The emulator was not started: ${(error as Error).message}.`,
      next: 'Name vendors, and use --port and --people, each with a number.',
      cause: error,
    });
  }
}

function numberOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new TypeError(`"${text}" is no number up to 99999`);
}
