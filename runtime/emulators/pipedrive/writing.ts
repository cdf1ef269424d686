/** What the API does for those who write: one item at a time, with the checks that a person need not fear. */
import type { Account } from '../crm/account.ts';
import type { Collection } from '../crm/collection.ts';
import { latest } from '../crm/item.ts';
import type { Given } from '../crm/model.ts';
import { refusing, type Refused } from '../crm/refused.ts';
import type { RequestRefused } from '../desk.ts';
import type { Company } from './company.ts';
import { factsOf } from './fields.ts';
import { APP, type PipedriveHost } from './host.ts';
import { failing, invalid, notFound } from './refused.ts';

/** How a version of the API says no. */
export interface Words {
  invalid(error: string, fieldCode?: string): RequestRefused;
  missing(): RequestRefused;
}

const NEWER: Words = { invalid, missing: notFound };

/** Does it as one, and answers with the id of what it has written. */
export function writing(
  { company }: Pick<PipedriveHost, 'company'>,
  collection: Collection,
  isBusy: boolean,
  work: (account: Account) => string,
  words: Words = NEWER,
): string {
  if (isBusy) throw failing(503, 'The service is not available right now.');
  return refusing(
    () => company.account.atomically(() => work(company.account)),
    (refused) => {
      throw inWords(company, collection, refused, words);
    },
  );
}

function inWords(
  company: Company,
  collection: Collection,
  { code, message, path }: Refused,
  words: Words,
): RequestRefused {
  if (code === 'missing') return words.missing();
  const field = path === undefined ? undefined : collection.schema.field(path);
  return words.invalid(message, field ? company.codeOf(collection, field) : path);
}

/** A write that changes nothing may be one all the same. */
export function update(
  { account, abilities }: Company,
  collection: Collection,
  id: string,
  given: Given,
): string {
  const before = collection.live(id);
  account.update(collection, id, given, APP);
  const isSame = before !== undefined && latest(collection.entry(id)!) === before;
  if (isSame && abilities.emptyWritesMoveTime) account.touch(collection, id, APP);
  return id;
}

/** What is hidden is not there. */
export function assertVisible(collection: Collection, id: string, words: Words = NEWER): void {
  if (collection.hidden.has(id) || collection.live(id) === undefined) throw words.missing();
}

/** Links lead to what is there and can be seen. */
export function assertLinks(
  company: Company,
  collection: Collection,
  given: Given,
  words: Words = NEWER,
): void {
  for (const [path, value] of Object.entries(given)) {
    const field = collection.schema.field(path)!;
    const { kind } = factsOf(field);
    if (value === null || (kind !== 'link' && kind !== 'participants')) continue;
    const target = company.collection(field.to ?? 'persons');
    for (const id of kind === 'link' ? [value as string] : (value as readonly string[])) {
      if (!target.hidden.has(id) && target.live(id) !== undefined) continue;
      const code = company.codeOf(collection, field);
      throw words.invalid(`'${code}' leads to ${target.name} ${id}, which is not there`, code);
    }
  }
}
