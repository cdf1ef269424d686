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
  surplus: 'We made this item twice, and nobody has touched it since.',
  undone: 'The run that created this item was undone, and nobody has touched the item since.',
  'make-room': 'Another record needs the unique value that this one gives up.',
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
  'dead-target': 'The newest value leads to a deleted record; this system leads to another one.',
  overwritten:
    'Somebody edited the field before a write or deletion of ours landed that did not know of it.',
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
  'not-enumerated':
    'Not all items of this system are known yet; creating now could make a duplicate.',
  'found-there': 'An item with the same key is in this system and has not been linked yet.',
  refused: 'The system refused this value; it is sent again when it changes.',
  'no-form': 'The value has no form in this system that would be read back as the same value.',
  brake: 'So many changes of this kind at once need a person’s consent.',
  recovery:
    'Our own database was put back to a backup; everything is compared before anything is created or deleted.',
  unavailable: 'The account cannot be reached, or its credentials are not accepted.',
} as const;

/** What a person is asked about a whole record. */
export const reviewReasons = {
  'remote-delete':
    'Deleted in a system whose deletions do not count by themselves: put back, delete everywhere, or leave apart?',
  'remote-restore':
    'A deleted record is back in a system: revive it everywhere, or delete it there again?',
  'remote-merge':
    'Two records that are separate elsewhere are one in a system: it merged them, or took up what we made as new.',
  'second-item': 'A second item for the same record appeared in one system.',
  'key-collision': 'Two records want the same e-mail address or other unique value.',
  'mass-change': 'A brake was pulled: so many changes of one kind are unusual. Go on?',
} as const;

/** Why a record has to be read (again) before anything can be decided. */
export const readReasons = {
  'write-pending': 'It must be read before it is written, so that no edit is overwritten unseen.',
  stale: 'The read was older than what we know.',
  'too-early': 'The read may be older than our own last write.',
  'absence-unproven': 'A missing record must be proven deleted.',
  'contested-open': 'An open choice can only be closed when all its systems were read.',
} as const;

/** Why an item that was never linked belongs to an entity, or does not. */
export const identityReasons = {
  'known-link': 'The item is linked already.',
  'own-create': 'We created it; its marker proves it.',
  'late-own-create': 'We created it, but its record has been deleted since.',
  'twin-of-own': 'We created it, but the record already has an item in this system.',
  'forgotten-record':
    'We created it for a record that our own database, put back to a backup, does not know any more.',
  'strong-key': 'Exactly one record has the same key.',
  'no-match': 'Nothing known has one of its keys.',
  'tombstone-match': 'Only a deleted record has the same key.',
  'still-being-deleted':
    'A deleted record has the same key, and is not gone from all systems; look at what keeps it there.',
  'several-matches': 'Its keys belong to several records.',
  'merged-from-several':
    'It was, or may have been, merged from items of these records; which of them goes on in it cannot be told.',
  'key-contradiction': 'One key matches, another one says it is somebody else.',
  'already-linked-here': 'The matching record already has an item in this system.',
  'create-pending-here': 'A create for the matching record has no known outcome yet.',
  'twin-here': 'Another unlinked item in this system has the same key.',
  'weak-key': 'Only a weak key matches: a shared mailbox, a look-alike or a phone number.',
  'auto-link-off': 'The policy leaves linking to a person.',
} as const;

/**
 * Why a raw value has no canonical form, or a canonical one no form at the vendor. Never the end of a
 * value: the field counts as unknown in that read, and the raw value stays in the report.
 */
export const problems = {
  absent: 'The value, or a part of it, was not in the read.',
  'wrong-type': 'The vendor sent another type of value than the field is mapped as.',
  'not-well-formed':
    'The text holds half a character or a NUL, which neither JSON text nor PostgreSQL can carry.',
  'email-invalid': 'This is not an e-mail address.',
  'email-several': 'There is more than one e-mail address in a field for one.',
  'domain-invalid': 'This is not a domain name.',
  'domain-not-registrable':
    'This is a name nobody owns alone: an address, a single word or a public suffix.',
  'url-invalid': 'This is not a web address that may be stored.',
  'number-invalid': 'This is not a number written with a decimal point and without separators.',
  'number-unsafe':
    'The number came as a JSON number with more digits than survive; read it as text.',
  'money-scale':
    'The amount has more decimal places than the field keeps, and money is never rounded.',
  'currency-invalid': 'A currency is three letters, such as HUF.',
  'date-invalid': 'This is not a date that exists, written year-month-day.',
  'date-with-time': 'The date came with a time of day, and no time zone says which day that is.',
  'time-invalid': 'This is not a date and time that exists, written the ISO 8601 way.',
  'time-without-zone': 'The time has no offset, and the field has no time zone to read it in.',
  'zone-unknown': 'This is not a name of the IANA time zone database.',
  'time-skipped': 'The clocks were put forward over this local time; it never was.',
  'time-repeated': 'The clocks were put back over this local time; it was twice.',
  'boolean-invalid': 'This is neither yes nor no.',
  'option-unknown': 'The option is not one of those the field knows.',
  'json-refused': 'The structure is nested too deeply or has a member that may not be stored.',
  'reference-invalid': 'This is not an id.',
  'value-not-in-table': 'The value table of the field has no row for this value.',
  'shape-changed': 'The vendor sent another structure than the path of the field expects.',
  'not-reversible': 'The value has no form at the vendor that reads back as the same value.',
  'not-mapped': 'The field is not mapped, or switched off, at this system.',
  'not-writable': 'The field is only read at this system.',
} as const;

/** What a person should know about a value that was understood. */
export const notes = {
  'phone-kept-as-text':
    'This is no telephone number that can exist, so it is kept as it was typed.',
  'time-skipped':
    'The clocks were put forward over this local time; the time that far later was taken.',
  'time-repeated': 'The clocks were put back over this local time; the first of the two was taken.',
  'value-passed-through': 'The value table has no row for this value, so it goes on as it is.',
} as const;

/** How a vendor changed the spelling of what was sent, without anybody editing it. */
export const explanations = {
  same: 'It is the same value.',
  predicted: 'It is what the declared rules of the vendor make of the value.',
  unicode: 'Only the Unicode form of the characters differs.',
  trim: 'Only blanks at the ends differ.',
  whitespace: 'Only the amount of blank space between words differs.',
  case: 'Only capital and small letters differ.',
  html: 'Only HTML entities differ.',
  truncation: 'The vendor cut the text at its length limit.',
  'phone-format': 'The digits are the same; only the way to write the number differs.',
  'url-form': 'Only the scheme or a slash at the end differs.',
  scale: 'The vendor keeps fewer decimal places.',
  granularity: 'The vendor keeps time in coarser steps.',
  'option-alias': 'Both are names of the same option.',
} as const;

/** Why a match key only makes a candidate for review. */
export const doubts = {
  'role-mailbox': 'Several people read this mailbox.',
  'look-alike': 'The address contains letters that look like others.',
  'plus-tag': 'The addresses are equal without what follows the plus sign.',
  'gmail-dots': 'Gmail ignores dots, so both addresses reach one mailbox.',
  'shared-phone': 'People share telephone numbers and numbers are handed on.',
} as const;

export type Rule = keyof typeof rules;
export type WriteReason = keyof typeof writeReasons;
export type ConflictKind = keyof typeof conflictKinds;
export type HoldReason = keyof typeof holdReasons;
export type ReviewReason = keyof typeof reviewReasons;
export type ReadReason = keyof typeof readReasons;
export type IdentityReason = keyof typeof identityReasons;
export type Problem = keyof typeof problems;
export type Note = keyof typeof notes;
export type Explanation = keyof typeof explanations;
export type Doubt = keyof typeof doubts;
