/**
 * One e-mail address. The canonical spelling has no invisible characters, small letters throughout and
 * the host as `asciiHost` spells it.
 *
 * RFC 5321 lets a mailbox tell `Ada@` from `ada@`; no provider in use does, and most vendors store small
 * letters. A change of case alone must not count as an edit, so the canonical value has none. Dots and
 * plus-tags stay: they do tell mailboxes apart.
 */
import { z } from 'zod';

import { asciiHost } from './domain.ts';
import { refused, understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { parseText, withoutInvisible, withoutJoiners } from './text.ts';

export const email: Kind<Record<string, never>> = {
  options: z.strictObject({}),
  parse(raw) {
    return parseText(raw, parseAddress);
  },
};

/** Splits a canonical address. The host is what follows the only at sign. */
export function splitAddress(address: string): { local: string; host: string } {
  const at = address.lastIndexOf('@');
  return { local: address.slice(0, at), host: address.slice(at + 1) };
}

/** RFC 5321 leaves 254 octets for an address within its path of 256. */
const OCTETS_MAX = 254;
const CANONICAL = /^[a-z0-9._%+'-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,63}$/;
const NOT_IN_LOCAL_PART = /[\s\0-\x20()<>[\]:;,\\"\x7f]/;

function parseAddress(text: string): Parsed {
  // Nearly all addresses are canonical already; what follows would not change them.
  if (text.length <= 64 && CANONICAL.test(text) && !ODD_LABEL.test(text)) return understood(text);
  const address = withoutInvisible(text);
  if (!address.includes('@')) return refused('email-invalid', 'no at sign');
  const { local, host } = splitAddress(address);
  if (local.includes('@')) {
    const several = /[\s,;]/.test(address);
    return refused(several ? 'email-several' : 'email-invalid', 'more than one at sign');
  }
  if (NOT_IN_LOCAL_PART.test(local)) {
    return refused('email-invalid', 'a character before the at sign that cannot be there');
  }
  const ascii = asciiHost(host);
  if (ascii === undefined || !ascii.includes('.')) {
    return refused('email-invalid', 'no host name after the at sign');
  }
  const lower = withoutJoiners(local).toLowerCase().normalize('NFC');
  if (lower === '') return refused('email-invalid', 'nothing visible before the at sign');
  const whole = `${lower}@${ascii}`;
  return Buffer.byteLength(whole) > OCTETS_MAX
    ? refused('email-invalid', `longer than ${OCTETS_MAX} octets`)
    : understood(whole);
}

/** Labels that need a closer look: punycode, or a hyphen at an end. */
const ODD_LABEL = /[@.](?:xn--|-)|-(?:\.|$)/;
