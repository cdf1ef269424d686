/** `tributary undo`: takes back what a run wrote, in all systems. */
import { CONFIG_OPTIONS, EXIT, isOn, type Command } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite } from '../installation.ts';
import { reportOrder } from '../orders.ts';
import { showPreview } from '../preview.ts';
import { namesIn } from '../questions.ts';
import { actor } from './resolve.ts';

export const undo: Command = {
  name: 'undo',
  summary: 'take back what a run wrote, except where somebody has edited since',
  about: [
    'Old values go back in all systems, items that the run made are removed, records that it deleted',
    'come back. What is left alone is told, with the reason. An undo is a run as well and can be undone.',
    'Exit code 0 all is taken back, 2 something was left alone, 1 something is left to do.',
    '',
  ].join('\n'),
  words: ['<run>'],
  options: {
    preview: { about: 'show every write with before and after, send nothing' },
    ...CONFIG_OPTIONS,
  },
  run: (given) =>
    atSite(given, async (site) => {
      await demandSetup(site);
      const { output } = given;
      const isPreview = isOn(given, 'preview');
      const order = { isPreview, by: actor() };
      const run = await site.engine.undo(site.tenant, given.words[0]!, order);
      if (!isPreview) return reportOrder(site, 'undo', run, output);
      const sync = namesIn(site).sync(run.sync);
      const writes = await showPreview(site, sync, run, output);
      output.tell({ event: 'preview', sync, run: run.id, writes });
      output.say(`${sync}: ${writes} writes, none of them sent`);
      return EXIT.good;
    }),
};
