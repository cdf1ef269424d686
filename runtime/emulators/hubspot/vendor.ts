/** HubSpot for the list of vendors. */
import type { Vendor } from '../emulator.ts';
import { DEMO_ACCOUNTS } from './demo.ts';
import { HubSpot } from './hubspot.ts';

export const hubspot: Vendor = {
  vendor: 'hubspot',
  title: 'HubSpot',
  open: (circumstances) => new HubSpot({ ...circumstances, accounts: DEMO_ACCOUNTS }),
};
