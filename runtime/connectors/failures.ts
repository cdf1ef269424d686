/**
 * What can go wrong with a call to a vendor, in words for the person who has to act, and what follows
 * from it. `mayHaveLanded` supposes that the call was a write, and is false only when it is certain that
 * the vendor did not carry it out.
 */
import type { FailureKind } from './connector.ts';

export interface Failure {
  readonly kind: FailureKind;
  readonly what: string;
  readonly next: string;
  readonly mayHaveLanded: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly limit?: string | undefined;
}

/** A call, as errors name it. */
export interface CallName {
  readonly vendor: string;
  readonly account: string;
  /** Such as `POST /v1/contacts/read`. */
  readonly request: string;
  /** Makes what others say fit to stand in a sentence. */
  readonly words: (said: string) => string;
}

/** An answer with a status that says no. */
export interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; undefined when it is none, which an error page need not be. */
  readonly body: unknown;
}

/** What a refusal means at one vendor, where that is not what it means elsewhere. */
export interface Meaning {
  readonly kind?: FailureKind;
  readonly retryAfterMs?: number;
  /** The one of the account's limits that was reached, by its name. */
  readonly limit?: string;
}

export function refused(
  name: CallName,
  {
    status,
    said,
    kind = kindOf(status),
    retryAfterMs,
    limit,
  }: Meaning & { readonly status: number; readonly said: string | undefined },
): Failure {
  const { verb, next } = status < 400 ? elsewhere(name) : SAYINGS[kind](name);
  const reason = said === undefined ? `${status}` : `${status}: ${name.words(said)}`;
  const isCertain = status >= 400 && status < 500;
  const what = `${name.vendor} ${verb} (${reason}).`;
  return { kind, what, next, mayHaveLanded: !isCertain, retryAfterMs, limit };
}

function kindOf(status: number): FailureKind {
  if (status < 400) return 'broken';
  return KINDS[status] ?? (status >= 500 ? 'transient' : 'rejected');
}

const KINDS: Readonly<Record<number, FailureKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'missing',
  // Request timeout, locked, too early: another try may work.
  408: 'transient',
  423: 'transient',
  425: 'transient',
  410: 'missing',
  412: 'outdated',
  // So is an address that is too long, and so are headers.
  413: 'tooLarge',
  414: 'tooLarge',
  431: 'tooLarge',
  429: 'throttled',
};

/** `verb` stands between the name of the vendor and the status. */
interface Saying {
  readonly verb: string;
  readonly next: string;
}

const SAYINGS: Readonly<Record<FailureKind, (name: CallName) => Saying>> = {
  unauthorized: ({ account }) => ({
    verb: `refused the token of account '${account}'`,
    next: 'Open the account node and log in again.',
  }),
  forbidden: ({ account, request }) => ({
    verb: `does not let account '${account}' call ${request}`,
    next: 'Grant the account this permission, or choose another account.',
  }),
  missing: ({ account, request }) => ({
    verb: `shows account '${account}' nothing at ${request}`,
    next: 'Check the address and the collection, and whether the account may see it.',
  }),
  outdated: ({ account, request }) => ({
    verb: `has another version than ${request} of account '${account}' expects`,
    next: 'It is read again; nothing needs to be done.',
  }),
  tooLarge: ({ account, request }) => ({
    verb: `finds ${request} of account '${account}' too large`,
    next: 'Send or ask for less at once.',
  }),
  throttled: ({ account }) => ({
    verb: `asks account '${account}' to slow down`,
    next: 'It is tried again later; nothing needs to be done.',
  }),
  rejected: ({ account, request }) => ({
    verb: `does not accept ${request} of account '${account}'`,
    next: 'Correct what it names; if it names nothing, report it.',
  }),
  duplicate: ({ account, request }) => ({
    verb: `already has what ${request} of account '${account}' would make`,
    next: 'Merge the two items, or give one of them another value.',
  }),
  transient: ({ vendor, account, request }) => ({
    verb: `could not answer ${request} of account '${account}'`,
    next: laterOr(`look at the status page of ${vendor}`),
  }),
  broken: ({ vendor, account, request }) => ({
    verb: `answered ${request} of account '${account}' with something nobody understands`,
    next: `Check that the address leads to ${vendor}; if it does, the connector needs an update.`,
  }),
};

function elsewhere({ account, request }: CallName): Saying {
  const next = 'Open the account node and correct the address.';
  return { verb: `sends ${request} of account '${account}' elsewhere`, next };
}

/** A 2xx whose body is not what it should be. */
export function notUnderstood(
  { vendor, account, request, words }: CallName,
  status: number,
  flaw: string,
): Failure {
  return {
    kind: 'broken',
    what: `${vendor} answered ${request} of account '${account}' with something nobody understands (${status}; ${words(flaw)}).`,
    next: `Check that the address leads to ${vendor}; if it does, the connector needs an update.`,
    mayHaveLanded: true,
  };
}

export function answeredTooMuch({ vendor, account, request }: CallName, bytesMax: number): Failure {
  return {
    kind: 'tooLarge',
    what: `${vendor} answered ${request} of account '${account}' with more than ${bytesMax} bytes.`,
    next: 'Ask for fewer items at once.',
    mayHaveLanded: true,
  };
}

export function calledOff(
  { vendor, account, request }: CallName,
  { hasLeft }: { readonly hasLeft: boolean },
): Failure {
  return {
    kind: 'transient',
    what: `${request} of account '${account}' at ${vendor} was called off before it was answered.`,
    next: 'It is tried again later; nothing needs to be done.',
    mayHaveLanded: hasLeft,
  };
}

export function timedOut({ vendor, account, request }: CallName, timeoutMs: number): Failure {
  return {
    kind: 'transient',
    what: `${vendor} did not answer ${request} of account '${account}' within ${timeoutMs / 1_000} s.`,
    next: laterOr(`look at the status page of ${vendor}`),
    mayHaveLanded: true,
  };
}

/** The name of a host leads into a private network. */
const PRIVATE_ADDRESS = 'ERR_PRIVATE_ADDRESS';

/** Failures to connect: these requests never left. */
const NEVER_LEFT: ReadonlySet<unknown> = new Set([
  PRIVATE_ADDRESS,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** `fetch` hides what happened in the cause of its error. */
export function disconnected(
  { vendor, account, request, words }: CallName,
  error: unknown,
): Failure {
  const { message, cause } = error as Error;
  const { code, message: detail } = (cause ?? {}) as { code?: string; message?: string };
  if (code === PRIVATE_ADDRESS)
    return privateAddress({ vendor, account, request, words }, `${detail}`);
  const reason = [message, detail, code].filter((part) => Boolean(part)).join(', ');
  return {
    kind: 'transient',
    what: `${vendor} cannot be reached for ${request} of account '${account}' (${words(reason)}).`,
    next: laterOr('check the address and the network'),
    mayHaveLanded: !NEVER_LEFT.has(code),
  };
}

function privateAddress({ vendor, account, request, words }: CallName, detail: string): Failure {
  return {
    kind: 'forbidden',
    what: `${request} of account '${account}' was not sent to ${vendor}, because ${words(detail)}.`,
    next: ALLOW_IT,
    mayHaveLanded: false,
  };
}

/** What to do about an address that is refused. */
export const ALLOW_IT =
  'Correct it; or, if it is meant, let the operator name the host in TRIBUTARY_ALLOWED_HOSTS.';

/** The platform refuses to make a request of it: a header with an accent, an address that is none. */
export function unsendable({ vendor, account, request, words }: CallName, error: unknown): Failure {
  return {
    kind: 'rejected',
    what: `${request} of account '${account}' cannot be sent to ${vendor} (${words((error as Error).message)}).`,
    next: 'Open the account node and check the address and the token for stray characters.',
    mayHaveLanded: false,
  };
}

function laterOr(advice: string): string {
  return `It is tried again later; if it lasts, ${advice}.`;
}
