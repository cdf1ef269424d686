/** `tributary status`: how far the systems are known to agree, and what is left to do. */
import { CONFIG_OPTIONS, EXIT, type Command } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite } from '../installation.ts';
import { exitCodeOf, saySummary, summaryOf } from '../summary.ts';

export const status: Command = {
  name: 'status',
  summary: 'how far the systems agree, and what waits',
  about: 'Exit code 0 in sync, 2 something waits for a person, 1 something is left to do.\n',
  options: CONFIG_OPTIONS,
  run: (given) =>
    atSite(given, async (site) => {
      await demandSetup(site);
      const codes = new Set<number>();
      for (const sync of site.syncs()) {
        const summary = await summaryOf(site, sync);
        saySummary(summary, given.output);
        codes.add(exitCodeOf(summary));
      }
      return [EXIT.failed, EXIT.waiting].find((code) => codes.has(code)) ?? EXIT.good;
    }),
};
