/**
 * Every decision carries a code from this file, so that "why did this happen?" has an answer and the
 * answer is the same word in the log, the table, the editor and the documentation. The sentences are
 * what people read; `npm run reasons` writes docs/reasons.md from them.
 */

/** Why our own copy of a field took a value. */
export const rules = {
  'only-edit': 'One system changed the field; nobody else had.',
  'newest-edit': 'Several systems changed the field; the latest edit won.',
  'higher-priority': 'Several systems changed the field; the more trusted one won.',
  agreement: 'Several systems changed the field to the same value.',
  'first-value': 'The field had no value yet.',
  'initial-choice': 'Systems that had never agreed held different values; the policy chose.',
  resolved: 'A person decided.',
  default: 'Nobody had a value, so the configured default was used.',
} as const;

/** Why a vendor is written to. */
export const writeReasons = {
  'value-behind': 'The system holds an older value of these fields.',
  'missing-there': 'The record belongs in this system and is not there.',
  'deleted-there': 'The record was deleted in a system that may not delete it; it is put back.',
  'entity-dead': 'The record was deleted where deletions count, so it is deleted here too.',
} as const;

/** Why a value that somebody typed did not become the value, or what else a person should see. */
export const conflictKinds = {
  concurrent: 'Two systems changed the field without seeing each other; this value did not win.',
  initial: 'Systems that had never agreed held different values; this value did not win.',
  contested: 'Different values, and the policy leaves the choice to a person.',
  'policy-override': 'The field was edited in a system that may not edit it; our value goes back.',
  'late-own-write':
    'An old write of ours arrived after a newer one; a person may have typed the same value.',
  'edited-and-deleted': 'The record was deleted in one system while it was edited in another.',
  oscillation: 'Another integration keeps reverting this field; writing it was stopped.',
} as const;

/** Why nothing is written although something differs. */
export const holdReasons = {
  contested: 'A person has to choose a value first.',
  oscillation: 'Another integration keeps reverting this field.',
  'schema-drift': 'The field is missing at the vendor, has another type or became read-only.',
  'reference-unknown': 'The record points to something that is not known here yet.',
  'reference-pending': 'The target of the reference has no record in this system yet.',
  'reference-dead':
    'The target of the reference was deleted; a reference is never emptied for that.',
  'would-blank':
    'The field was never in agreement here; an empty value does not replace a full one.',
  'field-unread': 'The last read did not contain this field, so it is not overwritten.',
  'absence-unproven': 'The record could not be read, but nothing proves that it was deleted.',
  'awaiting-decision': 'A person has to decide about this record first.',
  'create-unresolved':
    'An earlier create has no known outcome; a second one could make a duplicate.',
  'create-off': 'The sync may not create records in this system.',
  'delete-off': 'The sync may not delete records in this system.',
  'filtered-out': 'The record does not match the filter of this system.',
  'nothing-to-write': 'The record has no value that may be written to this system.',
} as const;

/** What a person is asked about a whole record. */
export const reviewReasons = {
  'remote-delete':
    'Deleted in a system whose deletions do not count by themselves: put back, delete everywhere, or leave apart?',
  'remote-restore':
    'A deleted record is back in a system: revive it everywhere, or delete it there again?',
  'remote-merge': 'A vendor merged two records that are separate elsewhere.',
  'second-item': 'A second item for the same record appeared in one system.',
} as const;

/** Why a record has to be read (again) before anything can be decided. */
export const readReasons = {
  'write-pending': 'It must be read before it is written, so that no edit is overwritten unseen.',
  stale: 'The read was older than what we know.',
  'absence-unproven': 'A missing record must be proven deleted.',
  'contested-open': 'An open choice can only be closed when all its systems were read.',
} as const;

/** Why an item that was never linked belongs to an entity, or does not. */
export const identityReasons = {
  'known-link': 'The item is linked already.',
  'own-create': 'We created it; its marker proves it.',
  'late-own-create': 'We created it, but its record has been deleted since.',
  'twin-of-own': 'We created it, but the record already has an item in this system.',
  'strong-key': 'Exactly one record has the same key.',
  'no-match': 'Nothing known has one of its keys.',
  'tombstone-match': 'Only a deleted record has the same key.',
  'several-matches': 'Its keys belong to several records.',
  'key-contradiction': 'One key matches, another one says it is somebody else.',
  'already-linked-here': 'The matching record already has an item in this system.',
  'create-pending-here': 'A create for the matching record has no known outcome yet.',
  'twin-here': 'Another unlinked item in this system has the same key.',
  'weak-key': 'Only a weak key matches: a shared mailbox, a look-alike or a phone number.',
  'auto-link-off': 'The policy leaves linking to a person.',
} as const;

export type Rule = keyof typeof rules;
export type WriteReason = keyof typeof writeReasons;
export type ConflictKind = keyof typeof conflictKinds;
export type HoldReason = keyof typeof holdReasons;
export type ReviewReason = keyof typeof reviewReasons;
export type ReadReason = keyof typeof readReasons;
export type IdentityReason = keyof typeof identityReasons;
