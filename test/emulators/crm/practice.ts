/**
 * One account of no vendor in particular, with the habits a test is about. Nobody asks it anything over
 * HTTP; time passes when a test lets it.
 */
import { Account, type AccountSetup } from '../../../runtime/emulators/crm/account.ts';
import { startAfterwards } from '../../../runtime/emulators/crm/afterwards.ts';
import type { Habits } from '../../../runtime/emulators/crm/habits.ts';
import { Hands } from '../../../runtime/emulators/crm/hands.ts';
import type { Change } from '../../../runtime/emulators/crm/model.ts';
import { Rules } from '../../../runtime/emulators/crm/rules.ts';
import { virtualWorld, type VirtualWorld } from '../../sim/virtual-world.ts';

export interface CrmPractice {
  readonly world: VirtualWorld;
  readonly account: Account;
  readonly hands: Hands;
  readonly pass: (ms: number) => Promise<void>;
  /** What has happened, one word and the id each. */
  readonly told: () => readonly string[];
}

export const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 0, 1);

const COLLECTIONS: AccountSetup['collections'] = {
  people: [
    { path: 'name', type: 'text' },
    { path: 'initials', type: 'text', readOnly: true },
    { path: 'email', type: 'email', unique: true },
    { path: 'otherEmails', type: 'set' },
    { path: 'phones', type: 'list' },
    { path: 'companyId', type: 'reference', to: 'companies' },
    { path: 'dealIds', type: 'references', to: 'deals', quiet: true },
  ],
  companies: [{ path: 'name', type: 'text' }],
  deals: [{ path: 'title', type: 'text' }],
};

export function crmPractice(habits: Partial<Habits> = {}): CrmPractice {
  const world = virtualWorld({ seed: 1 });
  const account = new Account(
    {
      vendor: 'example',
      title: 'Example',
      name: 'sales',
      token: 'sesame',
      collections: COLLECTIONS,
      habits,
    },
    world.clock,
  );
  const hands = new Hands(account, new Rules(account, world), {});
  startAfterwards(account, world);
  const inShort = ({ kind, collection, id, via }: Change): string =>
    `${kind} ${collection} ${id} by ${via}`;
  return {
    world,
    account,
    hands,
    pass: async (ms) => void (await world.runUntil(world.clock.now() + ms)),
    told: () => hands.log.map(inShort),
  };
}
