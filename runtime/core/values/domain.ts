/**
 * Names of hosts, domains and web addresses.
 *
 * A host name is spelled in ASCII, small letters, internationalised names the way UTS #46 turns them
 * into punycode; so `München.de`, `MÜNCHEN.DE` and `xn--mnchen-3ya.de` are one value.
 *
 * `domain` is by default what somebody can register: one label more than the longest public suffix.
 * Suffixes that companies run for their customers (`github.io`, `myshopify.com`) count as public,
 * because the owner of `acme.github.io` and the owner of `beta.github.io` are not the same.
 */
import { getDomain } from 'tldts';
import { z } from 'zod';

import { refused, understood } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { parseText, withoutInvisible, withoutJoiners } from './text.ts';

export interface DomainOptions {
  /** `host` keeps what stands before the registrable part, such as the `eu.` of `eu.acme.com`. */
  readonly keep?: 'registrable' | 'host' | undefined;
}

/** Takes a bare name, a host with a port, or a whole web address. */
export const domain: Kind<DomainOptions> = {
  options: z.strictObject({ keep: z.enum(['registrable', 'host']).optional() }),
  parse(raw, options) {
    return parseText(raw, (text) => {
      const host = hostOf(withoutInvisible(text));
      if (host === undefined) return refused('domain-invalid', 'no host name in it');
      const registrable = registrableDomain(host);
      if (registrable === undefined)
        return refused('domain-not-registrable', 'nothing to register');
      return understood(options?.keep === 'host' ? host : registrable);
    });
  },
};

/**
 * A web address in the spelling of the WHATWG URL standard, without the lone slash after the host.
 * `https` is assumed where nothing is said. An address with a user name in it is refused: it may
 * carry a password.
 */
export const url: Kind<Record<string, never>> = {
  options: z.strictObject({}),
  parse(raw) {
    return parseText(raw, (text) => parseUrl(withoutInvisible(text)));
  },
};

/** The canonical spelling of a host name, or undefined when it is none. Numeric addresses are none. */
export function asciiHost(name: string): string | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const lower = bare.toLowerCase();
  if (PLAIN_HOST.test(lower) && !lower.includes('xn--')) return isHost(lower) ? lower : undefined;
  if (NOT_IN_HOSTS.test(bare)) return undefined;
  // The joiners are part of a few names and are pasted into many others: without them only if need be.
  const ascii = toAscii(bare) ?? toAscii(withoutJoiners(bare));
  if (ascii === undefined || !isHost(ascii)) return undefined;
  const back = unicodeHost(ascii);
  return back !== undefined && toAscii(back) === ascii ? ascii : undefined;
}

/** The host name as people read it, or undefined when its punycode is broken. */
export function unicodeHost(ascii: string): string | undefined {
  const labels = ascii.split('.').map((label) => {
    return label.startsWith('xn--') ? fromPunycode(label.slice(4)) : label;
  });
  return labels.includes(undefined) ? undefined : labels.join('.');
}

/** What somebody registered, by the public suffix list with its private part. */
export function registrableDomain(host: string): string | undefined {
  return getDomain(host, SUFFIX_OPTIONS) ?? undefined;
}

const SUFFIX_OPTIONS = { allowPrivateDomains: true, extractHostname: false } as const;
const PLAIN_HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
/** What would make the URL parser see more than a host in it. */
const NOT_IN_HOSTS = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/;

function isHost(ascii: string): boolean {
  if (!PLAIN_HOST.test(ascii) || ascii.length > 253) return false;
  const labels = ascii.split('.');
  if (/^\d+$/.test(labels.at(-1) ?? '')) return false;
  return labels.every(
    (label) => label.length <= 63 && !label.startsWith('-') && !label.endsWith('-'),
  );
}

function toAscii(name: string): string | undefined {
  return URL.parse(`http://${name}`)?.hostname;
}

function hostOf(text: string): string | undefined {
  const afterScheme = text.replace(/^[a-z][a-z0-9+.-]{0,19}:\/\//i, '');
  const [authority = ''] = afterScheme.split(/[/?#]/, 1);
  return asciiHost(authority.replace(/:\d{1,5}$/, ''));
}

function parseUrl(text: string): Parsed {
  const full = /^[a-z][a-z0-9+.-]{0,19}:\/\//i.test(text) ? text : `https://${text}`;
  const parsed = URL.parse(full);
  if (parsed === null) return refused('url-invalid', 'it cannot be parsed');
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    return refused('url-invalid', `${parsed.protocol} is not a scheme of web pages`);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return refused('url-invalid', 'there is a user name or a password in it');
  }
  if (asciiHost(parsed.hostname) === undefined) return refused('url-invalid', 'no host name in it');
  // An empty query or fragment leaves its mark in the text until it is set to nothing.
  if (parsed.search === '') parsed.search = '';
  if (parsed.hash === '') parsed.hash = '';
  const bare = parsed.pathname === '/' && parsed.search === '' && parsed.hash === '';
  return understood(bare ? parsed.href.slice(0, -1) : parsed.href);
}

/** RFC 3492, the decoder with the parameters of punycode. */
function fromPunycode(encoded: string): string | undefined {
  const points = Array.from(encoded.slice(0, Math.max(encoded.lastIndexOf('-'), 0)), codeOf);
  let [code, index, bias] = [128, 0, 72];
  let at = encoded.lastIndexOf('-') + 1;
  if (at === encoded.length) return undefined;
  while (at < encoded.length) {
    const before = index;
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = parseInt(encoded[at++] ?? '', 36);
      if (Number.isNaN(digit)) return undefined;
      // Letters come before digits in punycode: a to z are 0 to 25, 0 to 9 are 26 to 35.
      const step = digit < 10 ? digit + 26 : digit - 10;
      index += step * weight;
      const threshold = Math.min(Math.max(k - bias, 1), 26);
      if (step < threshold) break;
      weight *= 36 - threshold;
    }
    const count = points.length + 1;
    bias = adapt(index - before, count, before === 0);
    code += Math.floor(index / count);
    index %= count;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    points.splice(index++, 0, code);
  }
  return String.fromCodePoint(...points);
}

function adapt(delta: number, count: number, first: boolean): number {
  let scaled = first ? Math.floor(delta / 700) : Math.floor(delta / 2);
  scaled += Math.floor(scaled / count);
  let k = 0;
  for (; scaled > 455; k += 36) scaled = Math.floor(scaled / 35);
  return k + Math.floor((36 * scaled) / (scaled + 38));
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
