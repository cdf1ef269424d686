/**
 * What HubSpot says when it refuses something, a whole call or one input of a batch, and what follows.
 *
 * Traps: the list of properties that are not valid is JSON inside of the text of a message. The id of a
 * contact that has the e-mail address already stands only in a text as well. And which limit was reached
 * is told in one of three ways, or not at all.
 */
import { z } from 'zod';
import { VendorError, type FailureKind } from '../connector.ts';
import type { Meaning, Refusal } from '../failures.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import type { ObjectType } from './objects.ts';

export interface Complaint {
  readonly kind: FailureKind;
  /** The property that it is about. */
  readonly path?: string;
  /** Of a duplicate: the item that has the value. */
  readonly existing?: string;
  readonly said: string;
}

export function complaintIn(wire: api.WireComplaint, { name }: ObjectType): Complaint {
  const { message = '', category = '', errors: [detail] = [] } = wire;
  const invalid = invalidIn(message);
  const existing = /Existing ID:\s*(\d+)/i.exec(message)?.[1];
  const holder = /(\d+) already has that value/i.exec(message)?.[1];
  if (existing !== undefined || holder !== undefined) {
    const named = /propertyName=([^,}\s]+)/.exec(message)?.[1];
    // Of all properties, HubSpot keeps only the e-mail address of contacts unique by itself.
    const path = named ?? (name === 'contacts' ? 'email' : undefined);
    return {
      kind: 'duplicate',
      existing: (holder ?? existing)!,
      said: message,
      ...(path !== undefined && { path }),
    };
  }
  const path = invalid?.name ?? textIn(detail?.context?.['propertyName']?.[0]);
  const code = invalid?.error ?? detail?.code ?? category;
  return {
    kind: KINDS[category] ?? (path === undefined ? 'broken' : 'rejected'),
    ...(path !== undefined && { path }),
    said: `${code} ${invalid?.message ?? message}`,
  };
}

const KINDS: Readonly<Record<string, FailureKind>> = {
  VALIDATION_ERROR: 'rejected',
  OBJECT_NOT_FOUND: 'missing',
  MISSING_SCOPES: 'forbidden',
  // Two wrote the same thing at once; who is told the id of another item is not here.
  CONFLICT: 'transient',
  // A bulk operation is at work on it.
  LOCKED: 'transient',
  RATE_LIMITS: 'transient',
};

const invalidList = z.array(
  z.object({ name: z.string(), error: z.string().optional(), message: z.string().optional() }),
);

type Invalid = z.infer<typeof invalidList>[number];

/** `Property values were not valid: [{"name":"email",...}]`; of several, the first. */
function invalidIn(message: string): Invalid | undefined {
  const list = message.indexOf('[{');
  if (list < 0) return undefined;
  try {
    return invalidList.parse(JSON.parse(message.slice(list)))[0];
  } catch {
    // It was cut off, or something follows it; the name may be there all the same.
    const name = /"name"\s*:\s*"([^"]+)"/.exec(message)?.[1];
    const error = /"error"\s*:\s*"([^"]+)"/.exec(message)?.[1];
    if (name === undefined) return undefined;
    return { name, message: message.slice(0, list), ...(error !== undefined && { error }) };
  }
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What is said about a call as a whole, with the permissions that it lacks. */
export function wordsAbout(body: unknown): string | undefined {
  const { data } = api.complaint.safeParse(body);
  if (data === undefined) return undefined;
  const { category, status, message, policyName } = data;
  const name = category ?? (status === 'error' ? policyName : status);
  const said = [name, message, ...scopesIn(body)].filter((part) => part !== undefined);
  return said.length > 0 ? said.join(' ') : undefined;
}

/** The permissions that HubSpot names as missing. */
export function scopesIn(body: unknown): readonly string[] {
  const { data } = api.complaint.safeParse(body);
  const lists = data?.errors?.flatMap(({ context }) => context?.['requiredGranularScopes'] ?? []);
  return lists?.filter((scope) => typeof scope === 'string') ?? [];
}

/** A pause that HubSpot asks for after a bulk operation holds the item. */
const LOCKED_MS = 2_000;

/** `dailyMs`: how long the limit for a day lasts from now. */
export function meaningOf(
  { status, headers, body }: Refusal,
  { dailyMs }: { readonly dailyMs: () => number },
): Meaning | undefined {
  const isTimed = headers.has('retry-after');
  // The account is on its way to another data centre.
  if (status === 477) return { kind: 'transient' };
  if (status === 423) return isTimed ? undefined : { kind: 'transient', retryAfterMs: LOCKED_MS };
  if (status !== 429) return undefined;
  const { data } = api.complaint.safeParse(body);
  const words = `${data?.policyName ?? ''} ${data?.message ?? ''}`.toLowerCase();
  if (words.includes('daily')) {
    return { limit: 'daily', ...(!isTimed && { retryAfterMs: dailyMs() }) };
  }
  if (words.includes('ten_secondly')) return { limit: 'burst' };
  return words.includes('secondly') ? { limit: 'search' } : undefined;
}

/** What was to be done with what, for an error. */
export interface Deed {
  readonly rest: Rest;
  /** What errors call the account. */
  readonly login: string;
  readonly type: ObjectType;
  /** `create an item`. */
  readonly deed: string;
}

export function refusedBy(wire: api.WireComplaint, about: Deed, path?: string): VendorError {
  return errorOf({ ...complaintIn(wire, about.type), ...(path !== undefined && { path }) }, about);
}

export function errorOf(
  { kind, path, said }: Complaint,
  about: Deed,
  { mayHaveLanded = kind === 'broken' }: { readonly mayHaveLanded?: boolean } = {},
): VendorError {
  const where = path === undefined ? '' : ` because of "${path}"`;
  const what = `hubspot refused to ${deedOf(about)}${where} (${about.rest.words(said)}).`;
  // Who does not understand the complaint cannot be sure of what happened either.
  const next = NEXT[kind] ?? 'The connector needs an update; report it.';
  return new VendorError(kind, { what, next }, { mayHaveLanded, ...(path && { path }) });
}

export function deedOf({ deed, type, login }: Omit<Deed, 'rest'>): string {
  return `${deed} of ${type.name} in account '${login}'`;
}

const NEXT: Readonly<Partial<Record<FailureKind, string>>> = {
  rejected: 'Correct the value, or the mapping of the field.',
  duplicate: 'Merge the two items, or give one of them another value.',
  missing: 'It is looked for again; nothing needs to be done.',
  forbidden: 'Grant the app this permission.',
  transient: 'It is tried again later; nothing needs to be done.',
};

/** The same failure, of a step after which others have been carried out already. */
export function afterOthers(error: VendorError): VendorError {
  const { kind, next, message, retryAfterMs, path, limit } = error;
  return new VendorError(
    kind,
    { what: message.slice(0, -next.length - 1), next, cause: error.cause },
    {
      mayHaveLanded: true,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(path !== undefined && { path }),
      ...(limit !== undefined && { limit }),
    },
  );
}
