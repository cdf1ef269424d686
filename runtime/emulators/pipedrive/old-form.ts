/**
 * Items as the older version of the API shows them: times with a space, e-mail addresses under other
 * names, custom fields among the rest, and links as objects where a list of changes shows them.
 */
import type { Collection } from '../crm/collection.ts';
import type { Item } from '../crm/model.ts';
import type { Company } from './company.ts';
import { factsOf } from './fields.ts';
import { addTimeOf, shownValue, updateTimeOf } from './showing.ts';
import { spaced } from './values.ts';

export function oldForm(
  company: Company,
  collection: Collection,
  item: Item,
  { isFlat }: { isFlat: boolean },
): object {
  const all: Record<string, unknown> = { id: Number(item.id), company_id: company.id };
  for (const field of collection.schema.fields) {
    const { kind, isCustom, isOptional } = factsOf(field);
    if (isOptional) continue;
    const value = shownValue(company, collection, field, item);
    const code = company.codeOf(collection, field);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isObject && (isCustom || kind === 'address')) {
      const { value: main, ...parts } = value as Readonly<Record<string, unknown>>;
      all[code] = main;
      for (const [part, its] of Object.entries(parts)) all[`${code}_${part}`] = its;
    } else if (kind === 'datetime') {
      all[code] = typeof value === 'string' ? spaced(value) : null;
    } else if (kind === 'link' && !isFlat && OBJECTS.has(code)) {
      all[code] = linked(company, field.to!, item.fields[field.path]);
    } else all[OLD_NAMES[code] ?? code] = value;
  }
  const { label_ids: labels, visible_to: level } = all;
  return {
    ...all,
    ...(Array.isArray(labels) ? { label: (labels[0] as number | undefined) ?? null } : {}),
    ...(level === undefined ? {} : { visible_to: `${level as number}` }),
    ...(collection.name === 'deals'
      ? {
          user_id: all['owner_id'],
          creator_user_id: Number(company.userOf(item.createdBy.kind)),
          active: item.archived !== true && all['status'] === 'open',
          deleted: item.archived === true,
        }
      : { active_flag: item.archived !== true }),
    add_time: spaced(addTimeOf(item)),
    update_time: spaced(updateTimeOf(item)),
  };
}

const OLD_NAMES: Readonly<Record<string, string>> = { emails: 'email', phones: 'phone' };

const OBJECTS: ReadonlySet<string> = new Set(['owner_id', 'org_id', 'person_id']);

function linked(company: Company, collection: string, id: unknown): object | null {
  if (typeof id !== 'string') return null;
  const its = company.collection(collection);
  const state = company.present(its, id);
  const name = state === undefined ? null : its.item(id, state).fields['name'];
  return { name, active_flag: state?.life === 'live', value: Number(id) };
}

export function noteForm(company: Company, item: Item): object {
  const { content, deal_id: deal, person_id: person, org_id: org, user_id: user } = item.fields;
  const number = (id: unknown): number | null => (typeof id === 'string' ? Number(id) : null);
  const nameOf = (collection: string, id: unknown, path: string): object | null => {
    const its = company.collection(collection);
    const state = typeof id === 'string' ? company.present(its, id) : undefined;
    return state === undefined ? null : { [path]: its.item(id as string, state).fields[path] };
  };
  const its = company.collection('users');
  const author = company.present(its, user as string);
  const { name = null, email = null } = author ? its.item(user as string, author).fields : {};
  return {
    id: Number(item.id),
    user_id: number(user),
    deal_id: number(deal),
    person_id: number(person),
    org_id: number(org),
    lead_id: null,
    project_id: null,
    content,
    add_time: spaced(addTimeOf(item)),
    update_time: spaced(updateTimeOf(item)),
    active_flag: item.archived !== true,
    pinned_to_deal_flag: item.fields['pinned_to_deal_flag'] === true,
    pinned_to_organization_flag: item.fields['pinned_to_organization_flag'] === true,
    pinned_to_person_flag: item.fields['pinned_to_person_flag'] === true,
    last_update_user_id: Number(company.userOf(item.updatedBy.kind)),
    deal: nameOf('deals', deal, 'title'),
    person: nameOf('persons', person, 'name'),
    organization: nameOf('organizations', org, 'name'),
    user: { name, email, icon_url: null, is_you: user === company.asker },
  };
}

export function userForm(company: Company, item: Item): object {
  const { name, email, is_admin: isAdmin, active_flag: isActive } = item.fields;
  return {
    id: Number(item.id),
    name,
    email,
    default_currency: company.abilities.currency,
    locale: 'en_US',
    lang: 1,
    phone: null,
    activated: true,
    active_flag: isActive,
    is_deleted: false,
    access: ['global', 'sales', 'account_settings'].map((app) => ({ app, admin: isAdmin })),
    role_id: 1,
    timezone_name: company.abilities.timeZone,
    icon_url: null,
    is_you: item.id === company.asker,
    created: spaced(addTimeOf(item)),
    modified: spaced(updateTimeOf(item)),
    last_login: spaced(updateTimeOf(item)),
  };
}
