/**
 * A workspace of the newer line to try things with: the people of the town and their companies, what may
 * become of them, and who talked to whom. Some are there twice, and not everybody has an e-mail address.
 */
import type { Random } from '../../world/world.ts';
import type { Hands } from '../crm/hands.ts';
import type { Emulator, Seeding } from '../emulator.ts';
import { companiesOf, happens, pick, typedAgain, type Person } from '../town.ts';
import type { AccountOptions } from './options.ts';

export const DEMO_ACCOUNTS: readonly AccountOptions[] = [
  { name: 'workspace', token: 'eyJhbGciOiJIUzI1NiJ9.demo-twenty' },
];

export function seedDemo(
  twenty: Pick<Emulator, 'accounts' | 'account'>,
  { count, random, town }: Seeding,
): void {
  const hands = twenty.account(twenty.accounts[0]!);
  const members = STAFF.map((member) => hands.create('workspaceMembers', member));
  const companies = Array.from({ length: companiesOf(count) }, (_, index) => {
    const { name, domain, employees } = town.company(index);
    return hands.create('companies', {
      name,
      domainName: { primaryLinkUrl: `https://${domain}` },
      employees,
      accountOwnerId: happens(random, 0.6) ? pick(random, members) : null,
    });
  });
  for (let index = 0; index < count; index += 1) {
    const person = town.person(index);
    const companyId = companies[person.company]!;
    const id = hands.create('people', personOf(random, person, companyId));
    if (happens(random, 0.05)) {
      const { name } = typedAgain(random, person);
      hands.create('people', { name: { firstName: name, lastName: '' }, jobTitle: '?' });
    }
    if (happens(random, 0.15)) opportunity(hands, random, { person, id, companyId, members });
  }
}

function personOf(random: Random, person: Person, companyId: string): Record<string, unknown> {
  const { given, family, email, phone, city } = person;
  const isHungarian = /^\+?(?:36|0|\(|\d\d )/.test(phone);
  const digits = phone.replace(/ \(.*$/, '').replace(/^00/, '+');
  return {
    name: { firstName: given, lastName: family },
    emails: happens(random, 0.85) ? { primaryEmail: email } : null,
    phones: happens(random, 0.8)
      ? {
          primaryPhoneNumber: digits,
          ...(isHungarian && !digits.startsWith('+') ? { primaryPhoneCountryCode: 'HU' } : {}),
        }
      : null,
    city: happens(random, 0.5) ? city : null,
    jobTitle: pick(random, ['CEO', 'Buyer', 'Engineer', null]),
    companyId: happens(random, 0.8) ? companyId : null,
  };
}

function opportunity(
  hands: Hands,
  random: Random,
  {
    person,
    id,
    companyId,
    members,
  }: { person: Person; id: string; companyId: string; members: readonly string[] },
): void {
  hands.create('opportunities', {
    name: `${person.name} – ${pick(random, ['offer', 'renewal', 'pilot'])}`,
    amount: {
      amountMicros: 1e8 * (1 + random.below(500)),
      currencyCode: pick(random, ['EUR', 'HUF']),
    },
    stage: pick(random, ['NEW', 'SCREENING', 'MEETING', 'PROPOSAL', 'CUSTOMER']),
    closeDate: `2026-0${1 + random.below(9)}-1${random.below(10)}T09:30:00.000Z`,
    pointOfContactId: id,
    companyId,
    ownerId: pick(random, members),
  });
  const noteId = hands.create('notes', {
    title: 'Call',
    bodyV2: { markdown: `Talked to ${person.given}.` },
  });
  hands.create('noteTargets', { noteId, targetPersonId: id });
  const taskId = hands.create('tasks', {
    title: `Call ${person.given}`,
    assigneeId: pick(random, members),
  });
  hands.create('taskTargets', { taskId, targetPersonId: id });
}

const STAFF = [
  { name: { firstName: 'Ada', lastName: 'Varga' }, userEmail: 'ada@example.test' },
  { name: { firstName: 'Béla', lastName: 'Kiss' }, userEmail: 'bela@example.test' },
];
