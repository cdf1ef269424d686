/**
 * Two accounts to try things with, and plausible people for them: a sales CRM, and a help desk that
 * knows some of the same people under other names of fields. As in life, some are there twice, phone
 * numbers come in every form, and not everybody has an e-mail address.
 */
import type { Random } from '../world/world.ts';
import type { AccountOptions, Grumpy } from './grumpy/grumpy.ts';

export const DEMO_ACCOUNTS: readonly AccountOptions[] = [
  {
    name: 'sales',
    token: 'demo-sales',
    collections: {
      people: [
        { path: 'name', type: 'text', maxLength: 120 },
        { path: 'email', type: 'email' },
        { path: 'phone', type: 'phone' },
        { path: 'stage', type: 'enum', options: ['lead', 'customer', 'former'] },
        { path: 'tags', type: 'set', options: ['vip', 'newsletter', 'partner'] },
        { path: 'address', type: 'object' },
        { path: 'companyId', type: 'reference' },
      ],
      companies: [
        { path: 'name', type: 'text', maxLength: 200 },
        { path: 'domain', type: 'text' },
        { path: 'employees', type: 'number' },
      ],
    },
  },
  {
    name: 'support',
    token: 'demo-support',
    abilities: { version: 'time', create: 'marker', history: false, conditionalWrites: false },
    collections: {
      contacts: [
        { path: 'fullName', type: 'text' },
        { path: 'emailAddress', type: 'email', unique: true },
        { path: 'mobile', type: 'phone' },
        { path: 'customerSince', type: 'date' },
        { path: 'blocked', type: 'boolean' },
      ],
    },
  },
];

export function seedDemo(
  grumpy: Grumpy,
  { count, random }: { count: number; random: Random },
): void {
  const [sales, support] = [grumpy.account('sales'), grumpy.account('support')];
  const companies = Array.from({ length: Math.ceil(count / 6) }, (_, index) => {
    const name = `${pick(random, TOWNS)}i ${pick(random, TRADES)} ${index + 1}`;
    const domain = `${plain(name)}.example`;
    const fields = { name: `${name} ${pick(random, FORMS)}`, domain, employees: random.below(500) };
    return { domain, id: sales.create('companies', fields) };
  });
  for (let index = 0; index < count; index += 1) {
    const person = personOf(random, index, pick(random, companies));
    sales.create('people', inSales(random, person));
    if (chance(random, 0.05)) sales.create('people', againInSales(random, person));
    if (chance(random, 0.4)) support.create('contacts', inSupport(random, person));
  }
}

interface Person {
  readonly name: string;
  /** Everybody has one of their own; whether an account knows it is another matter. */
  readonly email: string;
  readonly phone: string;
  readonly town: string;
  readonly companyId: string;
}

function personOf(random: Random, index: number, company: { domain: string; id: string }): Person {
  const isHungarian = chance(random, 0.6);
  const given = pick(random, isHungarian ? HUNGARIAN.given : OTHERS.given);
  const family = pick(random, isHungarian ? HUNGARIAN.family : OTHERS.family);
  return {
    name: isHungarian ? `${family} ${given}` : `${given} ${family}`,
    email: `${plain(given)}.${plain(family)}${index + 1}@${company.domain}`,
    phone: phoneOf(random, isHungarian),
    town: pick(random, TOWNS),
    companyId: company.id,
  };
}

function inSales(random: Random, person: Person): Record<string, unknown> {
  const tags = TAGS.filter(() => chance(random, 0.2));
  return {
    name: person.name,
    email: chance(random, 0.85) ? person.email : null,
    phone: chance(random, 0.8) ? person.phone : null,
    stage: pick(random, ['lead', 'customer', 'customer', 'former']),
    tags,
    address: chance(random, 0.5) ? { city: person.town, country: 'HU' } : null,
    companyId: chance(random, 0.8) ? person.companyId : null,
  };
}

/** The same person, typed in by somebody who did not look first. */
function againInSales(random: Random, { name, email, phone }: Person): Record<string, unknown> {
  return {
    name: chance(random, 0.5) ? name.toUpperCase() : ` ${withoutAccents(name)}`,
    email: chance(random, 0.5) ? email.toUpperCase() : null,
    phone: phone.replaceAll(/\D/g, ''),
    stage: 'lead',
  };
}

function inSupport(random: Random, { name, email, phone }: Person): Record<string, unknown> {
  const day = (below: number): string => String(1 + random.below(below)).padStart(2, '0');
  return {
    fullName: chance(random, 0.8) ? name : withoutAccents(name),
    emailAddress: chance(random, 0.9) ? email : null,
    mobile: chance(random, 0.5) ? phone : null,
    customerSince: `20${10 + random.below(16)}-${day(12)}-${day(28)}`,
    blocked: chance(random, 0.02),
  };
}

function phoneOf(random: Random, isHungarian: boolean): string {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.below(10)).join('');
  if (!isHungarian) return `+${pick(random, ['43', '44', '49', '421'])} ${digits(3)} ${digits(6)}`;
  const network = pick(random, ['20', '30', '70']);
  const [first, second] = [digits(3), digits(4)];
  return pick(random, [
    `+36${network}${first}${second}`,
    `+36 ${network} ${first} ${second}`,
    `06-${network}/${first}-${second}`,
    `(06 ${network}) ${first} ${second}`,
    `0036${network}${first}${second}`,
    `${network} ${first} ${second}`,
    `06${network}${first}${second} (csak délután)`,
  ]);
}

function chance(random: Random, share: number): boolean {
  return random.next() < share;
}

function pick<One>(random: Random, list: readonly One[]): One {
  return list[random.below(list.length)]!;
}

function withoutAccents(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{Mn}/gu, '');
}

/** As people make addresses of names. A stroke is no accent, so those letters are named. */
function plain(text: string): string {
  return withoutAccents(text)
    .toLowerCase()
    .replaceAll('ł', 'l')
    .replaceAll('đ', 'd')
    .replaceAll('ø', 'o')
    .replaceAll(/[^a-z0-9]+/g, '-');
}

const TAGS = ['vip', 'newsletter', 'partner'];

const HUNGARIAN = {
  family: words(
    'Nagy Kovács Tóth Szabó Horváth Varga Kiss Molnár Németh Farkas Balogh Papp Lakatos Takács Juhász Őszi Kőműves Gyarmati Zsoldos Hegedűs',
  ),
  given: words(
    'Anna Árpád Béla Csilla Dóra Eszter Ferenc Gergő Ildikó Jázmin Kálmán Lőrinc Márta Noémi Ödön Piroska Réka Sándor Tünde Zoltán',
  ),
};

const OTHERS = {
  family: words(
    "Müller O'Brien Nováková García Łukasiewicz Smith Đorđević Jensen van-der-Berg Ivanova Özdemir Rossi",
  ),
  given: words('Jürgen Siobhán Zuzana José Małgorzata John Đuro Søren Anneke Olga Emre Giulia'),
};

const TOWNS = words('Budapest Pécs Szeged Győr Debrecen Eger Sopron Miskolc Kőszeg Szentendre');
const TRADES = words(
  'Pékség Nyomda Optika Logisztika Kertészet Szerviz Borászat Asztalos Stúdió Gyógyszertár',
);
const FORMS = ['Kft.', 'Bt.', 'Zrt.', 'Nyrt.', '& Társa'];

function words(text: string): readonly string[] {
  return text.split(' ');
}
