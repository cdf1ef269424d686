/**
 * `tributary resolve`: a person's answer to a conflict or a review. It is noted here and carried out by
 * the next sync, or by the daemon.
 */
import { userInfo } from 'node:os';
import { TributaryError } from '../../core/errors.ts';
import type { Value } from '../../core/value.ts';
import type { Decision, StoredConflict, StoredReview } from '../../store/store.ts';
import { CONFIG_OPTIONS, EXIT, misused, textOption, type Command, type Given } from '../command.ts';
import { demandSetup } from '../config/save.ts';
import { atSite, type Site } from '../installation.ts';
import { openConflicts, openReviews } from '../pages.ts';
import { answersTo, choicesOf, namesIn } from '../questions.ts';

export const resolve: Command = {
  name: 'resolve',
  summary: 'answer a conflict or a review',
  about: [
    '"tributary conflicts" and "tributary reviews" list the ids and the choices. A conflict also takes',
    'another value with --value. A review that takes "link" and has several candidates needs --to.',
    '',
  ].join('\n'),
  words: ['<id>', '[choice]'],
  options: {
    value: { value: '<value>', about: 'of a conflict: this value instead, JSON or plain text' },
    to: { value: '<record>', about: 'with link: which candidate it is' },
    ...CONFIG_OPTIONS,
  },
  run: (given) =>
    atSite(given, async (site) => {
      await demandSetup(site);
      const decision = await decisionIn(site, given);
      const [isNoted] = await site.store.decide(site.tenant, {
        now: site.world.clock.now(),
        actor: actor(),
        decisions: [decision],
      });
      const [id] = given.words;
      if (isNoted !== true) throw nothingOpen(id!);
      given.output.tell({ event: 'decided', id });
      given.output.say('Noted. The next sync carries it out: tributary sync --once');
      return EXIT.good;
    }),
};

/** Who decided, as the audit will name them. */
export function actor(): string {
  return `${userInfo().username} (command line)`;
}

async function decisionIn(site: Site, given: Given): Promise<Decision> {
  const [id] = given.words;
  for await (const review of openReviews(site.store, site.tenant)) {
    if (review.id === id) return ofReview(review, given);
  }
  for await (const conflict of openConflicts(site.store, site.tenant)) {
    if (conflict.id === id) return ofConflict(site, conflict, given);
  }
  throw nothingOpen(id!);
}

function nothingOpen(id: string): TributaryError {
  return new TributaryError('nothing-open', {
    what: `No conflict and no review with the id ${id} is open.`,
    next: 'See tributary conflicts and tributary reviews.',
  });
}

function ofReview(review: StoredReview, given: Given): Decision {
  const { sync, endpoint, remoteId, reason, candidates } = review;
  const [, choice] = given.words;
  const answers = answersTo(review).map((each) => each.choice);
  if (choice === undefined || !answers.includes(choice)) {
    throw misused('resolve', `This review takes one of: ${answers.join(', ')}.`);
  }
  const key = { sync, endpoint, remoteId, reason };
  if (choice !== 'link') return { kind: 'review', review: key, choice: { decision: choice } };
  const named = textOption(given, 'to');
  const [entity] = named === undefined ? candidates : candidates.filter((id) => id === named);
  if (entity === undefined || (named === undefined && candidates.length > 1)) {
    throw misused('resolve', `Name the record with --to, one of: ${candidates.join(', ')}.`);
  }
  return { kind: 'review', review: key, choice: { decision: choice, entity } };
}

function ofConflict(site: Site, conflict: StoredConflict, given: Given): Decision {
  const { sync, entity, fingerprint } = conflict;
  const decided = (choice: Value): Decision => {
    return { kind: 'conflict', sync, entity, fingerprint, choice };
  };
  const other = textOption(given, 'value');
  if (other !== undefined) return decided(valueIn(other));
  const [, choice] = given.words;
  const choices = choicesOf(conflict, namesIn(site));
  const chosen = choices.find((each) => each.choice === choice);
  if (chosen) return decided(chosen.value);
  const list = choices.map((each) => each.choice).join(', ');
  throw misused('resolve', `This conflict takes one of: ${list}; or a --value.`);
}

function valueIn(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}
