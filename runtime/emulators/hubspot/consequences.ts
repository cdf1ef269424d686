/**
 * What follows for other records. An association moves the time of the company and of nobody else; and
 * where an account is set to it, a new contact makes the company of its address.
 */
import type { World } from '../../world/world.ts';
import type { Change, Doer } from '../crm/model.ts';
import type { Account } from './account.ts';
import { companyDomain } from './habits.ts';
import { idsIn } from './references.ts';

const BUMP_MS_BELOW = 1000;
const COMPANY_MS = { atLeast: 1000, below: 5000 };

export function startConsequences(account: Account, world: World): void {
  const { schedule } = world;
  const chance = world.random(`hubspot:${account.name}:consequences`);
  const companies = account.collections.get('companies')!;
  const contacts = account.collections.get('contacts')!;
  account.onChanges((changes) => {
    for (const change of changes.filter(({ via }) => via !== 'backup')) {
      for (const id of companiesTouched(change)) {
        schedule.after(chance.below(BUMP_MS_BELOW), () => {
          if (companies.live(id) !== undefined) {
            account.atomically(() => account.touch(companies, id));
          }
        });
      }
      if (account.settings.createsCompanies && isNewContact(change)) {
        const delayMs = COMPANY_MS.atLeast + chance.below(COMPANY_MS.below - COMPANY_MS.atLeast);
        schedule.after(delayMs, () => makeCompany(change));
      }
    }
  });

  /** Unless somebody has associated it with one in the meantime. */
  function makeCompany({ id, after }: Change): void {
    const domain = companyDomain(after?.fields['email']);
    const state = contacts.live(id);
    const key = contacts.schema.field('associations.companies')!.key;
    if (domain === undefined || state === undefined || idsIn(state.values[key]).length > 0) return;
    const doer: Doer = { by: 'integration', via: 'vendor' };
    account.atomically(() => {
      const known = companies.entries.find(
        (entry) =>
          companies.live(entry.id)?.values[companies.schema.field('domain')!.key] === domain,
      );
      const company = known?.id ?? account.create(companies, { domain }, doer);
      account.update(contacts, id, { 'associations.companies': [company] }, doer);
    });
  }
}

function isNewContact({ collection, kind }: Change): boolean {
  return collection === 'contacts' && kind === 'created';
}

/** Those that a change has associated with something, or no longer. */
function companiesTouched({ before, after }: Change): Iterable<string> {
  const path = 'associations.companies';
  const [had, has] = [idsIn(before?.fields[path]), idsIn(after?.fields[path])];
  return new Set([
    ...has.filter((id) => !had.includes(id)),
    ...had.filter((id) => after !== undefined && !has.includes(id)),
  ]);
}
