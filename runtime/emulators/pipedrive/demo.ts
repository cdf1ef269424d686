/** Accounts for demonstrations: a company with people and organizations, their deals, calls and notes. */
import type { Random } from '../../world/world.ts';
import type { Emulator, Seeding } from '../emulator.ts';
import { companiesOf, happens, pick, typedAgain, type Person } from '../town.ts';
import type { AccountOptions } from './options.ts';

export const DEMO_ACCOUNTS: readonly AccountOptions[] = [
  {
    name: 'pipedrive-demo',
    token: 'de400000000000000000000000000000000000d0',
    // So many that nobody who tries it out runs out of tokens.
    abilities: { plan: 'ultimate', seats: 50 },
    fields: {
      persons: [
        { path: 'customer number', type: 'text', maxLength: 255 },
        { path: 'stage', type: 'enum', options: ['lead', 'customer', 'former'] },
        { path: 'interests', type: 'set', options: ['vip', 'newsletter', 'partner'] },
      ],
      organizations: [{ path: 'founded', type: 'date' }],
    },
    app: {
      clientId: 'demo-app',
      clientSecret: 'demo-app-secret',
      redirectUri: 'http://127.0.0.1:1880/oauth/pipedrive',
      scopes: ['contacts:full', 'deals:full', 'activities:full', 'users:read', 'recents:read'],
    },
  },
];

export function seedDemo(
  pipedrive: Pick<Emulator, 'account'>,
  { count, random, town }: Seeding,
): void {
  const hands = pipedrive.account(DEMO_ACCOUNTS[0]!.name);
  const organizations = Array.from({ length: companiesOf(count) }, (_, index) => {
    const { name, domain, employees } = town.company(index);
    const website = `https://${domain}`;
    return hands.create('organizations', { name, website, employee_count: employees });
  });
  for (let index = 0; index < count; index += 1) {
    const person = town.person(index);
    const org_id = happens(random, 0.8) ? organizations[person.company]! : null;
    const id = hands.create('persons', { ...asKnown(random, person), org_id });
    if (happens(random, 0.05)) {
      const { name, email, phone } = typedAgain(random, person);
      hands.create('persons', { name: name.trim(), emails: entry(email), phones: entry(phone) });
    }
    if (happens(random, 0.15)) {
      const title = `${person.family} ${pick(random, ['web shop', 'renewal', 'pilot'])}`;
      const value = 100 * (1 + random.below(90));
      const deal = hands.create('deals', { title, value, person_id: id, org_id });
      if (happens(random, 0.3)) {
        const status = pick(random, ['won', 'won', 'lost']);
        hands.edit('deals', deal, { status });
      }
    }
    if (happens(random, 0.1)) hands.create('activities', { subject: 'Call back', person_id: id });
    if (happens(random, 0.1)) {
      hands.create('notes', { content: '<p>Met at the <b>fair</b>.</p>', person_id: id });
    }
  }
}

function asKnown(random: Random, { name, email, phone }: Person): Record<string, unknown> {
  return {
    name,
    emails: happens(random, 0.85) ? entry(email) : null,
    phones: happens(random, 0.8) ? entry(phone) : null,
    'customer number': happens(random, 0.5) ? `C-${10_000 + random.below(90_000)}` : null,
    stage: pick(random, ['lead', 'customer', 'customer', 'former']),
    interests: ['vip', 'newsletter', 'partner'].filter(() => happens(random, 0.2)),
  };
}

function entry(value: string | null): readonly object[] | null {
  return value === null ? null : [{ value }];
}
