/** What a request is before it is answered: where it goes, what it says, and what it wants done. */
import type { Action } from '../call.ts';
import type { Host as DeskHost } from '../desk.ts';
import type { Account } from './account.ts';
import type { Place } from './conditions.ts';
import type { HookBook } from './hook-book.ts';
import type { ObjectMetadata } from './objects.ts';

export interface Host extends DeskHost {
  readonly account: Account;
  readonly hooks: HookBook;
}

export interface Ask {
  readonly host: Host;
  readonly method: string;
  /** What follows `/rest`, or `/rest/metadata`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Plan {
  readonly action: Action;
  readonly collection?: string;
  readonly items?: number;
  readonly ids?: readonly string[];
  carryOut(busy: readonly number[]): Answer;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function placeOf({ account }: Host, { namePlural, nameSingular }: ObjectMetadata): Place {
  const collection = account.collections.get(namePlural)!;
  return { account, collection, singular: nameSingular };
}

export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
