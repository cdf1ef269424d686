/**
 * An account to try things with: people of the town with the companies they work in, deals, notes and
 * tasks. As in life, some are there twice, and not everybody has an e-mail address.
 */
import type { Random } from '../../world/world.ts';
import type { Hands } from '../crm/hands.ts';
import type { Emulator, Seeding } from '../emulator.ts';
import { companiesOf, happens, pick, typedAgain, type Person } from '../town.ts';
import type { AccountOptions } from './options.ts';
import { LIFECYCLE } from './properties.ts';

export const DEMO_ACCOUNTS: readonly AccountOptions[] = [
  {
    name: 'hubspot',
    token: 'pat-eu1-demo-hubspot',
    webhookCacheMs: 0,
    properties: {
      contacts: [
        {
          path: 'sync_key',
          type: 'text',
          unique: true,
          own: { label: 'Sync key', groupName: 'contactinformation' },
        },
        {
          path: 'interests',
          type: 'set',
          options: ['newsletter', 'partner', 'vip'],
          own: { label: 'Interests', groupName: 'contactinformation' },
        },
        {
          path: 'customer_since',
          type: 'date',
          own: { label: 'Customer since', groupName: 'contactinformation' },
        },
      ],
    },
  },
  {
    name: 'hubspot-oauth',
    token: 'demo-hubspot-refresh-token',
    portalId: 62_516,
    webhookCacheMs: 0,
    app: { kind: 'oauth', id: 77_001, clientId: 'demo-client', codes: ['demo-code'] },
  },
];

export function seedDemo(
  emulator: Pick<Emulator, 'account' | 'accounts'>,
  { count, random, town }: Seeding,
): void {
  const hands = emulator.account(emulator.accounts[0]!);
  const owners = STAFF.map((fields) => hands.create('owners', fields));
  const companies = Array.from({ length: companiesOf(count) }, (_, index) => {
    const { name, domain, employees } = town.company(index);
    return hands.create('companies', {
      name,
      domain: happens(random, 0.9) ? domain : null,
      numberofemployees: employees,
    });
  });
  for (let index = 0; index < count; index += 1) {
    const person = town.person(index);
    const company = companies[person.company]!;
    const id = hands.create('contacts', contactOf(random, person, { owners, company }));
    if (happens(random, 0.05)) {
      const { name, phone } = typedAgain(random, person);
      hands.create('contacts', { firstname: name, phone });
    }
    if (happens(random, 0.15)) deal(hands, random, { person, id, company, owners });
  }
}

function contactOf(
  random: Random,
  person: Person,
  { owners, company }: { owners: readonly string[]; company: string },
): Record<string, unknown> {
  const { given, family, email, phone, city } = person;
  return {
    firstname: given,
    lastname: family,
    email: happens(random, 0.85) ? email : null,
    [happens(random, 0.5) ? 'phone' : 'mobilephone']: happens(random, 0.8) ? phone : null,
    city: happens(random, 0.5) ? city : null,
    lifecyclestage: pick(random, LIFECYCLE.slice(0, 6)),
    hubspot_owner_id: happens(random, 0.7) ? pick(random, owners) : null,
    'associations.companies': happens(random, 0.8) ? [company] : null,
  };
}

function deal(
  hands: Hands,
  random: Random,
  {
    person,
    id,
    company,
    owners,
  }: { person: Person; id: string; company: string; owners: readonly string[] },
): void {
  const dealId = hands.create('deals', {
    dealname: `${person.name} – ${pick(random, ['offer', 'renewal', 'pilot'])}`,
    amount: 100 * (1 + random.below(500)),
    deal_currency_code: pick(random, ['EUR', 'HUF']),
    dealstage: pick(random, [
      'appointmentscheduled',
      'qualifiedtobuy',
      'contractsent',
      'closedwon',
    ]),
    hubspot_owner_id: pick(random, owners),
    'associations.contacts': [id],
    'associations.companies': [company],
  });
  const at = `2026-0${1 + random.below(9)}-1${random.below(10)}T09:30:00.000Z`;
  hands.create('notes', {
    hs_timestamp: at,
    hs_note_body: `<p>Talked to ${person.given}.</p>`,
    'associations.contacts': [id],
    'associations.deals': [dealId],
  });
  hands.create('tasks', {
    hs_timestamp: at,
    hs_task_subject: `Call ${person.given}`,
    hs_task_type: 'CALL',
    'associations.contacts': [id],
  });
}

const STAFF = [
  { email: 'ada@example.test', firstName: 'Ada', lastName: 'Varga', userId: 9001 },
  { email: 'bela@example.test', firstName: 'Béla', lastName: 'Kiss', userId: 9002 },
];
