/**
 * The rules that keep the promises, by name. All of them hold; a test may switch one off, to show that
 * a law or a simulated world notices.
 */
const all = {
  'read-before-write': 'An item is read in the very pass that writes it.',
  'look-up-before-create':
    'Before a create, the system is asked whether it has the record already.',
  'enumerate-before-create': 'Nothing is created in a system before all of its items are known.',
  'discover-before-create':
    'Nothing is created in a system before all that was listed there has been looked at.',
  'write-ahead': 'A write is recorded before it is sent.',
  'wait-for-the-horizon':
    'A create without an answer is not repeated before it cannot land any more.',
  'adopt-by-marker': 'An item that carries our marker is the outcome of our create.',
  'keep-gone-links':
    'The id of a deleted item keeps its record, so that a stale read revives nobody.',
  'second-read': 'An item counts as deleted only when a later read agrees.',
  canary: 'An item counts as deleted only when a known one can still be read.',
  'stale-reads': 'A read that is older than what is known says nothing.',
  'doubt-unversioned':
    'Where a system has no versions and lags, a change counts once it has lasted.',
  'conditional-writes': 'Where a vendor offers it, a write only lands on what was read.',
  'history-check': 'After a write, the vendor’s history is asked what it may have covered up.',
  brakes: 'Mass changes stop and ask.',
  fencing: 'Whoever lost a lease stores nothing.',
  'unique-keys': 'Two records never hold one match key.',
  'swap-order': 'Whoever frees a unique value is written before whoever needs it.',
  'isolate-refused': 'A value that the vendor refused is not sent again until it changes.',
  'marks-before-cursor': 'What a poll found is marked in the transaction that moves its cursor.',
  overlap: 'A poll looks back as far as the list of changes may lag.',
} as const;

export type RuleName = keyof typeof all;
export const ruleNames = Object.keys(all) as RuleName[];
export const ruleTexts: Readonly<Record<RuleName, string>> = all;

export interface Rules {
  /** Whether the rule is in force. */
  has(rule: RuleName): boolean;
}

export function rulesWithout(...off: readonly RuleName[]): Rules {
  const missing = new Set(off);
  return { has: (rule) => !missing.has(rule) };
}
