/** The commands, in the order of their list. A new one is a file in commands/ and a line below. */
import type { Command } from './command.ts';
import { apply } from './commands/apply.ts';
import { contacts } from './commands/contacts.ts';
import { emulate } from './commands/emulate.ts';
import { explain } from './commands/explain.ts';
import { init } from './commands/init.ts';
import { conflicts, deadLetters, reviews } from './commands/questions.ts';
import { replay } from './commands/replay.ts';
import { resolve } from './commands/resolve.ts';
import { runs } from './commands/runs.ts';
import { schema } from './commands/schema.ts';
import { setup } from './commands/setup.ts';
import { status } from './commands/status.ts';
import { sync } from './commands/sync.ts';
import { undo } from './commands/undo.ts';

export const commands: readonly Command[] = [
  init,
  setup,
  sync,
  apply,
  undo,
  explain,
  status,
  conflicts,
  reviews,
  deadLetters,
  resolve,
  replay,
  runs,
  contacts,
  emulate,
  schema,
];
