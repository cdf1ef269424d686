/**
 * The rules that keep the promises, by name. All of them hold; a test may switch one off, to show that
 * a law or a simulated world notices.
 */
const all = {
  'look-up-before-create':
    'Before a create, the system is asked whether it has the record already.',
  'enumerate-before-create': 'Nothing is created in a system before all of its items are known.',
  'discover-before-create':
    'Nothing is created in a system before all that was listed there has been looked at.',
  'search-what-waits':
    'Where listed items wait to be looked at, a record is searched before it is created.',
  'no-answer-is-unknown': 'A write without an answer may have landed.',
  'wait-for-the-horizon':
    'A create without an answer is not repeated before it cannot land any more.',
  'adopt-by-marker': 'An item that carries our marker is the outcome of our create.',
  'copies-are-not-ours': 'An item that a person copied is not ours, though it carries our marker.',
  'remove-surplus': 'An item of our own making that nobody needs and nobody touched is removed.',
  'one-item-per-system': 'A record has one item in a system; about another one a person is asked.',
  'keep-gone-links':
    'The id of a deleted item keeps its record, so that a stale read revives nobody.',
  'reused-ids': 'An id that was given to a new item does not lead to the record of the old one.',
  'compare-after-backup':
    'After our own database was put back to a backup, nothing is created or deleted before all is compared.',
  'second-read': 'An item counts as deleted only when a later read agrees.',
  canary: 'An item counts as deleted only when a known one can still be read.',
  'archives-say-so':
    'Where deleted items are archived, one that is not shown at all may be hidden; a person is asked.',
  'doubt-unversioned':
    'Where a system has no versions and lags, a change counts once it has lasted.',
  'old-answers': 'A version that goes down is an old answer, unless it stays down.',
  'restored-backups': 'A version that stays down is believed: the vendor went back to a backup.',
  'lost-with-a-backup':
    'What is missing where the vendor went back to a backup is asked about, and deleted nowhere.',
  'late-lists': 'What a list showed that lags is read again before it is written on.',
  'conditional-writes': 'Where a vendor offers it, a write only lands on what was read.',
  'history-check': 'After a write, the vendor’s history is asked what it may have covered up.',
  'history-of-lost-answers': 'It is asked, too, when only a read shows that our write landed.',
  'history-that-reaches': 'A history that does not show our own write yet says nothing.',
  'references-wait': 'A reference to something unknown waits until that is known.',
  brakes: 'Mass changes stop and ask.',
  fencing: 'Whoever lost a lease sends nothing.',
  'one-at-a-record':
    'Nobody plans for a record while somebody else is sending what was planned for it.',
  'unique-keys': 'Two records never hold one match key.',
  'swap-order': 'Whoever frees a unique value is written before whoever needs it.',
  'isolate-refused': 'A value that the vendor refused is not sent again until it changes.',
  'split-refused-batches': 'A batch that is refused as a whole is sent in parts.',
  'one-by-one': 'A record that cannot be dealt with does not stop the others of its page.',
  'marks-before-cursor': 'What a poll found is marked in the transaction that moves its cursor.',
  overlap: 'A poll looks back as far as the list of changes may lag.',
  'vanished-items': 'A sweep reads what is linked and was not listed.',
  'missing-items': 'A sweep marks the records that have no item in the system.',
} as const;

export type RuleName = keyof typeof all;
/** @internal For the tests that switch them off. */
export const ruleNames = Object.keys(all) as RuleName[];
/** @internal */
export const ruleTexts: Readonly<Record<RuleName, string>> = all;

export interface Rules {
  /** Whether the rule is in force. */
  has(rule: RuleName): boolean;
}

export function rulesWithout(...off: readonly RuleName[]): Rules {
  const missing = new Set(off);
  return { has: (rule) => !missing.has(rule) };
}
