/** The vendors that systems of the simulator can be of. */
import type { SystemScene } from '../scenario.ts';
import type { Vendor } from '../system.ts';
import { grumpy } from './grumpy.ts';

export function vendorOf(_scene: SystemScene): Vendor {
  return grumpy;
}
