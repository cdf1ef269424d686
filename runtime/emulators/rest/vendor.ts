/** Own apps for the list of vendors. */
import type { Vendor } from '../emulator.ts';
import { DEMO_ACCOUNTS } from './demo.ts';
import { Rest } from './rest.ts';

export const rest: Vendor = {
  vendor: 'rest',
  title: 'Own app',
  open: (circumstances) => new Rest({ ...circumstances, accounts: DEMO_ACCOUNTS }),
};
