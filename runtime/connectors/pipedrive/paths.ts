/**
 * Where things are. Each company has an address of its own; there is one for all of them as well, at
 * which the older version stands in another place.
 */
import type { ObjectType } from './objects.ts';

export interface Paths {
  v1(...names: readonly string[]): readonly string[];
  v2(...names: readonly string[]): readonly string[];
  /** Of the items of a kind, or one of them. */
  of(type: ObjectType, ...names: readonly string[]): readonly string[];
}

/** The address for all companies. */
export const SHARED_ORIGIN = 'https://api.pipedrive.com';

export function pathsAt(baseUrl: string): Paths {
  const isShared = new URL(baseUrl).origin === SHARED_ORIGIN;
  const v1: Paths['v1'] = (...names) => [...(isShared ? [] : ['api']), 'v1', ...names];
  const v2: Paths['v2'] = (...names) => ['api', 'v2', ...names];
  return {
    v1,
    v2,
    of: ({ name, version }, ...names) => (version === 'v1' ? v1 : v2)(name, ...names),
  };
}
