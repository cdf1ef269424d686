/** What the scenes look at in the end, besides what the oracle looks at. */
import type { Change } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { Outcome } from '../sim/simulation.ts';
import { codeOf } from '../sim/system.ts';
import { START_MS } from './surroundings.ts';

export type Judge = (outcome: Outcome) => readonly string[];

/** The oracle's view as well. */
export function also(...judges: readonly Judge[]): Judge {
  return (outcome) => [...outcome.violations, ...judges.flatMap((judge) => judge(outcome))];
}

/** Nobody is in a system twice, even where a person is asked about it. */
export const eachOnce: Judge = (outcome) =>
  outcome.rest.systems.flatMap((system) => {
    const people = outcome.rest.handsOf(system).items('people').map(codeOf);
    return people.flatMap((code, n) =>
      people.indexOf(code) === n ? [] : [`${code} is there again at ${system.account}`],
    );
  });

/** So many such changes of ours, at most. */
export function atMost(
  count: number,
  what: string,
  isMeant: (change: Change, account: string) => boolean,
): Judge {
  return ({ rest }) => {
    const ours = rest.systems.flatMap((system) =>
      rest
        .handsOf(system)
        .log.filter((change) => change.via === 'api' && isMeant(change, system.account)),
    );
    return ours.length > count ? [`${ours.length} ${what}`] : [];
  };
}

/** Whoever was deleted stays away. */
export function staysAway(code: string): Judge {
  return ({ rest }) =>
    rest.systems.flatMap((system) =>
      rest
        .handsOf(system)
        .items('people')
        .some((item) => codeOf(item) === code)
        ? [`${code} is back at ${system.account}, though it was deleted`]
        : [],
    );
}

/** What people entered stays. */
export function isThere(name: string, code: string): Judge {
  return ({ rest }) => {
    const system = rest.systems.find(({ scene }) => scene.name === name)!;
    const people = rest.handsOf(system).items('people').map(codeOf);
    return people.includes(code) ? [] : [`${code} is not at ${system.account} any more`];
  };
}

/** No edit is overwritten, not even one that nobody could have read. */
export const nothingExposed: Judge = ({ exposed }) =>
  exposed > 0 ? [`${exposed} edits were overwritten unread`] : [];

/** Nothing is given up, and nobody is asked. */
export const nobodyBothered: Judge = ({ rest }) => {
  const { reviews, deadLetters } = rest.rowsOf(0);
  return [
    ...[...reviews.values()].map(
      ({ reason, remoteId }) => `a person is asked: ${reason} ${remoteId}`,
    ),
    ...[...deadLetters.values()].map(({ message }) => `given up: ${message}`),
  ];
};

/** So many writes about this person have come to the system within so many seconds of the story. */
export function passedOn(code: string, to: string, bySecond: number, writes = 1): Judge {
  return ({ rest }) => {
    const system = rest.systems.find(({ scene }) => scene.name === to)!;
    const inTime = rest
      .handsOf(system)
      .log.filter(
        ({ via, after, at }) =>
          via === 'api' && codeOf(after) === code && at <= START_MS + bySecond * 1000,
      );
    if (inTime.length >= writes) return [];
    return [`what changed about ${code} had not come to ${to} after ${bySecond} s`];
  };
}

/** A person was asked about it. */
export function isAsked(reason: string): Judge {
  return ({ rest }) => {
    const reasons = [...rest.rowsOf(0).reviews.values()].map((review) => review.reason as string);
    return reasons.includes(reason) ? [] : [`nobody is asked: ${reason}`];
  };
}
