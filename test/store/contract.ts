/** What every store promises, as one suite: work, records, and everything around them. */
import { promisesAboutAnnouncements } from './contract/announcements.ts';
import { promisesAboutBudgets } from './contract/budgets.ts';
import { promisesAboutDecisions } from './contract/decisions.ts';
import { promisesAboutJournals } from './contract/journal.ts';
import { promisesAboutKeepsakes } from './contract/keepsakes.ts';
import { promisesAboutLinks } from './contract/links.ts';
import { promisesAboutRecords } from './contract/records.ts';
import { promisesAboutTenants } from './contract/tenants.ts';
import { promisesAboutWork } from './contract/work.ts';
import type { Opened } from './scene.ts';

/** Every test has a tenant of its own, so that one store serves them all. */
export function keepsTheContract(open: () => Promise<Opened>): void {
  let opened: Opened;
  before(async function (this: Mocha.Context) {
    opened = await open();
  });
  after(() => opened.close());

  promisesAboutTenants(() => opened);
  promisesAboutWork(() => opened);
  promisesAboutRecords(() => opened);
  promisesAboutDecisions(() => opened);
  promisesAboutJournals(() => opened);
  promisesAboutLinks(() => opened);
  promisesAboutBudgets(() => opened);
  promisesAboutAnnouncements(() => opened);
  promisesAboutKeepsakes(() => opened);
}
