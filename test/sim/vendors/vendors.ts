/** The vendors that systems of the simulator can be of. */
import type { SystemScene, VendorName } from '../scenario.ts';
import type { Vendor } from '../system.ts';
import { grumpy } from './grumpy.ts';
import { hubspot } from './hubspot.ts';
import { pipedrive } from './pipedrive.ts';
import { rest } from './rest.ts';
import { twenty } from './twenty.ts';

const VENDORS: Readonly<Record<VendorName, Vendor>> = { hubspot, pipedrive, rest, twenty };

/** Who is of none that exists is Grumpy, with the abilities that the scene says. */
export function vendorOf({ vendor }: Pick<SystemScene, 'vendor'>): Vendor {
  return vendor === undefined ? grumpy : VENDORS[vendor];
}
