/**
 * What an app calls the things that every app has: members of items and of lists, and parameters. An app
 * is free in all of them; the words are those that `x-tributary` has for them.
 */

export interface Words {
  readonly id: string;
  readonly items: string;
  readonly limit: string;
  readonly cursor: string;
  readonly next: string;
  readonly offset: string;
  readonly page: string;
  readonly changedAt: string;
  readonly createdAt: string;
  readonly since: string;
  readonly sort: string;
  readonly deleted: string;
  readonly includeDeleted: string;
  readonly version: string;
  readonly marker: string;
}

export type Naming = 'camelCase' | 'snake_case';

export function wordsOf({
  names,
  envelope,
  deletion,
}: {
  names: Naming;
  envelope: string;
  deletion: string;
}): Words {
  const word = (text: string): string => spelled(names, text);
  return {
    id: 'id',
    items: envelope === 'items' ? 'items' : 'data',
    limit: 'limit',
    cursor: 'cursor',
    next: word('nextCursor'),
    offset: 'offset',
    page: 'page',
    changedAt: word('updatedAt'),
    createdAt: word('createdAt'),
    since: word('updatedSince'),
    sort: 'sort',
    deleted: deletion === 'boolean' ? 'deleted' : word('deletedAt'),
    includeDeleted: word('includeDeleted'),
    version: 'version',
    marker: word('externalId'),
  };
}

/** A name in camelCase, or a path of such, as the app writes it. */
export function spelled(names: Naming, text: string): string {
  if (names === 'camelCase') return text;
  return text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The name of the parameter that holds an id. */
export function idParameter(
  collection: string,
  { idParameter: kind, names }: { idParameter: 'own' | 'id'; names: Naming },
): string {
  if (kind === 'id') return 'id';
  const name = singular(collection);
  return spelled(names, `${name.charAt(0).toLowerCase()}${name.slice(1)}Id`);
}

/** What an item of the collection calls its id. */
export function idMember(
  collection: string,
  settings: {
    readonly idMember: 'own' | 'id';
    readonly idParameter: 'own' | 'id';
    readonly names: Naming;
    readonly words: Words;
  },
): string {
  return settings.idMember === 'own' ? idParameter(collection, settings) : settings.words.id;
}

/** `contacts` is `Contact` where one of them is meant. */
export function singular(collection: string): string {
  const one = collection.replace(/ies$/, 'y').replace(/s$/, '');
  return `${one.charAt(0).toUpperCase()}${one.slice(1)}`;
}
