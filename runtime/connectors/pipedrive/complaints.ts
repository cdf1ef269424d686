/**
 * What Pipedrive says when it refuses something, and what follows.
 *
 * Traps: the newer version names the field that it does not accept, the older one only in its words. Who
 * goes on calling after being told to wait gets a page that is no JSON, and has to stay away for longer.
 * The limits for two seconds and for a day are told in the same way.
 */
import { VendorError, type FailureKind, type ItemChange } from '../connector.ts';
import type { Meaning, Refusal } from '../failures.ts';
import * as api from './api.ts';
import { CONTACT_SYNC } from './objects.ts';
import type { Context } from './reading.ts';

/** The words of any answer that says no. */
export function wordsAbout(body: unknown): string | undefined {
  const { data } = api.complaint.safeParse(body);
  return data && wordsIn(data);
}

function wordsIn({ code, error, errors }: api.WireComplaint): string | undefined {
  const named = Object.entries(errors ?? {}).map(([name, said]) => `${name} ${said.join(', ')}`);
  const words = [code, error, ...named].filter(Boolean).join(' ');
  return words === '' ? undefined : words;
}

/** After it has served a page instead of an answer: well over a minute. */
const LOCKED_OUT_MS = 150_000;
/** The budget of a day comes back at a midnight, and nobody says whose. */
const DAY_IS_OVER_MS = 1_800_000;
/** A limit for two seconds does not say no so often in a row to somebody who waits. */
const REFUSALS_MAX = 3;

/** Looks at all answers, because one alone does not tell which limit was reached. */
export function limitWatch(): {
  readonly onAnswer: (answer: { readonly status: number }) => void;
  readonly meaning: (refusal: Refusal, kind: 'burst' | 'search') => Meaning | undefined;
} {
  let refusals = 0;
  return {
    onAnswer: ({ status }) => (refusals = status === 429 ? refusals + 1 : 0),
    meaning(refusal, kind) {
      const { status, body, headers } = refusal;
      // The company has not paid, which another try does not change.
      if (status === 402) return { kind: 'forbidden' };
      if (status === 403 && body === undefined) {
        return { kind: 'throttled', retryAfterMs: LOCKED_OUT_MS };
      }
      if (status !== 429) return undefined;
      const isDaily = isOfDay(refusal) || refusals > REFUSALS_MAX;
      if (isDaily) return { limit: 'daily', retryAfterMs: DAY_IS_OVER_MS };
      const seconds = headers.has('retry-after')
        ? undefined
        : numberIn(headers, 'x-ratelimit-reset');
      return { limit: kind, ...(seconds !== undefined && { retryAfterMs: seconds * 1_000 }) };
    },
  };
}

function isOfDay({ headers, body }: Refusal): boolean {
  if (numberIn(headers, 'x-daily-ratelimit-token-remaining') === 0) return true;
  return /\bdaily\b|\bbudget\b/i.test(wordsAbout(body) ?? '');
}

export function numberIn(headers: Headers, name: string): number | undefined {
  const value = headers.get(name);
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}

// ---------------------------------------------------------------------------------------------
// About one item

export interface Complaint {
  readonly kind: FailureKind;
  /** The member that it is about. */
  readonly path?: string;
  readonly said: string;
}

/** These statuses are about the item of a write. All others are about the call. */
export const ABOUT_ITEM = [400, 403, 404, 410, 413, 422] as const;

/** Undefined when it is no matter of this item. */
export function complaintIn(
  status: number,
  refused: api.WireComplaint,
  { op, raw = {} }: ItemChange,
): Complaint | undefined {
  const said = wordsIn(refused) ?? String(status);
  if (status === 404 || status === 410) return { kind: 'missing', said };
  if (status === 413) return { kind: 'tooLarge', said };
  if (status === 403) {
    const sync = CONTACT_SYNC.find((name) => raw[name] !== undefined);
    if (sync !== undefined) return { kind: 'rejected', path: sync, said };
    // What is there, and may not be touched; or a plan that has enough of them.
    const isOfItem = op !== 'create' || refused.code?.startsWith('feature_capping') === true;
    return isOfItem ? { kind: 'rejected', said } : undefined;
  }
  const path = pathIn(refused, Object.keys(raw));
  return { kind: 'rejected', said, ...(path !== undefined && { path }) };
}

/** The member as it was sent; the oldest names of some are still in use. */
function pathIn(
  { field_code: code, error = '' }: api.WireComplaint,
  names: readonly string[],
): string | undefined {
  if (code !== undefined && code !== '') {
    const bare = code.replace(/^custom_fields\./, '').replace(/[.[].*$/, '');
    const alike = names.find((name) => OLD_NAMES[bare] === name);
    return names.includes(bare) ? bare : (alike ?? bare);
  }
  const words = new Set(error.split(/[^\w]+/));
  const named = names.filter((name) => words.has(name));
  return named.length === 1 ? named[0] : undefined;
}

const OLD_NAMES: Readonly<Record<string, string>> = {
  email: 'emails',
  phone: 'phones',
  label: 'label_ids',
  user_id: 'owner_id',
  // A person takes part in an activity, which says more than who it is about.
  participants: 'person_id',
};

export function errorOf(
  { kind, path, said }: Complaint,
  about: Pick<Context, 'rest' | 'type' | 'login'>,
  deed: string,
): VendorError {
  const where = path === undefined ? '' : ` because of "${path}"`;
  const what = `pipedrive refused to ${deedOf(deed, about)}${where} (${about.rest.words(said)}).`;
  const next = NEXT[kind] ?? 'The connector needs an update; report it.';
  return new VendorError(kind, { what, next }, path === undefined ? {} : { path });
}

export function deedOf(deed: string, { type, login }: Pick<Context, 'type' | 'login'>): string {
  return `${deed} of ${type.name} in account '${login}'`;
}

const NEXT: Readonly<Partial<Record<FailureKind, string>>> = {
  rejected: 'Correct the value, the mapping of the field, or what the account may do.',
  missing: 'It is looked for again; nothing needs to be done.',
  tooLarge: 'Shorten what it holds.',
};
