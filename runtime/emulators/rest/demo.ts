/**
 * Two apps to try things with: one that was made well, and one that was not. Both know people of the same
 * town, some of them in both, some of them twice, and not everybody with an e-mail address.
 */
import type { Random } from '../../world/world.ts';
import type { Given } from '../crm/model.ts';
import type { Seeding } from '../emulator.ts';
import { companiesOf, happens, pick, typedAgain, type Person } from '../town.ts';
import { OLD, type AccountOptions } from './options.ts';
import type { RestHost } from './reading.ts';
import { spelled } from './words.ts';

export const DEMO_ACCOUNTS: readonly AccountOptions[] = [
  { name: 'rest', token: 'demo-rest-secret-that-signs-tokens' },
  { name: 'rest-old', token: 'demo-rest-old', ...OLD },
];

export function seedDemo(hosts: readonly RestHost[], seeding: Seeding): void {
  for (const host of hosts) seedOne(host, seeding);
}

function seedOne({ account, hands }: RestHost, { count, random, town }: Seeding): void {
  const create = (collection: string, fields: Given): string => {
    const named = Object.entries(fields).map(
      ([path, value]) => [spelled(account.settings.names, path), value] as const,
    );
    return hands.create(collection, Object.fromEntries(named));
  };
  const companies = Array.from({ length: companiesOf(count) }, (_, index) =>
    create('companies', { ...town.company(index) }),
  );
  for (let index = 0; index < count; index += 1) {
    const person = town.person(index);
    const id = create('contacts', contactOf(random, person, companies[person.company]!));
    if (happens(random, 0.05)) {
      const { name, phone } = typedAgain(random, person);
      create('contacts', { lastName: name, phone });
    }
    if (happens(random, 0.15))
      create('notes', { text: `Talked to ${person.given}.`, contactId: id });
  }
}

function contactOf(random: Random, person: Person, companyId: string): Given {
  const livesSomewhere = happens(random, 0.5);
  return {
    firstName: person.given,
    lastName: person.family,
    email: happens(random, 0.85) ? person.email : null,
    phone: happens(random, 0.8) ? person.phone : null,
    birthday: happens(random, 0.3) ? `19${50 + random.below(50)}-0${1 + random.below(9)}-15` : null,
    stage: pick(random, ['lead', 'customer', 'customer', 'former', null]),
    tags: ['vip', 'newsletter', 'partner'].filter(() => happens(random, 0.2)),
    blocked: happens(random, 0.02),
    score: happens(random, 0.6) ? random.below(101) : null,
    'address.city': livesSomewhere ? person.city : null,
    'address.country': livesSomewhere ? 'HU' : null,
    companyId: happens(random, 0.8) ? companyId : null,
  };
}
