/** Grumpy for the list of vendors, and alone as a local server with accounts of one's own. */
import type { World } from '../../world/world.ts';
import type { Vendor } from '../emulator.ts';
import { serve, type Served } from '../server.ts';
import { DEMO_ACCOUNTS } from './demo.ts';
import { Grumpy } from './grumpy.ts';
import type { AccountOptions } from './options.ts';

export const grumpy: Vendor = {
  vendor: 'grumpy',
  title: 'Grumpy',
  open: (circumstances) => new Grumpy({ ...circumstances, accounts: DEMO_ACCOUNTS }),
};

/** @internal */
export interface ServedGrumpy extends Served {
  readonly grumpy: Grumpy;
}

/** @internal For tests and measurements. */
export function emulator({
  world,
  accounts = DEMO_ACCOUNTS,
}: {
  world: World;
  accounts?: readonly AccountOptions[];
}): ServedGrumpy {
  const { emulators, ...served } = serve({
    world,
    open: (circumstances) => [new Grumpy({ ...circumstances, accounts })],
  });
  return { ...served, grumpy: emulators[0] };
}
