/**
 * What an app can be set to. README.md says what each option does. What is left out is as in an app that
 * was made well and lately; `OLD` is one that was not. Options that contradict each other are refused.
 */
import { TributaryError } from '../../core/errors.ts';
import type { Limit } from '../limits.ts';
import { wordsOf, type Words } from './words.ts';

export interface AccountOptions extends Partial<Omit<Settings, 'words'>> {
  /** Also where the app is: `/apps/<name>`. */
  readonly name: string;
  /** The token, the secret of signatures, the value of the header, the password or the customer. */
  readonly token: string;
}

export interface Settings {
  readonly login: Login;
  readonly documentNeedsLogin: boolean;
  readonly openapi: '3.0' | '3.1';
  /** Of each collection one schema for all, with what is read only in it; or one to read and two to write. */
  readonly schemas: 'shared' | 'apart';
  /** Before the names of collections in paths, such as `/crm`. */
  readonly prefix: string;
  readonly names: 'camelCase' | 'snake_case';
  readonly ids: 'uuid' | 'integer';
  /** What paths call an id, and what items do: `id`, or `contactId` of a contact. */
  readonly idParameter: 'own' | 'id';
  readonly idMember: 'own' | 'id';
  /** How times are written. */
  readonly times: 'utc' | 'offset';
  /** What things are called that are called otherwise than the names say. */
  readonly called: Partial<Words>;
  /** The document says in `x-tributary` what is called what. */
  readonly hints: boolean;
  readonly words: Words;

  readonly paging: 'cursor' | 'offset' | 'page' | 'none';
  readonly envelope: 'array' | 'items' | 'dataMeta';
  readonly pageSize: {
    readonly otherwise: number;
    readonly most: number;
    /** More is refused as the document says; or taken for `most`, and the document says nothing. */
    readonly isTold: boolean;
  };
  readonly search: 'none' | 'exact' | 'caseless' | 'contains';
  readonly marker: boolean;
  /** How far what is listed lags. */
  readonly listLagMs: number;

  readonly changes: 'sinceAndSort' | 'since' | 'sort' | 'none';
  /** Whether `since` finds what changed at that very time. */
  readonly sinceIncludes: boolean;
  readonly version: 'counter' | 'time' | 'none';
  readonly timeStepMs: number;
  readonly clockSkewMs: number;
  readonly deletion: 'time' | 'boolean' | 'hard';
  readonly deletingMovesTime: boolean;
  /** What is deleted keeps its unique values for itself, until it is purged. */
  readonly deletedHoldUnique: boolean;
  readonly purgeAfterMs: number;
  /** A new item gets the id that was left behind last. */
  readonly reusesIds: boolean;
  readonly restore: boolean;
  /** What there is not, by collection. */
  readonly without: Readonly<Record<string, readonly Lacking[]>>;
  readonly merges: 301 | 308 | 'none';

  readonly update: 'patch' | 'put' | 'both';
  /** What a PATCH leaves of an object within: only what it sends, or the rest as well. */
  readonly patchWithin: 'replaces' | 'merges';
  readonly etag: boolean;
  readonly ifMatch: boolean;
  readonly idempotencyKey: 'none' | 'sameBody' | 'anyBody';
  readonly keysForMs: number;
  readonly writeAnswers: 'item' | 'id' | 'location';
  readonly location: 'path' | 'url';
  readonly unknown: 'refuse' | 'ignore';
  /** Members that no two items share, by collection, as the names are in camelCase. */
  readonly unique: Readonly<Record<string, readonly string[]>>;
  readonly existing: 'existingId' | 'id' | 'none';
  readonly checksReferences: boolean;
  readonly bodyBytesMax: number;

  readonly errors: 'problem' | 'list' | 'pointer' | 'message' | 'error';
  readonly invalid: 400 | 422;
  readonly gone: 404 | 410;
  readonly limits: readonly Limit[];
  readonly retryAfter: 'seconds' | 'date' | 'none';
  readonly horizonMs: number;
}

export type Lacking = 'create' | 'update' | 'delete' | 'restore';

export type Login =
  | { readonly kind: 'bearer' }
  | {
      readonly kind: 'jwt';
      readonly algorithm?: 'HS256' | 'RS256' | 'ES256';
      /** PEM, for what is not signed with the secret. */
      readonly publicKey?: string;
      readonly subject?: string;
      readonly issuer?: string;
      readonly audience?: string;
      /** What must be said beside it, word for word. */
      readonly claims?: Readonly<Record<string, unknown>>;
      /** Tokens that live longer are refused. */
      readonly longestS?: number;
    }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'basic'; readonly user: string }
  /** Whoever says that he is the customer is believed. */
  | { readonly kind: 'development' };

const MODERN: Omit<Settings, 'words'> = {
  login: { kind: 'jwt', subject: 'tributary', audience: 'rest', longestS: 3600 },
  documentNeedsLogin: false,
  openapi: '3.1',
  schemas: 'apart',
  prefix: '',
  names: 'camelCase',
  ids: 'uuid',
  idParameter: 'own',
  idMember: 'id',
  times: 'utc',
  called: {},
  hints: false,
  paging: 'cursor',
  envelope: 'items',
  pageSize: { otherwise: 25, most: 200, isTold: true },
  search: 'caseless',
  marker: true,
  listLagMs: 0,
  changes: 'sinceAndSort',
  sinceIncludes: true,
  version: 'counter',
  timeStepMs: 1,
  clockSkewMs: 0,
  deletion: 'time',
  deletingMovesTime: true,
  deletedHoldUnique: false,
  purgeAfterMs: Infinity,
  reusesIds: false,
  restore: true,
  without: {},
  merges: 301,
  update: 'patch',
  patchWithin: 'replaces',
  etag: true,
  ifMatch: true,
  idempotencyKey: 'sameBody',
  keysForMs: 86_400_000,
  writeAnswers: 'item',
  location: 'path',
  unknown: 'refuse',
  unique: { contacts: ['email'], companies: ['domain'] },
  existing: 'existingId',
  checksReferences: true,
  bodyBytesMax: 100_000,
  errors: 'problem',
  invalid: 422,
  gone: 404,
  limits: [{ name: 'requests', capacity: 100, perMs: 10_000 }],
  retryAfter: 'seconds',
  horizonMs: 60_000,
};

/** An app that was made long ago by somebody who is not there any more. */
export const OLD = {
  login: { kind: 'header', name: 'X-Api-Key' },
  openapi: '3.0',
  schemas: 'shared',
  names: 'snake_case',
  ids: 'integer',
  idParameter: 'id',
  times: 'offset',
  called: { limit: 'per_page', offset: 'skip' },
  paging: 'offset',
  envelope: 'dataMeta',
  pageSize: { otherwise: 20, most: 50, isTold: false },
  search: 'none',
  marker: false,
  changes: 'none',
  version: 'none',
  deletion: 'boolean',
  deletedHoldUnique: true,
  restore: false,
  merges: 'none',
  update: 'put',
  etag: false,
  ifMatch: false,
  idempotencyKey: 'none',
  writeAnswers: 'id',
  unknown: 'ignore',
  existing: 'none',
  checksReferences: false,
  errors: 'error',
  invalid: 400,
  limits: [{ name: 'requests', capacity: 30, perMs: 10_000 }],
  retryAfter: 'none',
} as const satisfies Partial<Settings>;

export function settingsOf({ name, token: _token, ...given }: AccountOptions): Settings {
  const all = { ...MODERN, ...given };
  const settings: Settings = { ...all, words: { ...wordsOf(all), ...all.called } };
  const problem = CONTRADICTIONS.find(({ isThere }) => isThere(settings))?.said;
  if (problem === undefined && /^[a-z0-9-]+$/.test(name)) return settings;
  throw new TributaryError('rest-options', {
    what: `The app "${name}" cannot be: ${problem ?? 'its name is part of its address'}.`,
    next: 'Change the options of the account.',
  });
}

const CONTRADICTIONS: readonly {
  readonly said: string;
  readonly isThere: (settings: Settings) => boolean;
}[] = [
  {
    said: 'a list that is only an array has no place for the next cursor',
    isThere: ({ envelope, paging }) => envelope === 'array' && paging === 'cursor',
  },
  {
    said: 'without a time of change there are no changes since one',
    isThere: ({ version, changes }) => version === 'none' && changes !== 'none',
  },
  {
    said: 'a member is called like the parameter where the two are of one item',
    isThere: ({ idMember, idParameter }) => idMember === 'own' && idParameter !== 'own',
  },
  {
    said: 'what is sent in If-Match is an ETag',
    isThere: ({ etag, ifMatch }) => ifMatch && !etag,
  },
  {
    said: 'what is deleted for good is not restored',
    isThere: ({ deletion, restore }) => deletion === 'hard' && restore,
  },
  {
    said: 'a signature that is no HS256 is checked with a public key',
    isThere: ({ login }) =>
      login.kind === 'jwt' &&
      (login.algorithm ?? 'HS256') !== 'HS256' &&
      login.publicKey === undefined,
  },
];
