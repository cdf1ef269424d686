/**
 * What PostgreSQL says when it says no, by its SQLSTATE, as failures that say what to do next. Nothing of
 * a row is quoted but what the server says itself, and never a password.
 */
import { VendorError, type FailureKind } from '../connector.ts';
import { ALLOW_IT } from '../failures.ts';

/** A call, as errors name it. */
export interface CallName {
  readonly account: string;
  /** Such as `list public.contacts`. */
  readonly request: string;
  readonly words: (said: string) => string;
}

/** What the driver tells of an error: the server's own, or one of the connection. */
export interface Complaint {
  readonly code?: string;
  readonly message?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly severity?: string;
}

/** `mayHaveLanded` is the caller's to know: before a commit was sent, nothing has. */
export function failureOf(
  error: unknown,
  { account, request, words }: CallName,
  { mayHaveLanded }: { readonly mayHaveLanded: boolean },
): VendorError {
  if (error instanceof VendorError || isOurMistake(error)) throw error;
  const complaint = error as Complaint;
  const { code = '', message = '' } = complaint;
  const kind = kindOf(complaint);
  const said = words([code, message].filter((part) => part !== '').join(' '));
  if (code === 'ERR_PRIVATE_ADDRESS') {
    const what = `${request} of account '${account}' was not sent to postgres, because ${words(message)}.`;
    return new VendorError('forbidden', { what, next: ALLOW_IT });
  }
  const { verb, next } = SAYINGS[kind];
  const what = `postgres ${verb.replace('{account}', `account '${account}'`)} (${said}, ${request}).`;
  return new VendorError(kind, { what, next }, { mayHaveLanded });
}

/** The driver's errors are plain ones, or have a code. */
function isOurMistake(error: unknown): boolean {
  return (error as Complaint).code === undefined && (error as Error).constructor !== Error;
}

/** A call that was not answered: given up by its caller, or by us because it took too long. */
export function unanswered(
  { account, request }: CallName,
  reason: 'calledOff' | 'late',
  { mayHaveLanded }: { readonly mayHaveLanded: boolean },
): VendorError {
  const why = reason === 'late' ? 'took too long' : 'was called off before it was answered';
  const what = `${request} of account '${account}' at postgres ${why}.`;
  const next = 'It is tried again later; nothing needs to be done.';
  return new VendorError('transient', { what, next }, { mayHaveLanded });
}

/** Whether one row is to blame, so that the others can be written without it. */
export function isAboutRow({ code = '' }: Complaint): boolean {
  return /^(?:22|23|44|P0)/.test(code) || code === '55P03';
}

/** The connection itself broke, and nothing more can be asked over it. */
export function isBroken({ code = '', severity }: Complaint): boolean {
  return severity === undefined || severity === 'FATAL' || /^(?:08|57P|25P03)/.test(code);
}

export function kindOf({ code = '', message = '', severity }: Complaint): FailureKind {
  // Without a severity it is no answer of the server: the network, or the driver.
  if (severity === undefined) return networkKind(code, message);
  const exact = EXACT[code];
  if (exact !== undefined) return exact;
  return CLASSES[code.slice(0, 2)] ?? 'broken';
}

function networkKind(code: string, message: string): FailureKind {
  // A certificate that nobody vouches for stays so, and so does a server without one.
  const isUnsafe = /CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(code) || message.includes('support SSL');
  return isUnsafe ? 'forbidden' : 'transient';
}

const EXACT: Readonly<Record<string, FailureKind>> = {
  '23505': 'duplicate',
  '25006': 'forbidden',
  '28000': 'unauthorized',
  '28P01': 'unauthorized',
  '3D000': 'missing',
  '3F000': 'missing',
  '42501': 'forbidden',
  '42703': 'missing',
  '42P01': 'missing',
  '54000': 'tooLarge',
  '55P03': 'transient',
  P0001: 'rejected',
};

const CLASSES: Readonly<Record<string, FailureKind>> = {
  '08': 'transient',
  '22': 'rejected',
  '23': 'rejected',
  '25': 'transient',
  '40': 'transient',
  '44': 'rejected',
  '53': 'transient',
  '54': 'tooLarge',
  '57': 'transient',
  '58': 'transient',
  P0: 'rejected',
};

interface Saying {
  readonly verb: string;
  readonly next: string;
}

const LATER =
  'It is tried again later; if it lasts, check that the database runs and can be reached.';

const SAYINGS: Readonly<Record<FailureKind, Saying>> = {
  unauthorized: {
    verb: 'refused the password of {account}',
    next: 'Open the account node and log in again.',
  },
  forbidden: {
    verb: 'does not let {account} do this',
    next: 'Grant the login this right, or correct the certificate.',
  },
  missing: {
    verb: 'does not have what {account} asks for',
    next: 'Check the names of the database, the table and its columns.',
  },
  rejected: {
    verb: 'does not accept what {account} sends',
    next: 'Correct the value, or the mapping of the field.',
  },
  duplicate: {
    verb: 'already has what {account} sends',
    next: 'Merge the two items, or give one of them another value.',
  },
  tooLarge: { verb: 'finds what {account} asks too large', next: 'Send or ask for less at once.' },
  transient: { verb: 'could not answer {account}', next: LATER },
  throttled: { verb: 'asks {account} to slow down', next: LATER },
  outdated: {
    verb: 'has another version than {account} expects',
    next: 'It is read again; nothing needs to be done.',
  },
  broken: {
    verb: 'answered {account} with something nobody understands',
    next: 'The connector needs an update; report it.',
  },
};
