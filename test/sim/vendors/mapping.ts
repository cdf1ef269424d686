/** Fields of mappings as most vendors have them; a vendor names the places. */
import type { MappingConfig } from '../../../runtime/core/mapping/config.ts';
import type { Values } from '../../../runtime/core/value.ts';
import { STATUSES } from '../system.ts';

export function mapping(fields: Readonly<Record<string, object>>, more: object = {}): Mapping {
  return { ...more, fields } as unknown as Mapping;
}

type Mapping = MappingConfig & Values;

export const text = (path: string, more: object = {}): object => ({ kind: 'text', path, ...more });
export const email = (path: string, more: object = {}): object => ({
  kind: 'email',
  path,
  ...more,
});
export const phone = (more: object): object => ({
  kind: 'phone',
  options: { region: 'HU' },
  ...more,
});
export const reference = (path: string, more: object = {}): object => ({
  kind: 'reference',
  path,
  ...more,
});

export const tags = (path: string, more: object = {}): object => ({
  kind: 'set',
  options: { element: { kind: 'text' } },
  path,
  ...more,
});

export const status = (path: string, more: object = {}): object => ({
  kind: 'enum',
  options: { values: STATUSES },
  path,
  ...more,
});

export const address = (city: string, street: string, part: object = {}): object => ({
  kind: 'composite',
  options: { parts: { city: { kind: 'text' }, street: { kind: 'text' } } },
  parts: { city: { path: city, ...part }, street: { path: street, ...part } },
});
