/**
 * A process that uses an embedded database and does as it is told, so that a test can kill it. Takes a
 * `UserOrder` as its argument; says `{ opened }`, `{ refused }` or `{ closed }`; closes when sent 'close'.
 */
import { openEmbeddedDatabase } from '../../runtime/store/embedded/embedded.ts';
import { thisMachine } from '../../runtime/store/embedded/machine.ts';
import type { Binaries } from '../../runtime/store/embedded/machine.ts';
import { systemWorld } from '../../runtime/world/system.ts';

export interface UserOrder {
  readonly directory: string;
  readonly binaries?: Binaries;
  readonly shortFolder?: string;
}

export interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

const { directory, binaries, shortFolder } = JSON.parse(process.argv[2] ?? '') as UserOrder;
const machine = thisMachine();
const world = systemWorld({ log: { write: () => {} } });

try {
  const database = await openEmbeddedDatabase({
    directory,
    world,
    machine: {
      ...machine,
      shortFolder: shortFolder ?? machine.shortFolder,
      findBinaries: () => binaries ?? machine.findBinaries(),
    },
  });
  process.on('message', () => {
    void database.close().then(() => {
      process.send?.({ closed: true });
      process.disconnect();
    });
  });
  process.send?.({ opened: database.connection });
} catch (error) {
  const { name, message, code } = error as Error & { code?: string };
  process.send?.({ refused: { name, message, code: code ?? '' } });
  process.disconnect();
}
