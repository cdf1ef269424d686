/** Twenty for the list of vendors. */
import type { Vendor } from '../emulator.ts';
import { DEMO_ACCOUNTS } from './demo.ts';
import { Twenty } from './twenty.ts';

export const twenty: Vendor = {
  vendor: 'twenty',
  title: 'Twenty',
  open: (circumstances) => new Twenty({ ...circumstances, accounts: DEMO_ACCOUNTS }),
};
