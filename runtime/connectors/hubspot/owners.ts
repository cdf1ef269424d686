/**
 * Owners: those whom records belong to. `hubspot_owner_id` of a record holds the id of an owner, which is
 * another number than that of the user. Who has left is in a list of its own.
 *
 * And the pipelines of deals, from which come the values of `pipeline` and `dealstage`: the properties
 * themselves do not tell them.
 */
import type { Collection, Item, VendorField } from '../connector.ts';
import { directoryOf } from '../directory.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import type { Paths } from './paths.ts';

export const OWNERS = 'owners';
export const OWNERS_SCOPE = 'crm.objects.owners.read';

interface Reach {
  readonly rest: Rest;
  readonly paths: Paths;
}

export function ownersOf(reach: Reach, login: string): Collection {
  return directoryOf(
    {
      name: OWNERS,
      version: 'time',
      fields: [
        { path: 'id', type: 'string' },
        { path: 'email', title: 'E-mail', type: 'string' },
        { path: 'firstName', title: 'First name', type: 'string' },
        { path: 'lastName', title: 'Last name', type: 'string' },
        { path: 'userId', title: 'User ID', type: 'number' },
        { path: 'type', title: 'Person or queue', type: 'string' },
      ],
      all: async (signal) => (await owners(reach, false, signal)).map(itemOf),
      left: async (signal) => (await owners(reach, true, signal)).map(({ id }) => id),
    },
    { vendor: 'hubspot', login },
  );
}

const PAGE_MAX = 100;

async function owners(
  { rest, paths }: Reach,
  archived: boolean,
  signal: AbortSignal | undefined,
): Promise<readonly api.WireOwner[]> {
  const all: api.WireOwner[] = [];
  let after: string | undefined;
  do {
    const { results, paging } = await rest.send({
      method: 'GET',
      path: paths.owners,
      query: { limit: PAGE_MAX, after, archived: `${archived}` },
      answer: api.owners,
      flawIn: (page) =>
        after !== undefined && page.paging?.next?.after === after
          ? 'the next page is the one before'
          : undefined,
      signal,
    });
    all.push(...results);
    after = paging?.next?.after;
  } while (after !== undefined);
  return all;
}

function itemOf({ createdAt, updatedAt, ...raw }: api.WireOwner): Item {
  return {
    id: raw.id,
    raw,
    ...(createdAt !== undefined && { createdAt }),
    ...(updatedAt !== undefined && { version: updatedAt, changedAt: updatedAt }),
  };
}

/** With the values that there are, where the login may see them. */
export async function withPipelines(
  { rest, paths }: Reach,
  fields: readonly VendorField[],
): Promise<readonly VendorField[]> {
  const { results } = await rest.send<Pick<api.WirePipelines, 'results'>>({
    method: 'GET',
    path: paths.pipelines,
    answer: api.pipelines,
    answers: { 403: api.noPipelines },
  });
  const options: Readonly<Record<string, readonly string[]>> = {
    pipeline: results.map(({ id }) => id),
    dealstage: results.flatMap(({ stages }) => stages.map(({ id }) => id)),
  };
  return fields.map((field) => {
    const known = options[field.path];
    return known?.length ? { ...field, options: [...new Set(known)] } : field;
  });
}
