/** `tributary emulate`: vendors on this machine, with accounts of the same people. */
import { hostsIn } from '../../world/addresses.ts';
import { randomStreams } from '../../world/random.ts';
import { systemWorld } from '../../world/system.ts';
import { numberOption, textOption, type Command } from '../command.ts';
import { live } from '../live.ts';

export const emulate: Command = {
  name: 'emulate',
  summary: 'serve a vendor, or all, with accounts of people to practise: emulate grumpy',
  about:
    'Nothing is kept when it ends. Its page shows what is in the accounts, and lets you edit.\n',
  words: ['<vendor>'],
  options: {
    port: { value: '<number>', about: 'port to serve on; 0 takes a free one; 4010' },
    records: { value: '<number>', about: 'how many people; 200' },
    seed: { value: '<text>', about: 'the same seed makes the same people; 1' },
  },
  async run(given) {
    const port = numberOption('emulate', given, { name: 'port', otherwise: 4010, max: 65_535 });
    const records = numberOption('emulate', given, {
      name: 'records',
      otherwise: 200,
      max: 100_000,
    });
    const random = randomStreams(textOption(given, 'seed') ?? '1');
    // Whoever practises takes webhooks on this machine.
    const allowedHosts = [
      '127.0.0.1',
      'localhost',
      ...hostsIn(given.environment['TRIBUTARY_ALLOWED_HOSTS']),
    ];
    const world = { ...systemWorld({ log: process.stderr, allowedHosts }), random };
    return live(world, async (lifetime) => {
      // Only this command needs vendors of its own.
      const { serveVendors } = await import('../../emulators/vendors.ts');
      const served = serveVendors(given.words, world);
      served.seed(records);
      const listening = await served.listen({ port });
      lifetime.opened('requests', () => listening.close());
      for (const { name, token } of served.tokens) given.output.say(`${name}: token ${token}`);
      given.output.say(`${served.areReady} at ${listening.url}`);
    });
  },
};
