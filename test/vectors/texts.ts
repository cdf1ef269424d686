import { no } from './vector.ts';
import type { VectorTable } from './vector.ts';

/** What JSON.parse makes of 9007199254740993: another number, off by one. */
const BEYOND_2_53 = 9007199254740992;

export const texts: VectorTable = {
  title: 'a text',
  spec: { kind: 'text' },
  vectors: [
    ['Kovács Béla', 'Kovács Béla', 'plain'],
    ['Erdős Pál', 'Erdős Pál', 'ő composed'],
    ['Erdo\u030bs Pa\u0301l', 'Erdős Pál', 'ő decomposed is the same name (NFC)'],
    ['Szu\u030bcs', 'Szűcs', 'ű decomposed'],
    ['SZU\u030bCS', 'SZŰCS', 'capital Ű decomposed'],
    ['Erdõs', 'Erdõs', 'õ with a tilde is another letter; guessing that ő was meant is not ours'],
    ['A\u030a', 'Å', 'a ring above'],
    ['\u212b', 'Å', 'the Ångström sign is canonically Å'],
    ['ﬁ', 'ﬁ', 'ligatures are only compatible, and NFC keeps them'],
    ['e\u0323\u0302', 'ệ', 'two marks, any order'],
    ['e\u0302\u0323', 'ệ', 'two marks, the other order'],
    ['  Ada  ', 'Ada', 'blanks at the ends'],
    ['\u00a0Ada\u2003', 'Ada', 'other blanks at the ends'],
    ['\u200bAda\ufeff', 'Ada', 'what shows nothing at the ends'],
    ['\u0085Ada\u2028', 'Ada', 'next line and line separator are White_Space'],
    ['Ada  Byron', 'Ada  Byron', 'blanks inside are the user\u2019s'],
    ['one\r\ntwo\rthree\nfour', 'one\ntwo\nthree\nfour', 'a line end is a line end'],
    ['\n\nline\n', 'line', 'line ends at the ends are blanks'],
    ['👩\u200d👧', '👩\u200d👧', 'the joiner makes one family of two emoji'],
    ['می\u200cخواهم', 'می\u200cخواهم', 'the non-joiner is Persian spelling'],
    ['a\u00adb', 'a\u00adb', 'a soft hyphen inside is the user\u2019s'],
    [
      '<b>Tom &amp; Co</b>',
      '<b>Tom &amp; Co</b>',
      'markup is text; only a vendor rule may change it',
    ],
    ['ＡＢＣ', 'ＡＢＣ', 'full-width letters stay: NFC, not NFKC'],
    ['ﷺ', 'ﷺ', 'a ligature of Arabic stays'],
    ['①', '①', 'a circled digit stays'],
    ['ß', 'ß', 'case is not touched'],
    ['𝒜', '𝒜', 'beyond the first plane'],
    ['0', '0', 'zero is not blank'],
    [0, '0', 'nor as a number'],
    [1051, '1051', 'a postcode that came as a number'],
    [12.5, '12.5', 'a short decimal prints as it was sent'],
    [12345678901234567890n, '12345678901234567890', 'a bigint of a database driver'],
    [null, null, 'cleared stays cleared'],
    ['', null, 'blank is cleared'],
    [' \t\r\n\u00a0', null, 'any blank is'],
    ['\u200b\u2060\ufeff', null, 'so is what shows nothing'],
    [undefined, no('absent'), 'unknown is not cleared'],
    [BEYOND_2_53, no('wrong-type'), 'a number beyond 2^53 is another number by now'],
    [true, no('wrong-type'), 'yes is no text; a value table can make it one'],
    [{}, no('wrong-type'), 'an object is no text'],
    [[], no('wrong-type'), 'nor is a list'],
    ['a\0b', no('not-well-formed'), 'PostgreSQL has no NUL in text'],
    ['a\udc00b', no('not-well-formed'), 'half a surrogate pair (RFC 8785 3.2.2.2)'],
  ],
};

export const keptBlanks: VectorTable = {
  title: 'a text for which blank is a value',
  spec: { kind: 'text', options: { blank: 'kept' } },
  vectors: [
    ['', '', 'empty text'],
    ['  ', '', 'blanks at the ends go all the same'],
    [null, null, 'null is still cleared'],
  ],
};
