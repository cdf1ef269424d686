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

/** The vendor answered with a status that says no. */
export function refused(
  name: CallName,
  {
    status,
    said,
    retryAfterMs,
  }: {
    readonly status: number;
    readonly said: string | undefined;
    readonly retryAfterMs: number | undefined;
  },
): Failure {
  const { kind, verb, next } = meaningOf(status, name);
  const reason = said === undefined ? `${status}` : `${status}: ${name.words(said)}`;
  const isCertain = status >= 400 && status < 500;
  const what = `${name.vendor} ${verb} (${reason}).`;
  return { kind, what, next, mayHaveLanded: !isCertain, retryAfterMs };
}

/** `verb` stands between the name of the vendor and the status. */
type Meaning = Pick<Failure, 'kind' | 'next'> & { readonly verb: string };

function meaningOf(status: number, name: CallName): Meaning {
  const meaning = MEANINGS[SAME_AS[status] ?? status];
  if (meaning !== undefined) return meaning(name);
  if (status < 400) return elsewhere(name);
  return status >= 500 || PASSING.has(status) ? troubled(name) : unacceptable(name);
}

const MEANINGS: Readonly<Record<number, (name: CallName) => Meaning>> = {
  401: ({ account }) => ({
    kind: 'unauthorized',
    verb: `refused the token of account '${account}'`,
    next: 'Open the account node and log in again.',
  }),
  403: ({ account, request }) => ({
    kind: 'forbidden',
    verb: `does not let account '${account}' call ${request}`,
    next: 'Grant the account this permission, or choose another account.',
  }),
  404: ({ account, request }) => ({
    kind: 'missing',
    verb: `shows account '${account}' nothing at ${request}`,
    next: 'Check the address and the collection, and whether the account may see it.',
  }),
  412: ({ account, request }) => ({
    kind: 'outdated',
    verb: `has another version than ${request} of account '${account}' expects`,
    next: 'It is read again; nothing needs to be done.',
  }),
  413: ({ account, request }) => ({
    kind: 'tooLarge',
    verb: `finds ${request} of account '${account}' too large`,
    next: 'Send or ask for less at once.',
  }),
  429: ({ account }) => ({
    kind: 'throttled',
    verb: `asks account '${account}' to slow down`,
    next: 'It is tried again later; nothing needs to be done.',
  }),
};

/** Gone is missing; an address or headers that are too long are too large. */
const SAME_AS: Readonly<Record<number, number>> = { 410: 404, 414: 413, 431: 413 };

/** Request timeout, locked, too early: another try may work. */
const PASSING: ReadonlySet<number> = new Set([408, 423, 425]);

function elsewhere({ account, request }: CallName): Meaning {
  const next = 'Open the account node and correct the address.';
  return { kind: 'broken', verb: `sends ${request} of account '${account}' elsewhere`, next };
}

function unacceptable({ account, request }: CallName): Meaning {
  const next = 'Correct what it names; if it names nothing, report it.';
  return { kind: 'rejected', verb: `does not accept ${request} of account '${account}'`, next };
}

function troubled({ vendor, account, request }: CallName): Meaning {
  const next = laterOr(`look at the status page of ${vendor}`);
  return { kind: 'transient', verb: `could not answer ${request} of account '${account}'`, next };
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

/** Failures to connect: these requests never left. */
const NEVER_LEFT: ReadonlySet<unknown> = new Set([
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
  const reason = [message, detail, code].filter((part) => Boolean(part)).join(', ');
  return {
    kind: 'transient',
    what: `${vendor} cannot be reached for ${request} of account '${account}' (${words(reason)}).`,
    next: laterOr('check the address and the network'),
    mayHaveLanded: !NEVER_LEFT.has(code),
  };
}

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
