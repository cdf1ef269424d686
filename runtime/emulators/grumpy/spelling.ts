/**
 * How an account of Grumpy spells the texts that it is given. Spelling twice changes nothing more.
 */
import type { Spelling } from './options.ts';

export function spelled(text: string, spelling: Spelling | undefined): string {
  if (spelling === undefined) return text;
  if (spelling === 'lower') return text.toLowerCase();
  if (spelling === 'trim') return text.trim();
  if (spelling === 'phone') return spellPhone(text);
  return Array.from(text)
    .slice(0, Number(spelling.slice('cut:'.length)))
    .join('');
}

/** Groups of three from the left. What has more in it than a number, such as "ask Anna", stays. */
function spellPhone(text: string): string {
  if (!/^\s*\+?[\d\s().-]*\d[\d\s().-]*$/.test(text)) return text;
  const digits = text.replaceAll(/\D/g, '');
  const groups = digits.replaceAll(/\d{3}(?=\d)/g, '$& ');
  return text.trimStart().startsWith('+') ? `+${groups}` : groups;
}
