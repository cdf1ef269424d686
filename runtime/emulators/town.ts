/**
 * A town of plausible people and their companies, for demonstrations. As in life, phone numbers come in
 * every form, names in several languages, and some people are written down twice. Every vendor draws
 * from the same town, so that the same person may be in two of them; person number 7 is the same one,
 * however many people are asked for.
 */
import { randomStreams } from '../world/random.ts';
import type { Random } from '../world/world.ts';

export interface Town {
  /** From 0. */
  company(index: number): Company;
  person(index: number): Person;
}

export interface Company {
  readonly name: string;
  readonly domain: string;
  readonly employees: number;
}

export interface Person {
  /** In the order of their language: Hungarians have the family name first. */
  readonly name: string;
  readonly given: string;
  readonly family: string;
  /** Everybody has one of their own; whether an account knows it is another matter. */
  readonly email: string;
  readonly phone: string;
  readonly city: string;
  /** Where they work: the index of a company. */
  readonly company: number;
}

const PEOPLE_PER_COMPANY = 6;

export function townOf(random: Random): Town {
  const seed = String(random.below(2 ** 31));
  // Streams that were begun go on; who asks again is to get the same ones.
  const chanceOf = (whom: string): Random => randomStreams(seed)(whom);
  const company = (index: number): Company => companyOf(chanceOf(`company ${index}`), index);
  return {
    company,
    person(index) {
      const own = chanceOf(`person ${index}`);
      const works = own.below(companiesOf(index + 1));
      return personOf(own, index, { works, domain: company(works).domain });
    },
  };
}

/** How many companies so many people work in. */
export function companiesOf(people: number): number {
  return Math.ceil(people / PEOPLE_PER_COMPANY);
}

/** The same person, typed in by somebody who did not look first. */
export function typedAgain(
  random: Random,
  { name, email, phone }: Person,
): { name: string; email: string | null; phone: string } {
  return {
    name: happens(random, 0.5) ? name.toUpperCase() : ` ${withoutAccents(name)}`,
    email: happens(random, 0.5) ? email.toUpperCase() : null,
    phone: phone.replaceAll(/\D/g, ''),
  };
}

export function happens(random: Random, share: number): boolean {
  return random.next() < share;
}

export function pick<One>(random: Random, list: readonly One[]): One {
  return list[random.below(list.length)]!;
}

export function withoutAccents(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{Mn}/gu, '');
}

function companyOf(random: Random, index: number): Company {
  const name = `${pick(random, TOWNS)}i ${pick(random, TRADES)} ${index + 1}`;
  return {
    name: `${name} ${pick(random, FORMS)}`,
    domain: `${plain(name)}.example`,
    employees: random.below(500),
  };
}

function personOf(
  random: Random,
  index: number,
  { works, domain }: { works: number; domain: string },
): Person {
  const isHungarian = happens(random, 0.6);
  const given = pick(random, isHungarian ? HUNGARIAN.given : OTHERS.given);
  const family = pick(random, isHungarian ? HUNGARIAN.family : OTHERS.family);
  return {
    name: isHungarian ? `${family} ${given}` : `${given} ${family}`,
    given,
    family,
    email: `${plain(given)}.${plain(family)}${index + 1}@${domain}`,
    phone: phoneOf(random, isHungarian),
    city: pick(random, TOWNS),
    company: works,
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

/** As people make addresses of names. A stroke is no accent, so those letters are named. */
function plain(text: string): string {
  return withoutAccents(text)
    .toLowerCase()
    .replaceAll('ł', 'l')
    .replaceAll('đ', 'd')
    .replaceAll('ø', 'o')
    .replaceAll(/[^a-z0-9]+/g, '-');
}

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
