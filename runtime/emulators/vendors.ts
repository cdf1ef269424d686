/** The vendors that there are emulators of, one line each, and the way to serve them by name. */
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import type { Circumstances, Emulator } from './emulator.ts';
import { openGrumpy } from './grumpy/grumpy.ts';
import { openHubSpot } from './hubspot/hubspot.ts';
import { openPipedrive } from './pipedrive/pipedrive.ts';
import { openRest } from './rest/rest.ts';
import { serve, type Served } from './server.ts';
import { openTwenty } from './twenty/twenty.ts';

type Open = (circumstances: Circumstances) => Emulator;

const VENDORS = new Map<string, Open>([
  ['grumpy', openGrumpy],
  ['hubspot', openHubSpot],
  ['pipedrive', openPipedrive],
  ['rest', openRest],
  ['twenty', openTwenty],
]);

export interface ServedVendors extends Served {
  /** As in "Grumpy is ready", "HubSpot and Twenty are ready". */
  readonly areReady: string;
  readonly tokens: readonly { readonly name: string; readonly token: string }[];
}

/** With their accounts for demonstrations; `all` are all vendors there are. */
export function serveVendors(names: readonly string[], world: World): ServedVendors {
  const chosen = names.includes('all') ? VENDORS.keys() : new Set(names);
  const [first, ...more] = [...chosen].map(vendorNamed);
  const { emulators, ...served } = serve({
    world,
    open: (circumstances) => [first!(circumstances), ...more.map((open) => open(circumstances))],
  });
  return {
    ...served,
    areReady: readyOf(emulators.map(({ title }) => title)),
    tokens: emulators.flatMap((emulator) =>
      emulator.accounts.map((name) => ({ name, token: emulator.account(name).token })),
    ),
  };
}

function readyOf(titles: readonly string[]): string {
  const list = new Intl.ListFormat('en').format(titles);
  return `${list} ${titles.length === 1 ? 'is' : 'are'} ready`;
}

function vendorNamed(name: string): Open {
  const found = VENDORS.get(name);
  if (found !== undefined) return found;
  throw new TributaryError('emulator-vendor', {
    what: `There is no emulator of "${name}".`,
    next: `Use ${[...VENDORS.keys()].join(', ')} or all.`,
  });
}
