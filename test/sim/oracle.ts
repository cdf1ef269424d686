/**
 * God's judgement when nothing happens any more. It sees the true items of all systems and everything
 * that was ever done to them, what the store holds, and who typed what; the engine is never asked.
 * Each violation is a line for a person: which record, where, what happened.
 *
 * What no engine can prevent is counted and not held against it: where a system offers neither
 * conditional writes nor history, an edit made between our read and our write is overwritten.
 */
import type { Change, Grumpy } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { Rows } from '../../runtime/store/memory/rows.ts';
import type { AuditReport } from '../../runtime/store/store.ts';
import type { Ledger } from './ledger.ts';
import { disagreements } from './oracle/agreement.ts';
import { lostEdits } from './oracle/edits.ts';
import { unexplainedWrites } from './oracle/writes.ts';
import type { People } from './people.ts';
import type { Scenario } from './scenario.ts';
import type { System } from './setting.ts';
import type { Struck } from './trouble.ts';
import type { Witness } from './witness.ts';

export interface Rest {
  readonly scenario: Scenario;
  readonly systems: readonly System[];
  handsOf(system: System): ReturnType<Grumpy['account']>;
  rowsOf(tenant: number): Rows;
  readonly ledger: Ledger;
  readonly people: Pick<People, 'areRelated' | 'couldBeTwo' | 'deleted'>;
  readonly drifted: ReadonlySet<string>;
  readonly witness: Pick<Witness, 'stored' | 'read'>;
  /** What was written after everything had come to rest. */
  readonly quietWrites: readonly Change[];
  readonly audits: readonly AuditReport[];
  /** What was thrown at those who called the engine. */
  readonly errors: readonly string[];
  readonly struck: readonly Struck[];
}

export interface Judgement {
  readonly violations: readonly string[];
  readonly exposed: number;
}

export function violationsAtRest(rest: Rest): Judgement {
  const { violations: lost, exposed } = lostEdits(rest);
  return {
    exposed,
    violations: [
      ...disagreements(rest),
      ...lost,
      ...unexplainedWrites(rest),
      ...rest.quietWrites.map((change) => `written after all was quiet: ${told(change)}`),
      ...rest.systems.flatMap(({ tenant }, index, all) =>
        all.findIndex((one) => one.tenant === tenant) === index ? unfinished(rest, tenant) : [],
      ),
      ...rest.audits.flatMap(({ brokenAt }) =>
        brokenAt === undefined ? [] : [`the audit chain is broken at batch ${brokenAt}`],
      ),
      ...thrown(rest),
    ],
  };
}

export function told({ collection, id, kind, by, before, after }: Change): string {
  const code = String((after ?? before)?.fields.code ?? '?');
  const fields = Object.entries(after?.fields ?? {}).filter(
    ([path, value]) => JSON.stringify(value) !== JSON.stringify(before?.fields[path] ?? null),
  );
  const what =
    kind === 'updated' ? ` to ${JSON.stringify(Object.fromEntries(fields)).slice(0, 200)}` : '';
  return `${by} ${kind} ${code} (${collection} ${id})${what}`;
}

/** Nothing is left to be done, and no answer is still waited for. */
function unfinished({ rowsOf }: Rest, tenant: number): string[] {
  const { dirty, records, inbox } = rowsOf(tenant);
  const waiting = [...dirty.values()].map(
    ({ key, attempts, lastError }) =>
      `${JSON.stringify(key)} still waits after ${attempts} attempts${lastError ? `: ${lastError}` : ''}`,
  );
  const unsettled = [...records.values()].flatMap(({ intents }) =>
    [...intents.values()]
      .filter(({ state }) => state === 'armed' || state === 'unknown')
      .map(({ op, state, id }) => `the ${op} ${id} is still ${state}`),
  );
  const unread = [...inbox.values()]
    .filter(({ processedAt }) => processedAt === undefined)
    .map(({ id }) => `nobody looked into delivery ${id}`);
  return [...waiting, ...unsettled, ...unread];
}

/** Where the database was taken away, calls may fail; otherwise nothing is thrown at a caller. */
function thrown({ errors, struck }: Rest): string[] {
  const isExcused = struck.some(({ fault }) => fault === 'databaseLost');
  const unexpected = errors.filter(
    (error) =>
      !isExcused || (!error.includes('database-unreachable') && !error.includes('took it away')),
  );
  return [...new Set(unexpected)].map((error) => `thrown: ${error}`);
}
