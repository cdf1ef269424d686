/** The description of a workspace: its kinds of objects, and fields that are made for us. */
import { VendorError, type VendorField, type WantedField } from '../connector.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import { deedOf, errorOf } from './complaints.ts';
import { typesIn, type ObjectType } from './objects.ts';

const METADATA = ['rest', 'metadata'];

export interface Workspace {
  readonly rest: Rest;
  /** What errors call the account. */
  readonly login: string;
}

/** Anew each time: people make objects and fields, and rename them. */
export async function describe(
  { rest }: Workspace,
  signal?: AbortSignal,
): Promise<readonly ObjectType[]> {
  return typesIn(await allOf(rest, 'objects', api.objects, signal));
}

type ListForm<T> = {
  readonly list: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: unknown } | undefined;
};

export async function allOf<T>(
  rest: Rest,
  name: string,
  answer: Parameters<Rest['send']>[0]['answer'],
  signal?: AbortSignal,
): Promise<readonly T[]> {
  const found: T[] = [];
  let after: string | undefined;
  for (;;) {
    const query = { starting_after: after };
    const call = { method: 'GET', path: [...METADATA, name], query, answer, signal } as const;
    const { list, pageInfo } = (await rest.send(call)) as ListForm<T>;
    found.push(...list);
    const next = pageInfo?.hasNextPage ? pageInfo.endCursor : undefined;
    if (typeof next !== 'string' || next === after) return found;
    after = next;
  }
}

export async function typeNamed(
  workspace: Workspace,
  name: string,
  signal?: AbortSignal,
): Promise<ObjectType> {
  const type = (await describe(workspace, signal)).find((each) => each.name === name);
  if (type !== undefined) return type;
  throw new VendorError('missing', {
    what: `twenty could not ${deedOf({ ...workspace, type: { name }, deed: 'tell the fields' })}.`,
    next: 'Check the name of the collection: people, say, or the plural API name of an object of your own.',
  });
}

const TYPES: Readonly<Record<WantedField['type'], string>> = {
  text: 'TEXT',
  longText: 'TEXT',
  number: 'NUMBER',
  boolean: 'BOOLEAN',
  date: 'DATE',
  time: 'DATE_TIME',
  json: 'RAW_JSON',
};

/** Twenty's names have capitals inside, and no underscores: `contact_id` is `contactId` there. */
export function nameFor(name: string): string {
  const words = name.split('_').filter((word) => word !== '');
  return words
    .map((word, index) => {
      const [first = '', ...rest] = word;
      return (index === 0 ? first.toLowerCase() : first.toUpperCase()) + rest.join('');
    })
    .join('');
}

export async function ensureField(
  workspace: Workspace,
  collection: string,
  wanted: WantedField,
  signal: AbortSignal | undefined,
): Promise<VendorField> {
  const name = nameFor(wanted.name);
  const type = TYPES[wanted.type];
  const look = async (): Promise<readonly [ObjectType, VendorField | undefined]> => {
    const object = await typeNamed(workspace, collection, signal);
    const isIt = ({ path }: VendorField): boolean => path === name || path.startsWith(`${name}.`);
    return [object, object.fields.find(isIt)];
  };
  let [object, field] = await look();
  if (field === undefined) {
    const about = { ...workspace, type: object, deed: `make the field "${name}"` };
    const body = {
      objectMetadataId: object.id,
      type,
      name,
      label: wanted.title,
      isNullable: true,
      ...(wanted.unique === true && { isUnique: true }),
    };
    const made = await workspace.rest.send<unknown>({
      method: 'POST',
      path: [...METADATA, 'fields'],
      body,
      answer: api.anything,
      answers: { 400: api.refusal, 409: api.refusal, 422: api.refusal },
      signal,
    });
    // Whatever it answers, what is there now decides; somebody else may just have made it.
    [object, field] = await look();
    if (field === undefined) {
      const { data } = api.refused.safeParse(made);
      const said = data?.refused.said || 'it is not there afterwards';
      throw errorOf({ kind: 'rejected', said }, about, {
        next: 'Choose another name, or make the field in Twenty.',
      });
    }
  }
  const fits = field.path === name && field.type === type && !field.readOnly;
  if (fits && (!wanted.unique || field.unique === true)) return field;
  const which = wanted.unique ? `a unique ${type}` : type;
  throw new VendorError('rejected', {
    what: `twenty has a field "${name}" that cannot ${deedOf({ ...workspace, type: object, deed: `hold ${which}` })}.`,
    next: 'Delete or rename it there, or choose another name.',
  });
}
