/**
 * Why a value was not understood, why one could not be written, and what a person should know about
 * a value that was. A code is one word for logs, tables, tests and the editor; its sentence is what
 * people read. A problem is never the end of a value: the field counts as unknown in that read and
 * the raw value stays in the report.
 */

/** Why a raw value has no canonical form, or a canonical one no form at the vendor. */
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

export type Problem = keyof typeof problems;
export type Note = keyof typeof notes;
export type Explanation = keyof typeof explanations;
export type Doubt = keyof typeof doubts;
