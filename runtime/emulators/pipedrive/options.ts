/**
 * What a company at Pipedrive can be set to: its plan, and the points on which its documentation is
 * silent. What is left out is the harder one for a client, as README.md says under "Taken as".
 */
import type { FieldOptions } from '../crm/model.ts';

export interface AccountOptions {
  /** Also its domain, as in https://<name>.pipedrive.com. */
  readonly name: string;
  readonly token: string;
  readonly abilities?: Partial<Abilities>;
  /** Custom fields, beside those that everybody has. */
  readonly fields?: Readonly<Record<string, readonly FieldOptions[]>>;
  /** The app that may ask for this company's data with OAuth. */
  readonly app?: OAuthApp;
}

export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Whether a refresh gives a new refresh token and ends the one before. */
  readonly rotates?: boolean;
}

export interface Abilities {
  readonly plan: Plan;
  readonly seats: number;
  /** Tokens a day that were bought beside those of the plan. */
  readonly topUpTokens: number;
  /** The hour in UTC at which a day begins where the servers are. */
  readonly dayBeginsAtHour: number;
  /** More deals than this are refused, as a plan does. */
  readonly dealsMax: number;
  /** Persons have `notes`, `im`, `birthday`, `job_title` and `postal_address`. */
  readonly contactSync: boolean;
  readonly currency: string;
  /** Of all its users. */
  readonly timeZone: string;
  /** Whether the user of the token is one of its own, which no person works with. */
  readonly ownUser: boolean;
  readonly isAdmin: boolean;

  readonly listLagMs: number;
  /** Each field of a search is answered from an index that is this old. */
  readonly searchLagMs: readonly [atLeast: number, most: number];
  readonly createdStatus: 200 | 201;
  /** What `GET` of a deleted item answers: the item, which says so, or 404. */
  readonly deletedById: 'shown' | 'missing';
  /** Lists of persons, organizations and activities have the deleted ones as well. */
  readonly listsDeleted: boolean;
  /** What `GET` of the loser of a merge finds: nothing, or a deleted item. */
  readonly mergedLoser: 'missing' | 'deleted';
  /** What an empty list of e-mail addresses reads like: an entry without a value, or no entry. */
  readonly clearedLists: 'blank' | 'empty';
  /** A write that changes nothing moves the time of the last change all the same, and is told. */
  readonly emptyWritesMoveTime: boolean;
  /** So long after an address was written it is completed; never without. */
  readonly geocodesAfterMs: readonly [atLeast: number, below: number] | undefined;
  /** After so long a request that got no answer is not carried out any more. */
  readonly horizonMs: number;
}

export type Plan = 'lite' | 'growth' | 'premium' | 'ultimate';

export function abilitiesOf({ abilities = {} }: AccountOptions): Abilities {
  return { ...HARDEST, ...abilities };
}

const HARDEST: Abilities = {
  plan: 'lite',
  seats: 1,
  topUpTokens: 0,
  dayBeginsAtHour: 5,
  dealsMax: Infinity,
  contactSync: false,
  currency: 'EUR',
  timeZone: 'Europe/Tallinn',
  ownUser: true,
  isAdmin: true,
  listLagMs: 0,
  searchLagMs: [1000, 3000],
  createdStatus: 201,
  deletedById: 'shown',
  listsDeleted: false,
  mergedLoser: 'missing',
  clearedLists: 'blank',
  emptyWritesMoveTime: true,
  geocodesAfterMs: [5000, 60_000],
  horizonMs: 60_000,
};
