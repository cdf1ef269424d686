/** The vendors that there are emulators of, one line each, and the way to serve them by name. */
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import type { Vendor } from './emulator.ts';
import { grumpy } from './grumpy/vendor.ts';
import { hubspot } from './hubspot/vendor.ts';
import { pipedrive } from './pipedrive/vendor.ts';
import { rest } from './rest/vendor.ts';
import { serve, type Served } from './server.ts';
import { twenty } from './twenty/vendor.ts';

const VENDORS: readonly Vendor[] = [grumpy, hubspot, pipedrive, rest, twenty];

export interface ServedVendors extends Served {
  /** As in "Grumpy is ready". */
  readonly titles: string;
  readonly tokens: readonly { readonly name: string; readonly token: string }[];
}

/** With their accounts for demonstrations; `all` are all vendors there are. */
export function serveVendors(names: readonly string[], world: World): ServedVendors {
  const [first, ...more] = names.includes('all') ? VENDORS : [...new Set(names)].map(vendorNamed);
  const { emulators, ...served } = serve({
    world,
    open: (circumstances) => [
      first!.open(circumstances),
      ...more.map((vendor) => vendor.open(circumstances)),
    ],
  });
  return {
    ...served,
    titles: emulators.map(({ title }) => title).join(', '),
    tokens: emulators.flatMap((emulator) =>
      emulator.accounts.map((name) => ({ name, token: emulator.account(name).token })),
    ),
  };
}

function vendorNamed(name: string): Vendor {
  const found = VENDORS.find(({ vendor }) => vendor === name);
  if (found !== undefined) return found;
  throw new TributaryError('emulator-vendor', {
    what: `There is no emulator of "${name}".`,
    next: `Use ${VENDORS.map(({ vendor }) => vendor).join(', ')} or all.`,
  });
}
