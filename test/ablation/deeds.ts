/** What the scenes have in common: two systems, a person or two, and what people do. */
import type { Deed } from '../sim/build.ts';
import type { FieldName } from '../sim/scenario.ts';

export const BOTH: readonly string[] = ['app', 'crm'];

/** A system that cannot tell an old state from a new one. */
export const unversioned = {
  version: 'none',
  conditionalWrites: false,
  history: false,
  fieldTimes: false,
} as const;

/** The same, and nothing marks what we made. */
export const byAddress = { ...unversioned, create: 'naturalKey' } as const;

/** Neither guards a write nor tells what it covered up. */
export const unguarded = { conditionalWrites: false, history: false } as const;

const HUNDRED = 100;
export const pagesOfOne = {
  batch: {
    list: 1,
    read: HUNDRED,
    find: HUNDRED,
    create: HUNDRED,
    update: HUNDRED,
    delete: HUNDRED,
    restore: HUNDRED,
  },
} as const;

export function codes(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `c${String(n + 1).padStart(4, '0')}`);
}

export function edit(system: string, field: FieldName, code = 'c0001'): Deed {
  return { kind: 'edit', system, collection: 'people', code, field, how: 'type' };
}

export function create(system: string, code = 'c0001'): Deed {
  return { kind: 'create', system, collection: 'people', code };
}

export function remove(system: string, code = 'c0001'): Deed {
  return { kind: 'delete', system, collection: 'people', code };
}
