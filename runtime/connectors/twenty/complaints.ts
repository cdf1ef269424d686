/**
 * What Twenty says when it refuses something, and what follows from it. It says so in sentences, without
 * codes, and calls nearly everything a 400, its own trouble included; so sentences are looked into for
 * the few words that matter, and for the names and values that were sent.
 */
import { VendorError, type FailureKind } from '../connector.ts';
import type { Meaning, Refusal } from '../failures.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import type { ObjectType } from './objects.ts';

export interface Complaint {
  readonly kind: FailureKind;
  /** The member of the item that it is about. */
  readonly path?: string;
  readonly said: string;
  /** Nobody can know how far it has got. */
  readonly isUncertain?: true;
}

const DUPLICATE = /duplicate|already exists|multiple records found with the same unique/i;
/** The database has taken back all of it. */
const TAKEN_BACK = /deadlock detected|could not serialize/i;
/** The database has refused it. */
const VIOLATION = /violates|invalid input/i;
const TROUBLE = /time ?out|timed out|terminated|connection/i;
const MISSING = /record not found/i;

export function complaintIn(
  { error, said, isTrouble }: api.WireRefusal['refused'],
  raw: Readonly<Record<string, unknown>>,
  { fields }: Pick<ObjectType, 'fields'>,
): Complaint {
  const words = said || (error ?? '');
  const sent = leavesIn(raw);
  if (DUPLICATE.test(words)) {
    const unique = new Set(fields.filter((field) => field.unique).map(({ path }) => path));
    const candidates = sent.filter(({ path }) => unique.has(path));
    const held = candidates.find(({ value }) => isQuoted(words, value)) ?? candidates[0];
    return { kind: 'duplicate', said: words, ...(held && { path: held.path }) };
  }
  if (TAKEN_BACK.test(words)) return { kind: 'transient', said: words };
  if (TROUBLE.test(words) || (isTrouble && !VIOLATION.test(words))) {
    return { kind: 'transient', said: words, isUncertain: true };
  }
  if (MISSING.test(words)) return { kind: 'missing', said: words };
  const path = pathIn(words, raw, sent);
  return { kind: 'rejected', said: words, ...(path !== undefined && { path }) };
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
}

function leavesIn(raw: Readonly<Record<string, unknown>>): readonly Leaf[] {
  return Object.entries(raw).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([part, inner]) => ({
          path: `${name}.${part}`,
          value: inner as unknown,
        }))
      : [{ path: name, value }],
  );
}

function isQuoted(words: string, value: unknown): boolean {
  return typeof value === 'string' && value !== '' && has(words, value);
}

function has(words: string, text: string): boolean {
  return words.toLowerCase().includes(text.toLowerCase());
}

/** What was sent and is named: a part, a member, or a value in quotation marks. */
function pathIn(
  words: string,
  raw: Readonly<Record<string, unknown>>,
  sent: readonly Leaf[],
): string | undefined {
  const names = new Set(words.match(/[A-Za-z][A-Za-z0-9]*/g));
  const part = sent.find(({ path }) => path.includes('.') && names.has(path.split('.')[1]!));
  const member = Object.keys(raw).find((name) => names.has(name));
  const quoted = sent.find(
    ({ value }) =>
      typeof value === 'string' && ['"', "'"].some((mark) => has(words, mark + value + mark)),
  );
  return part?.path ?? member ?? quoted?.path;
}

export function wordsAbout(body: unknown): string | undefined {
  const { data } = api.refusal.safeParse(body);
  if (data === undefined) return undefined;
  const { error, said } = data.refused;
  return [error, said].filter((part) => part).join(' ');
}

/** The name of the account's limit. */
export const CALLS = 'calls';

export function meaningOf({ status, headers, body }: Refusal): Meaning | undefined {
  const said = wordsAbout(body) ?? '';
  // A proxy in front of it may say more than Twenty does.
  const isTimed = headers.has('retry-after');
  if (status === 429) return { limit: CALLS, ...(!isTimed && pauseIn(said)) };
  // Who sends no token is told that it is forbidden.
  if (status === 403 && /missing authentication token/i.test(said)) return { kind: 'unauthorized' };
  if (status !== 400) return undefined;
  if (TROUBLE.test(said) || TAKEN_BACK.test(said)) return { kind: 'transient' };
  return DUPLICATE.test(said) ? { kind: 'duplicate' } : undefined;
}

/** `Limit reached (100 tokens per 60000 ms)`: all of it is back after that time. */
function pauseIn(said: string): Meaning {
  const [, ms] = /tokens per (\d{1,8}) ms/.exec(said) ?? [];
  return ms === undefined ? {} : { retryAfterMs: Number(ms) };
}

/** What was to be done with what, for an error. */
export interface Deed {
  readonly rest: Rest;
  /** What errors call the account. */
  readonly login: string;
  readonly type: Pick<ObjectType, 'name'>;
  /** `create an item`. */
  readonly deed: string;
}

export function errorOf(
  { kind, path, said }: Complaint,
  about: Deed,
  { mayHaveLanded = false, next = NEXT[kind] }: { mayHaveLanded?: boolean; next?: string } = {},
): VendorError {
  const where = path === undefined ? '' : ` because of "${path}"`;
  const what = `twenty refused to ${deedOf(about)}${where} (${about.rest.words(said)}).`;
  const words = { what, next: next ?? 'The connector needs an update; report it.' };
  return new VendorError(kind, words, { mayHaveLanded, ...(path !== undefined && { path }) });
}

export function deedOf({ deed, type, login }: Omit<Deed, 'rest'>): string {
  return `${deed} of ${type.name} in account '${login}'`;
}

const NEXT: Readonly<Partial<Record<FailureKind, string>>> = {
  rejected: 'Correct the value, or the mapping of the field.',
  duplicate: 'Merge the two items, or give one of them another value.',
  missing: 'It is looked for again; nothing needs to be done.',
  transient: 'It is tried again later; nothing needs to be done.',
};

/** The same failure of another call: of one after others that were carried out, or that was not sent. */
export function likewise(error: VendorError, mayHaveLanded: boolean): VendorError {
  const { kind, next, message, retryAfterMs, path, limit } = error;
  return new VendorError(
    kind,
    { what: message.slice(0, -next.length - 1), next, cause: error.cause },
    {
      mayHaveLanded,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(path !== undefined && { path }),
      ...(limit !== undefined && { limit }),
    },
  );
}
