/**
 * Two accounts to try things with: a sales CRM, and a help desk that knows some of the same people under
 * other names of fields. As in life, some are there twice, and not everybody has an e-mail address.
 */
import type { Random } from '../../world/world.ts';
import type { Emulator, Seeding } from '../emulator.ts';
import { happens, companiesOf, pick, typedAgain, withoutAccents, type Person } from '../town.ts';
import type { AccountOptions } from './options.ts';

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
  grumpy: Pick<Emulator, 'account'>,
  { count, random, town }: Seeding,
): void {
  const [sales, support] = [grumpy.account('sales'), grumpy.account('support')];
  const companyIds = Array.from({ length: companiesOf(count) }, (_, index) =>
    sales.create('companies', { ...town.company(index) }),
  );
  for (let index = 0; index < count; index += 1) {
    const person = town.person(index);
    sales.create('people', inSales(random, person, companyIds[person.company]!));
    if (happens(random, 0.05)) {
      sales.create('people', { ...typedAgain(random, person), stage: 'lead' });
    }
    if (happens(random, 0.4)) support.create('contacts', inSupport(random, person));
  }
}

function inSales(random: Random, person: Person, companyId: string): Record<string, unknown> {
  const tags = TAGS.filter(() => happens(random, 0.2));
  return {
    name: person.name,
    email: happens(random, 0.85) ? person.email : null,
    phone: happens(random, 0.8) ? person.phone : null,
    stage: pick(random, ['lead', 'customer', 'customer', 'former']),
    tags,
    address: happens(random, 0.5) ? { city: person.city, country: 'HU' } : null,
    companyId: happens(random, 0.8) ? companyId : null,
  };
}

function inSupport(random: Random, { name, email, phone }: Person): Record<string, unknown> {
  const day = (below: number): string => String(1 + random.below(below)).padStart(2, '0');
  return {
    fullName: happens(random, 0.8) ? name : withoutAccents(name),
    emailAddress: happens(random, 0.9) ? email : null,
    mobile: happens(random, 0.5) ? phone : null,
    customerSince: `20${10 + random.below(16)}-${day(12)}-${day(28)}`,
    blocked: happens(random, 0.02),
  };
}

const TAGS = ['vip', 'newsletter', 'partner'];
