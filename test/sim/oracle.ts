/**
 * God's judgement when nothing happens any more. It sees the true items of all systems and everything
 * that was ever done to them, what the store holds, and who typed what; the engine is never asked.
 * Each violation is a line for a person: which record, where, what happened.
 *
 * What no engine can prevent is counted and not held against it: where a system offers neither
 * conditional writes nor history, an edit made between our read and our write is overwritten.
 */
import type { Link } from '../../runtime/core/planner/model.ts';
import { BRAKE_PREFIX } from '../../runtime/engine/case.ts';
import type { Rows } from '../../runtime/store/memory/rows.ts';
import { disagreements } from './oracle/agreement.ts';
import { lostEdits } from './oracle/edits.ts';
import type { Judgement, Rest } from './oracle/rest.ts';
import { unexplainedWrites } from './oracle/writes.ts';
import { told } from './told.ts';

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
      ...hurried(rest),
      ...thrown(rest),
    ],
  };
}

/** Nothing is left to be done, no answer is still waited for, and no write is unchecked. */
function unfinished(rest: Rest, tenant: number): string[] {
  const rows = rest.rowsOf(tenant);
  const { dirty, records, inbox } = rows;
  const waiting = [...dirty.values()].map(
    ({ key, attempts, lastError }) =>
      `${JSON.stringify(key)} still waits after ${attempts} attempts${lastError ? `: ${lastError}` : ''}`,
  );
  const unsettled = [...records.values()].flatMap(({ intents, links, conflicts }) => {
    // What a person has to choose about is compared with nothing before they have.
    const contested = new Set(
      [...conflicts.values()]
        .filter(({ kind, state }) => kind === 'contested' && state === 'open')
        .map(({ cell }) => cell.split('#')[0]!),
    );
    return [...intents.values()]
      .filter(({ state, patch, unchecked, link: id }) => {
        const isOpen = state === 'armed' || state === 'unknown' || unchecked;
        const link = id && links.get(id);
        if (link && isAskedWhetherDeleted(rows, link)) return false;
        return isOpen && !Object.keys(patch).some((field) => contested.has(field));
      })
      .map(({ op, state, id }) => `the ${op} ${id} is still ${state}`);
  });
  const unread = [...inbox.values()]
    .filter(({ processedAt }) => processedAt === undefined)
    .map(({ id }) => `nobody looked into delivery ${id}`);
  return [...waiting, ...unsettled, ...unread];
}

/** Whether a write has landed in what nobody shows, nobody knows before it is shown or given up. */
function isAskedWhetherDeleted(
  { reviews }: Rows,
  { endpoint, remoteId, state: linkState, missingSince }: Link,
): boolean {
  if (linkState !== 'live' || missingSince === undefined) return false;
  return [...reviews.values()].some((review) => {
    if (review.state !== 'open' || review.endpoint !== endpoint) return false;
    const isOfItem = review.reason === 'remote-delete' && review.remoteId === remoteId;
    return isOfItem || review.remoteId === `${BRAKE_PREFIX}missing`;
  });
}

/**
 * Nobody is asked more often than he allows. Requests overtake each other on the way, so a few come too
 * early all the same.
 */
function hurried(rest: Rest): string[] {
  const { systems, slowedDown, struck } = rest;
  return systems.flatMap((system) => {
    const { account } = system;
    const byChance = struck.filter(
      ({ fault, call }) => fault === 'throttled' && call?.account === account,
    );
    const refused = (slowedDown.get(account) ?? 0) - byChance.length;
    const calls = Object.values(rest.handsOf(system).calls);
    const answered = calls.reduce((sum, { requests }) => sum + requests, 0);
    const isRare = refused <= 3 + answered / 10;
    return isRare
      ? []
      : [`${account} was asked too often ${refused} times, and ${answered} times not`];
  });
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
