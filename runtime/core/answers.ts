/**
 * What people may answer when they are asked about a record, and what comes of each answer, in the words that
 * they read. `npm run reasons` writes them into docs/reasons.md.
 */
import type { ReviewReason } from './reasons.ts';

/** By what was asked. */
export const reviewAnswers = {
  'remote-delete': {
    recreate: 'It is made there again.',
    delete: 'The record is deleted in all systems.',
    unlink: 'It stays deleted there; the record goes on without that system.',
  },
  'remote-restore': {
    revive: 'The record lives again, in all systems.',
    deleteAgain: 'It is deleted there again.',
  },
  'remote-merge': {
    follow:
      'This record is the other one now: it is deleted everywhere else, its values stay in the history.',
    separate: 'Both records stay; this one goes on without that system.',
  },
  'second-item': {
    keep: 'Both items stay; the second one is not kept the same.',
    delete: 'The second item is deleted.',
  },
  'key-collision': {
    seen: 'They are two records. Put the value right where it is wrong; until then it names only one of them.',
  },
  'mass-change': {
    continue: 'What waits is written, and more of its kind for an hour.',
    stop: 'Only as much is written within an hour as the brake lets through; as long as more waits, the question comes again.',
  },
} as const satisfies Readonly<Record<ReviewReason, Readonly<Record<string, string>>>>;

/** To the question whose an item is. */
export const identityAnswers = {
  link: 'It is that record; one that was deleted comes back.',
  new: 'It is somebody new.',
  ignore: 'It is left alone.',
} as const;
