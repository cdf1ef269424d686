/**
 * Users of the company: whom persons, organizations, deals and activities belong to, by their `owner_id`.
 * All come in one answer, also those who may not log in any more (`active_flag`).
 */
import type { Collection } from '../connector.ts';
import { directoryOf } from '../directory.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import type { Paths } from './paths.ts';

export const USERS = 'users';
export const USERS_SCOPE = 'users:read';
/** Of one call, however many there are. */
export const USERS_TOKENS = 20;

export function usersOf(
  { rest, paths }: { readonly rest: Rest; readonly paths: Paths },
  login: string,
): Collection {
  return directoryOf(
    {
      name: USERS,
      version: 'none',
      fields: [
        { path: 'id', type: 'int' },
        { path: 'name', title: 'Name', type: 'varchar' },
        { path: 'email', title: 'E-mail', type: 'varchar' },
        { path: 'phone', title: 'Phone', type: 'phone' },
        { path: 'active_flag', title: 'Active', type: 'boolean' },
      ],
      async all(signal) {
        const path = paths.v1(USERS);
        const { data } = await rest.send({ method: 'GET', path, answer: api.users, signal });
        return data.map((raw) => ({ id: String(raw.id), raw }));
      },
    },
    { vendor: 'pipedrive', login },
  );
}
