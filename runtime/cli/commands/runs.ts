/** `tributary runs`: what was done lately, the newest first. */
import { CONFIG_OPTIONS, EXIT, numberOption, type Command } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite } from '../installation.ts';
import { namesIn, timeOf } from '../questions.ts';

export const runs: Command = {
  name: 'runs',
  summary: 'what was done lately',
  options: {
    limit: { value: '<number>', about: 'how many; 20' },
    ...CONFIG_OPTIONS,
  },
  run(given) {
    const limit = numberOption('runs', given, { name: 'limit', otherwise: 20, max: 1_000 });
    const { output } = given;
    return atSite(given, async (site) => {
      await demandSetup(site);
      const names = namesIn(site);
      for (const run of await site.store.listRuns(site.tenant, { limit })) {
        const { id, trigger, startedAt, endedAt, counts } = run;
        const times = {
          startedAt: timeOf(startedAt),
          ...(endedAt === undefined ? {} : { endedAt: timeOf(endedAt) }),
        };
        output.tell({ id, sync: names.sync(run.sync), trigger, ...times, counts });
        const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
        output.say(
          `${id}  ${times.startedAt}  ${names.sync(run.sync)}, ${trigger}: ${told.join(', ')}`,
        );
      }
      return EXIT.good;
    });
  },
};
