/** Which names objects and fields may have. */
import type { FieldOptions } from '../crm/model.ts';
import { nameOf, ownOf, PARTS } from './fields.ts';
import { badRequest } from './refused.ts';
import { capital } from './asking.ts';

const LETTERS_MAX = 63;

export function assertName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') throw badRequest('Name is required');
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
    throw badRequest(
      `Name is not valid: "${name}" must start with a lowercase letter and contain only alphanumeric letters`,
    );
  }
  if (name.length > LETTERS_MAX) {
    throw badRequest(`Name is too long: it exceeds the ${LETTERS_MAX} characters limit.`);
  }
  if (RESERVED.has(name)) throw badRequest(`The name "${name}" is not available`);
}

/** Neither as another field, nor as a column that another field has. */
export function assertFree(name: string, fields: Iterable<FieldOptions>): void {
  for (const field of fields) {
    const parts = Object.keys(PARTS[ownOf(field).native] ?? {});
    const columns = parts.map((part) => `${field.path}${capital(part)}`);
    if ([field.path, nameOf(field), ...columns, ...SYSTEM].includes(name)) {
      throw badRequest(`Name "${name}" is not available as it is already used by another field`);
    }
  }
}

const SYSTEM = ['id', 'createdAt', 'updatedAt', 'deletedAt', 'updatedBy', 'searchVector'];

const RESERVED: ReadonlySet<string> = new Set(
  [
    'billing',
    'billings',
    'workspace',
    'user',
    'role',
    'job',
    'plan',
    'event',
    'field',
    'link',
    'currency',
    'currencies',
    'fullName',
    'address',
    'addresses',
    'type',
    'object',
    'index',
    'indexes',
    'relation',
    'aggregate',
  ].flatMap((name) => [name, `${name}s`]),
);
