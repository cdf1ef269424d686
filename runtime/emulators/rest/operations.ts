/**
 * Everything that an app can be asked for, worked out from its options. The document lists it, and
 * requests are understood by it; so there is nothing that only one of the two knows.
 */
import type { Collection } from '../crm/collection.ts';
import type { Account } from './account.ts';
import { rulesOf } from './fields.ts';
import type { Lacking, Settings } from './options.ts';
import { idSchema, isReference, schemaNames, valueSchema, type Schema } from './schemas.ts';
import { idParameter } from './words.ts';

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After the address of the app, with the id in braces. */
  readonly path: string;
  readonly kind:
    | 'document'
    | 'health'
    | 'stages'
    | 'list'
    | 'read'
    | 'update'
    | 'replace'
    | Lacking;
  readonly collection?: Collection;
  readonly parameters: readonly Parameter[];
  /** Of a list below an item: the reference that leads to it. */
  readonly below?: string;
  /** The schema of what is sent. */
  readonly body?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'header' | 'path';
  readonly required?: true;
  readonly schema: Schema;
}

export function operationsOf(account: Account): readonly Operation[] {
  const { settings, collections } = account;
  return [
    { method: 'GET', path: '/openapi.json', kind: 'document', parameters: [] },
    { method: 'GET', path: '/openapi.yaml', kind: 'document', parameters: [] },
    { method: 'GET', path: '/health', kind: 'health', parameters: [] },
    { method: 'GET', path: `${settings.prefix}/stages`, kind: 'stages', parameters: [] },
    ...[...collections.values()].flatMap((its) => ofCollection(its, settings)),
    ...contactsOfCompanies(account),
  ];
}

/** What can be listed and is no collection: it begins with the id of something else. */
function contactsOfCompanies({ collections, settings }: Account): readonly Operation[] {
  const contacts = collections.get('contacts')!;
  const reference = [...contacts.schema.fields].find(
    (field) => isReference(field) && field.to === 'companies',
  );
  if (reference === undefined) return [];
  const id = idParameter('companies', settings);
  return [
    {
      method: 'GET',
      path: `${settings.prefix}/companies/{${id}}/contacts`,
      kind: 'list',
      collection: contacts,
      parameters: [
        { name: id, in: 'path', required: true, schema: idSchema(settings) },
        ...listParameters(contacts, settings),
      ],
      below: reference.path,
    },
  ];
}

function ofCollection(collection: Collection, settings: Settings): readonly Operation[] {
  const { name } = collection;
  const { prefix, update, without, restore } = settings;
  const { input, changes } = schemaNames(name, settings);
  const path = `${prefix}/${name}`;
  const id = idParameter(name, settings);
  const one = `${path}/{${id}}`;
  const its: readonly Parameter[] = [
    { name: id, in: 'path', required: true, schema: idSchema(settings) },
  ];
  const condition = headers(settings.ifMatch, 'If-Match');
  const key = headers(settings.idempotencyKey !== 'none', 'Idempotency-Key');
  const all: readonly Operation[] = [
    {
      method: 'GET',
      path,
      kind: 'list',
      collection,
      parameters: listParameters(collection, settings),
    },
    { method: 'POST', path, kind: 'create', collection, parameters: key, body: input },
    { method: 'GET', path: one, kind: 'read', collection, parameters: its },
    {
      method: 'PATCH',
      path: one,
      kind: 'update',
      collection,
      parameters: [...its, ...condition],
      body: changes,
    },
    {
      method: 'PUT',
      path: one,
      kind: 'replace',
      collection,
      parameters: [...its, ...condition],
      body: input,
    },
    { method: 'DELETE', path: one, kind: 'delete', collection, parameters: its },
    { method: 'POST', path: `${one}/restore`, kind: 'restore', collection, parameters: its },
  ];
  const lacking = new Set<string>(without[name]);
  if (lacking.has('update')) lacking.add('replace');
  if (update === 'patch') lacking.add('replace');
  if (update === 'put') lacking.add('update');
  if (!restore) lacking.add('restore');
  return all.filter(({ kind }) => !lacking.has(kind));
}

function headers(isThere: boolean, name: string): readonly Parameter[] {
  return isThere ? [{ name, in: 'header', schema: { type: 'string', maxLength: 200 } }] : [];
}

function listParameters({ schema }: Collection, settings: Settings): readonly Parameter[] {
  const { words, paging, pageSize, changes, deletion, search, marker } = settings;
  const found: [string, Schema][] = [];
  if (paging !== 'none') {
    const most = pageSize.isTold ? { maximum: pageSize.most, default: pageSize.otherwise } : {};
    found.push([words.limit, { type: 'integer', minimum: 1, ...most }]);
  }
  if (paging === 'cursor') found.push([words.cursor, { type: 'string' }]);
  if (paging === 'offset') found.push([words.offset, { type: 'integer', minimum: 0 }]);
  if (paging === 'page') found.push([words.page, { type: 'integer', minimum: 1 }]);
  if (changes === 'since' || changes === 'sinceAndSort') {
    found.push([words.since, { type: 'string', format: 'date-time' }]);
  }
  if (changes === 'sort' || changes === 'sinceAndSort') {
    const times = [words.createdAt, words.changedAt];
    const options = times.flatMap((time) => [time, `-${time}`]);
    found.push([words.sort, { type: 'string', enum: options }]);
  }
  if (deletion !== 'hard') found.push([words.includeDeleted, { type: 'boolean' }]);
  for (const field of schema.fields) {
    const isMarker = marker && field.path === words.marker;
    const isSearched = search !== 'none' && rulesOf(field).searched === true;
    // What is looked for may be less than a whole value.
    const { type } = valueSchema(field, settings);
    if (isMarker || isSearched) found.push([field.path, { type }]);
  }
  return found.map(([name, its]) => ({ name, in: 'query', schema: its }));
}
