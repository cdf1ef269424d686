/** `tributary replay`: work that failed for good is tried once more, or dropped. */
import { TributaryError } from '../../core/errors.ts';
import type { WorkKey } from '../../store/store.ts';
import { CONFIG_OPTIONS, EXIT, isOn, misused, type Command } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite, type Site } from '../installation.ts';
import { openDeadLetters } from '../pages.ts';
import { actor } from './resolve.ts';

export const replay: Command = {
  name: 'replay',
  summary: 'try dead letters again, one or --all',
  about: 'They are marked here; the next sync, or the daemon, tries them.\n',
  words: ['[id]'],
  options: {
    all: { about: 'all of them' },
    drop: { about: 'give them up instead' },
    ...CONFIG_OPTIONS,
  },
  async run(given) {
    const [id] = given.words;
    if ((id === undefined) !== isOn(given, 'all')) {
      throw misused('replay', 'Name one dead letter, or say --all.');
    }
    return atSite(given, async (site) => {
      await demandSetup(site);
      const keys = await keysOf(site, id);
      const answer = isOn(given, 'drop') ? 'drop' : 'replay';
      const now = site.world.clock.now();
      const audit = keys.map(() => ({ actor: actor(), action: `dead letter: ${answer}` }));
      await site.store.answerDeadLetters(site.tenant, { now, keys, answer, audit });
      given.output.tell({ event: answer, count: keys.length });
      const done = answer === 'drop' ? 'given up' : 'to be tried again: tributary sync --once';
      given.output.say(`${keys.length} dead letters ${done}`);
      return EXIT.good;
    });
  },
};

async function keysOf({ store, tenant }: Site, id: string | undefined): Promise<WorkKey[]> {
  const keys: WorkKey[] = [];
  for await (const letter of openDeadLetters(store, tenant)) {
    if (id === undefined || letter.id === id) keys.push(letter.key);
  }
  if (keys.length > 0 || id === undefined) return keys;
  throw new TributaryError('nothing-open', {
    what: `No dead letter with the id ${id} is open.`,
    next: 'See tributary dead-letters.',
  });
}
