/** Pipedrive for the list of vendors. */
import type { Vendor } from '../emulator.ts';
import { DEMO_ACCOUNTS } from './demo.ts';
import { Pipedrive } from './pipedrive.ts';

export const pipedrive: Vendor = {
  vendor: 'pipedrive',
  title: 'Pipedrive',
  open: (circumstances) => new Pipedrive({ ...circumstances, accounts: DEMO_ACCOUNTS }),
};
