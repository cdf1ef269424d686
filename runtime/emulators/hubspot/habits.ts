/** What HubSpot does differently with what it keeps: spelling, derived values, merges, and second bumps. */
import type { Habits, Deriving } from '../crm/habits.ts';
import type { Fields, Item, Value } from '../crm/model.ts';
import type { AssociationType } from './association-types.ts';
import { objectNamed } from './objects.ts';
import type { Settings } from './options.ts';
import { TASK } from './properties.ts';
import { idsIn } from './references.ts';
import { hostIn, kept } from './values.ts';

const FIRST_ID = 100;
const DAY_MS = 86_400_000;

export function habitsOf(
  settings: Settings,
  /** All there are; labels can be added. */
  types: readonly AssociationType[],
): Partial<Habits> {
  return {
    // Unique among records of a kind only.
    newId: ({ number }) => String(FIRST_ID + number),
    // A history is part of the API.
    rememberMs: Infinity,
    // Archiving is not seen by those who look for changes.
    deletingMovesTime: false,
    purgeAfterMs: 90 * DAY_MS,
    store: (field, given, before) => kept(field, given, before, settings),
    uniqueKeys: ({ path }, valueOf) => uniqueKeys(path, valueOf),
    derive: (change) => ({ ...associated(change, types), ...derived(change, settings) }),
    afterwards({ collection, kind, before, after }) {
      const isMoved = kind === 'created' || before?.updatedAt !== after?.updatedAt;
      if (objectNamed(collection) === undefined || !isMoved) return [];
      const late = collection === 'contacts' && kind === 'created';
      return [{ delayMs: late ? [17_000, 22_000] : [2000, 4000] }];
    },
    merging: { newId: true, loser: 'merged', values: (merge) => merged(merge, types) },
    references: { deleted: 'keep', destroyed: 'clear', merged: 'follow' },
  };
}

/** A person is found by each of the addresses. */
function uniqueKeys(path: string, valueOf: (path: string) => Value): readonly string[] {
  const value = valueOf(path);
  const more = path === 'email' ? valueOf('hs_additional_emails') : null;
  const all = [value, ...(Array.isArray(more) ? more : [])];
  return all.filter((one) => one !== null).map((one) => String(one));
}

type Given = Record<string, Value>;

/** Every label stands beside the plain association, and goes with it; the first company is the primary one. */
function associated(
  { collection, before, after }: Deriving,
  types: readonly AssociationType[],
): Given {
  const given: Given = {};
  const own = types.filter(({ from }) => from === collection);
  for (const { to, path } of own.filter(({ kind }) => kind === 'plain')) {
    const labels = own.filter((type) => type.to === to && type.kind !== 'plain');
    const [had, has] = [idsIn(before?.[path]), idsIn(after[path])];
    const named = labels.flatMap((label) => {
      const old = idsIn(before?.[label.path]);
      return idsIn(after[label.path]).filter((id) => !old.includes(id));
    });
    const all = [...new Set([...has, ...named])];
    if (all.length !== has.length) given[path] = all;
    for (const label of labels) {
      const old = idsIn(after[label.path]);
      const left = old.filter((id) => all.includes(id));
      const isFirst = label.kind === 'primary' && had.length === 0 && left.length === 0;
      const now = isFirst ? all.slice(0, 1) : left;
      if (now.join(';') === old.join(';')) continue;
      given[label.path] = label.kind === 'primary' ? (now[0] ?? null) : now;
    }
  }
  return given;
}

function derived(change: Deriving, settings: Settings): Given {
  switch (change.collection) {
    case 'contacts':
      return ofContact(change);
    case 'companies':
      return ofCompany(change);
    case 'deals':
      return ofDeal(change, settings);
    case 'tasks':
      return ofTask(change);
    default:
      return {};
  }
}

function ofContact({ id, before, after }: Deriving): Given {
  const { email, phone, mobilephone, lifecyclestage, hs_merged_object_ids: former } = after;
  const defaults = before === undefined && (lifecyclestage ?? null) === null;
  const vids = [id, ...(typeof former === 'string' ? former.split(';') : [])].join(';');
  return {
    ...(defaults ? { lifecyclestage: 'subscriber' } : {}),
    ...website(before, after),
    hs_email_domain: typeof email === 'string' ? email.split('@')[1]! : null,
    hs_calculated_phone_number: digitsOf(phone),
    hs_calculated_mobile_number: digitsOf(mobilephone),
    hs_searchable_calculated_phone_number: localDigits(phone),
    hs_searchable_calculated_mobile_number: localDigits(mobilephone),
    hs_is_contact: true,
    hs_is_unworked: true,
    hs_pipeline: 'contacts-lifecycle-pipeline',
    hs_all_contact_vids: vids,
    hs_calculated_merged_vids: former ?? null,
  };
}

function ofCompany({ before, after }: Deriving): Given {
  const { domain, website: site } = after;
  if (before === undefined && (site ?? null) === null) return { website: domain ?? null };
  return website(before, after);
}

/** An address that was typed in without a scheme gets one, unless it is the domain itself. */
function website(before: Fields | undefined, { website: site, domain }: Fields): Given {
  const isNew = typeof site === 'string' && site !== before?.['website'];
  if (!isNew || site === domain || /^[a-z]+:\/\//i.test(site)) return {};
  return { website: `http://${site}` };
}

function ofDeal({ before, after }: Deriving, { pipelines }: Settings): Given {
  const stages = pipelines.flatMap((pipeline) => pipeline.stages);
  const stage = stages.find((one) => one.id === after['dealstage']);
  const isWon = stage?.probability === 1;
  const isAlone = before === undefined && (after['pipeline'] ?? null) === null;
  return {
    ...(isAlone && pipelines.length === 1 ? { pipeline: pipelines[0]!.id } : {}),
    amount_in_home_currency: after['amount'] ?? null,
    hs_is_closed: isWon || stage?.probability === 0,
    hs_is_closed_won: isWon,
  };
}

function ofTask({ nowMs, before, after }: Deriving): Given {
  const isDone = after['hs_task_status'] === 'COMPLETED';
  const wasDone = before?.['hs_task_status'] === 'COMPLETED';
  const defaults: Given =
    before === undefined
      ? {
          hs_task_status: after['hs_task_status'] ?? 'NOT_STARTED',
          hs_task_priority: after['hs_task_priority'] ?? 'NONE',
          hs_task_type: after['hs_task_type'] ?? TASK,
        }
      : {};
  if (isDone === wasDone) return defaults;
  return { ...defaults, hs_task_completion_date: isDone ? new Date(nowMs).toISOString() : null };
}

function digitsOf(phone: Value | undefined): string | null {
  if (typeof phone !== 'string') return null;
  const digits = phone.replaceAll(/\D/g, '');
  if (digits === '') return null;
  return /^\s*\+/.test(phone) ? `+${digits}` : digits;
}

/** Area code and local number: a country code of two digits, or the zero in its place, is left out. */
function localDigits(phone: Value | undefined): string | null {
  const digits = digitsOf(phone);
  return digits && digits.replace(/^(?:\+|00)\d\d|^0\d(?=\d{8})/, '');
}

/** Former ids add up, addresses of the other one stay, and so does everything that was associated. */
function merged(
  { collection, loser, winner }: { collection: string; loser: Item; winner: Item },
  types: readonly AssociationType[],
): Given {
  const former = [winner, loser].flatMap(({ id, fields }) => [
    id,
    ...((fields['hs_merged_object_ids'] ?? '') as string).split(';'),
  ]);
  const given: Given = { hs_merged_object_ids: former.filter((id) => id !== '').join(';') };
  for (const { from, path, kind } of types) {
    if (from !== collection || kind === 'primary') continue;
    const all = [...idsIn(winner.fields[path]), ...idsIn(loser.fields[path])];
    const others = all.filter((id) => from !== collection || ![winner.id, loser.id].includes(id));
    given[path] = [...new Set(others)];
  }
  if (collection !== 'contacts') return given;
  const addresses = [winner, loser].flatMap(({ fields }) => [
    ...[fields['email'] ?? null].filter((one) => one !== null),
    ...idsIn(fields['hs_additional_emails']),
  ]);
  const primary = winner.fields['email'] ?? loser.fields['email'] ?? null;
  const more = new Set(addresses.filter((one) => one !== primary));
  return { ...given, hs_additional_emails: [...more] };
}

/** The company that an address speaks of, unless everybody can have one there. */
export function companyDomain(email: Value | undefined): string | undefined {
  const host = typeof email === 'string' ? hostIn(email.split('@')[1] ?? '') : '';
  return host === '' || FREE_MAIL.has(host) ? undefined : host;
}

const FREE_MAIL: ReadonlySet<string> = new Set(['gmail.com', 'outlook.com', 'yahoo.com']);
