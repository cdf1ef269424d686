/** `tributary apply`: sends exactly what a preview showed. */
import { CONFIG_OPTIONS, type Command } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite } from '../installation.ts';
import { reportOrder } from '../orders.ts';
import { actor } from './resolve.ts';

export const apply: Command = {
  name: 'apply',
  summary: 'send exactly what a preview showed',
  about: [
    'The run is the one that "tributary sync --once --preview" names. What has moved since is told and',
    'not touched; a new preview shows what would happen to it now. It works while the sync itself is in',
    'preview. Exit code 0 all is done, 2 something has moved, 1 something is left to do.',
    '',
  ].join('\n'),
  words: ['<run>'],
  options: CONFIG_OPTIONS,
  run: (given) =>
    atSite(given, async (site) => {
      await demandSetup(site);
      const run = await site.engine.apply(site.tenant, given.words[0]!, { by: actor() });
      return reportOrder(site, 'apply', run, given.output);
    }),
};
