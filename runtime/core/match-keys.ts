/**
 * Match keys: what two records must share to be the same person or company. A `strong` key may link
 * them by itself; a `candidate` only asks a person. Linking two people by mistake mixes their data,
 * which is worse than asking once too often, so whatever is in doubt is a candidate.
 *
 * Values come in as the kinds spell them. Keys are compared to the letter and are stable: the same
 * value gives the same keys on every machine.
 */
import { registrableDomain, unicodeHost } from './values/domain.ts';
import { splitAddress } from './values/email.ts';
import { splitPhone } from './values/phone.ts';
import type { Doubt } from './reasons.ts';
import { isList } from './value.ts';
import type { Value } from './value.ts';

export type KeyKind = 'email' | 'phone' | 'domain' | 'xid';

export interface MatchKey {
  readonly kind: KeyKind;
  readonly key: string;
  readonly strength: 'strong' | 'candidate';
  /** Why it is only a candidate. */
  readonly why?: Doubt;
}

export interface KeySource {
  readonly kind: KeyKind;
  /** A canonical value or a set of them. */
  readonly value: Value | undefined;
}

export interface MatchPolicy {
  /** Also propose records whose addresses are equal without their plus-tags. */
  readonly stripPlus?: boolean;
  /** Also propose Gmail addresses that are equal without their dots. */
  readonly gmailDots?: boolean;
  /** Telephone numbers may link by themselves: each belongs to one person here. */
  readonly phoneIsStrong?: boolean;
  /** More registrable domains that many companies share. */
  readonly sharedDomains?: readonly string[];
}

/** All keys of a record, strong before candidate, each once. */
export function matchKeys(sources: readonly KeySource[], policy: MatchPolicy = {}): MatchKey[] {
  const keys = new Map<string, MatchKey>();
  const found = sources.flatMap(({ kind, value }) =>
    textsOf(value).flatMap((text) => keysOf(kind, text, policy)),
  );
  for (const key of found.toSorted(byStrength)) {
    const name = `${key.kind} ${key.key}`;
    if (!keys.has(name)) keys.set(name, key);
  }
  return [...keys.values()];
}

function keysOf(kind: KeyKind, text: string, policy: MatchPolicy): MatchKey[] {
  switch (kind) {
    case 'email':
      return emailKeys(text, policy);
    case 'phone':
      return phoneKeys(text, policy);
    case 'domain':
      return domainKeys(text, policy);
    case 'xid':
      return [{ kind, key: text, strength: 'strong' }];
  }
}

/** The first doubt that applies is told; one is enough. */
function emailKeys(address: string, policy: MatchPolicy): MatchKey[] {
  const { local, host } = splitAddress(address);
  if (local === '' || host === '') return [];
  const keys: MatchKey[] = [];
  const lookalike = looksLike(address);
  if (lookalike !== undefined) {
    keys.push(
      candidate('email', address, 'look-alike'),
      candidate('email', lookalike, 'look-alike'),
    );
  } else if (isRoleMailbox(local)) {
    keys.push(candidate('email', address, 'role-mailbox'));
  } else {
    keys.push({ kind: 'email', key: address, strength: 'strong' });
  }
  const untagged = local.replace(/\+.*$/s, '');
  if (policy.stripPlus && untagged !== local && untagged !== '') {
    keys.push(candidate('email', `${untagged}@${host}`, 'plus-tag'));
  }
  if (policy.gmailDots && (host === 'gmail.com' || host === 'googlemail.com')) {
    const mailbox = (policy.stripPlus ? untagged : local).replaceAll('.', '');
    keys.push(candidate('email', `${mailbox}@gmail.com`, 'gmail-dots'));
  }
  return keys;
}

/** An extension tells people apart, so it is part of the key. Numbers kept as text are no keys. */
function phoneKeys(canonical: string, policy: MatchPolicy): MatchKey[] {
  if (splitPhone(canonical) === undefined) return [];
  if (policy.phoneIsStrong) return [{ kind: 'phone', key: canonical, strength: 'strong' }];
  return [candidate('phone', canonical, 'shared-phone')];
}

/**
 * The registrable domain of a company. None for domains where many have an address or a page; and
 * customers of `github.io` or `myshopify.com` are told apart, because suffixes of that sort count as
 * public. A look-alike of another name is a candidate for it.
 */
function domainKeys(host: string, policy: MatchPolicy): MatchKey[] {
  const registrable = registrableDomain(host);
  if (registrable === undefined || SHARED_DOMAINS.has(registrable)) return [];
  if (policy.sharedDomains?.includes(registrable)) return [];
  const lookalike = looksLike(registrable);
  if (lookalike === undefined) return [{ kind: 'domain', key: registrable, strength: 'strong' }];
  return [
    candidate('domain', registrable, 'look-alike'),
    candidate('domain', lookalike, 'look-alike'),
  ];
}

function candidate(kind: KeyKind, key: string, why: Doubt): MatchKey {
  return { kind, key, strength: 'candidate', why };
}

function byStrength(a: MatchKey, b: MatchKey): number {
  return Number(a.strength === 'candidate') - Number(b.strength === 'candidate');
}

function textsOf(value: Value | undefined): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (isList(value)) return value.flatMap(textsOf);
  return typeof value === 'string' ? [value] : [];
}

function isRoleMailbox(local: string): boolean {
  const untagged = local
    .replace(/\+.*$/s, '')
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');
  const [first = ''] = untagged.split(/[._-]/);
  return ROLES.has(untagged.replace(/[._-]/g, '')) || ROLES.has(first);
}

/**
 * What the text would be taken for, when the mailbox or a label of the host mixes scripts or would be
 * plain ASCII to the eye (UTS #39, cut down to letters that names of hosts may have). Undefined for
 * everything else; a whole name in Cyrillic is nothing odd.
 */
function looksLike(text: string): string | undefined {
  if (!NOT_ASCII.test(text) && !text.includes('xn--')) return undefined;
  const { local, host } = splitAddress(text);
  const labels = (unicodeHost(host) ?? host).split('.');
  const names = text.includes('@') ? [local, ...labels] : labels;
  if (!names.some(isDeceptive)) return undefined;
  const shown = names.map(skeletonOf);
  return text.includes('@') ? `${shown[0]}@${shown.slice(1).join('.')}` : shown.join('.');
}

function isDeceptive(name: string): boolean {
  if (!NOT_ASCII.test(name)) return false;
  const scripts = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];
  const mixed = scripts.filter((script) => script.test(name)).length > 1;
  return mixed || !NOT_ASCII.test(skeletonOf(name));
}

function skeletonOf(name: string): string {
  return Array.from(name.normalize('NFKC'), (letter) => LOOKALIKES.get(letter) ?? letter)
    .join('')
    .toLowerCase();
}

const NOT_ASCII = /[^\0-\x7f]/;

/** Small letters only: keys have no others. Pairs of the letter and what it is taken for. */
const LOOKALIKES = new Map(
  Array.from(
    // Cyrillic
    'аa еe оo рp сc уy хx іi јj ѕs ԁd һh ԛq ԝw ӏl ѵv ьb ԍg кk мm тt вb нh гr пn ' +
      // Greek
      'αa οo νv ρp ιi κk υu χx τt ηn ωw ϲc ϳj εe βb γy ' +
      // Latin and others
      'ıi ɑa ɡg ȷj ꞓc ʟl ѐe օo ոn սu հh',
  )
    .join('')
    .split(' ')
    .map((pair) => Array.from(pair) as [string, string]),
);

/** Mailboxes that several people read, without dots and accents. */
const ROLES = new Set(
  (
    'info information contact contacts kontakt office mail email hello hi post team company ' +
    'admin administrator administration webmaster hostmaster postmaster root abuse security noc it ' +
    'sales sale marketing press media pr news newsletter export import purchase purchasing procurement ' +
    'order orders shop store webshop booking bookings reservation reservations reception frontdesk ' +
    'support service services customerservice customercare help helpdesk helpline feedback complaints ' +
    'billing invoice invoices invoicing accounting accounts account finance payments payroll ' +
    'hr jobs job career careers recruitment recruiting legal privacy gdpr dpo compliance ' +
    'noreply donotreply notification notifications mailerdaemon bounce bounces alert alerts all everyone ' +
    'management secretary secretariat ' +
    // Hungarian
    'iroda titkarsag titkar ugyfelszolgalat ugyfelkapcsolat ugyfel vevoszolgalat ertekesites ' +
    'kereskedelem kozpont recepcio penztar penzugy konyveles konyvelo szamla szamlazas szamlak ' +
    'rendeles rendelesek megrendeles beszerzes raktar szerviz muszak uzem uzlet bolt webaruhaz ' +
    'munkaugy berszamfejtes hrosztaly allas karrier jog jogi adatvedelem sajto hirlevel ' +
    'kapcsolat hivatal polgarmester jegyzo onkormanyzat iskola ovoda foglalas szallas etterem ' +
    'ajanlat ajanlatkeres panasz reklamacio igazgatosag vezetoseg cegvezetes ' +
    // German
    'buro buero vertrieb verkauf kundendienst kundenservice rechnung rechnungen buchhaltung ' +
    'personal bewerbung einkauf bestellung empfang sekretariat datenschutz'
  ).split(' '),
);

/** Registrable domains of mailbox providers, social networks and page builders. */
const SHARED_DOMAINS = new Set(
  // Mail, everywhere
  (
    'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com yahoo.com ' +
    'ymail.com rocketmail.com aol.com icloud.com me.com mac.com proton.me protonmail.com ' +
    'protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com zoho.com zohomail.com ' +
    'fastmail.com fastmail.fm hushmail.com mail.com email.com usa.com gmx.com gmx.net gmx.de gmx.at ' +
    'gmx.ch gmx.hu inbox.com hey.com duck.com ' +
    // Mail in Hungary
    'freemail.hu citromail.hu vipmail.hu mailbox.hu indamail.hu hotmail.hu outlook.hu t-online.hu ' +
    't-email.hu chello.hu upcmail.hu invitel.hu digikabel.hu tvn.hu vnet.hu monornet.hu enternet.hu ' +
    'axelero.hu matavnet.hu externet.hu dunaweb.hu prtelecom.hu telekom.hu mailpont.hu postafiok.hu ' +
    // Mail elsewhere in Europe and beyond
    'hotmail.co.uk hotmail.de hotmail.fr hotmail.it hotmail.es live.co.uk live.de live.fr live.nl ' +
    'live.at outlook.de outlook.fr outlook.it outlook.at yahoo.co.uk yahoo.de yahoo.fr yahoo.it ' +
    'yahoo.es yahoo.ro yahoo.pl yahoo.gr yahoo.co.jp yahoo.co.in yahoo.com.br yahoo.ca web.de ' +
    'freenet.de t-online.de arcor.de posteo.de mailbox.org aon.at chello.at bluewin.ch orange.fr ' +
    'wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it tin.it ' +
    'seznam.cz email.cz post.cz centrum.cz volny.cz azet.sk centrum.sk post.sk zoznam.sk wp.pl o2.pl ' +
    'onet.pl interia.pl op.pl abv.bg mail.bg mail.ru bk.ru inbox.ru list.ru yandex.ru yandex.com ' +
    'ya.ru rambler.ru ukr.net i.ua btinternet.com sky.com comcast.net verizon.net att.net cox.net ' +
    'sbcglobal.net qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net ' +
    'rediffmail.com uol.com.br bol.com.br ' +
    // Pages on a host that many share
    'facebook.com fb.com instagram.com linkedin.com twitter.com x.com youtube.com youtu.be tiktok.com ' +
    'pinterest.com xing.com google.com goo.gl bit.ly linktr.ee wa.me t.me whatsapp.com telegram.me ' +
    'wix.com weebly.com squarespace.com wordpress.com webnode.com webnode.hu blogspot.hu ' +
    'business.site site123.me jimdo.com etsy.com ebay.com amazon.com airbnb.com booking.com ' +
    'tripadvisor.com github.com notion.site atw.hu uw.hu gportal.hu 5mp.eu hupont.hu lapunk.hu ' +
    'extra.hu unas.hu shoprenter.hu mindenkilapja.hu wyw.hu ucoz.hu jofogas.hu vatera.hu ' +
    'cegtalalkozo.hu aranyoldalak.hu'
  ).split(' '),
);
