/**
 * The way to vendors that speak JSON over HTTP: sends one request, reads its answer within limits of time
 * and size, and turns everything that can go wrong into a `VendorError` that says what to do.
 *
 * Promises: nothing is retried and nothing waits, but for a token: one that was refused is renewed, where
 * that is possible, and the call is sent once more, for it was not carried out. No error holds a secret.
 * Redirects are not followed, and private addresses not called, so that a token goes nowhere but to its
 * vendor. What is sent is what was given: a header that cannot be sent as it is fails, and is not mended.
 * A write that failed says `mayHaveLanded` unless it is certain that the vendor did not carry it out.
 */
import type { z } from 'zod';
import type { World } from '../world/world.ts';
import { checkAddress } from './address.ts';
import type { Auth } from './auth.ts';
import { VendorError } from './connector.ts';
import { exchange, type Reply } from './exchange.ts';
import {
  notUnderstood,
  refused,
  unsendable,
  type CallName,
  type Failure,
  type Meaning,
  type Refusal,
} from './failures.ts';

export interface RestOptions {
  readonly world: World;
  readonly vendor: string;
  /** Names the login in errors. */
  readonly account: string;
  readonly baseUrl: string;
  /** The hosts that the base URL may name: see `AddressRules`. */
  readonly hosts?: readonly string[];
  /** How the vendor knows who is calling. */
  readonly auth?: Auth;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Cut out of everything that an error says, beside those of `auth`. */
  readonly secrets?: readonly string[];
  /** What the vendor says about a failure, from the JSON of its answer. */
  readonly complaint?: (body: unknown) => string | undefined;
  /** What a refusal means, where this vendor means something else by its status than others do. */
  readonly meaning?: (refusal: Refusal) => Meaning | undefined;
  /** Hears of every answer, also of one that says no; to keep count of what is left of a limit. */
  readonly onAnswer?: (answer: Pick<Reply, 'status' | 'headers'>) => void;
  /** From the request to the last byte of its answer. */
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}

export interface Rest {
  /** Answers with the parsed JSON of a 2xx; everything else is a `VendorError`. */
  send<T>(call: Call<T>): Promise<T>;
  /** The same, with the status and the headers of the answer. */
  ask<T>(call: Call<T>): Promise<Answer<T>>;
  /** What the vendor says about an item, made fit for an error: one line, not endless, no secrets. */
  words(said: string): string;
}

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Names between slashes; they are escaped here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent in the way of web forms, instead of a body. */
  readonly form?: Readonly<Record<string, string>>;
  /** Of an answer without a body, such as a 204: `z.undefined()`. */
  readonly answer: z.ZodType<T>;
  /** What is wrong with an answer although it has the right form; nothing when nothing is. */
  flawIn?(answer: T): string | undefined;
  /** Other statuses that answer this call, when their JSON has this form; a refused batch, say. */
  readonly answers?: Readonly<Record<number, z.ZodType<T>>>;
  /** Whether it changes something at the vendor. All but GET do, unless they say otherwise. */
  readonly writes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
}

/** Most vendors give up on a request of their own after 30 seconds. */
export const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 32 * 2 ** 20;

/** Throws when the base URL may not be called. */
export function restClient(options: RestOptions): Rest {
  checkAddress(options.baseUrl, options);
  return {
    send: async (call) => (await ask(options, call)).data,
    ask: (call) => ask(options, call),
    words: (said) => wordsOf(said, options),
  };
}

async function ask<T>(options: RestOptions, call: Call<T>): Promise<Answer<T>> {
  const { status, headers, body } = await replyTo(options, call);
  const json = jsonIn(body);
  const isOk = status >= 200 && status < 300;
  const form = isOk ? call.answer : call.answers?.[status];
  const understood = form === undefined ? NO_ANSWER : understand(form, json, call);
  if ('data' in understood) return { status, headers, data: understood.data };
  const name = nameOf(options, call);
  if (isOk) throw errorOf(call, notUnderstood(name, status, understood.flaw));
  const refusal = { status, headers, body: json === NO_JSON ? undefined : json };
  const said = options.complaint?.(refusal.body);
  const retryAfterMs = retryAfterOf(headers, options.world);
  const usual = { status, said, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  throw errorOf(call, refused(name, { ...usual, ...options.meaning?.(refusal) }));
}

/** With a token that was renewed, if the first one was refused. */
async function replyTo(options: RestOptions, call: Call<unknown>): Promise<Reply> {
  const { auth } = options;
  const sent = (await auth?.headers()) ?? {};
  const reply = await replyWith(sent, options, call);
  if (reply.status !== 401 || !(await auth?.renew?.(sent))) return reply;
  return replyWith(await auth!.headers(), options, call);
}

async function replyWith(
  authHeaders: Readonly<Record<string, string>>,
  options: RestOptions,
  call: Call<unknown>,
): Promise<Reply> {
  const { world, timeoutMs = TIMEOUT_MS, answerBytesMax = ANSWER_BYTES_MAX } = options;
  const request = requestOf(options, call, authHeaders);
  const limits = { timeoutMs, answerBytesMax, signal: call.signal };
  const reply = await exchange(world, { ...request, ...limits }, () => nameOf(options, call));
  if (!('status' in reply)) throw errorOf(call, reply);
  options.onAnswer?.(reply);
  return reply;
}

interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

function requestOf(
  options: RestOptions,
  call: Call<unknown>,
  authHeaders: Readonly<Record<string, string>>,
): HttpRequest {
  const { method, query = {} } = call;
  const { body, type } = contentOf(call);
  try {
    const url = new URL(`${options.baseUrl.replace(/\/+$/, '')}${pathOf(call)}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    // Each one over those before it, whatever their capitals; a value that no header can hold throws.
    const headers = new Headers({ accept: 'application/json', 'user-agent': USER_AGENT });
    for (const more of [type, options.headers, call.headers, authHeaders]) {
      for (const [name, value] of Object.entries(more ?? {})) headers.set(name, value);
    }
    return { method, url: url.href, headers: Object.fromEntries(headers), body };
  } catch (error) {
    throw errorOf(call, unsendable(nameOf(options, call), error));
  }
}

/** Some vendors show it to people beside what we have changed. */
const USER_AGENT = 'Tributary';

interface Content {
  readonly body: string | undefined;
  readonly type: Readonly<Record<string, string>>;
}

function contentOf({ body, form }: Call<unknown>): Content {
  if (form !== undefined) {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return { body: new URLSearchParams(form).toString(), type };
  }
  if (body === undefined) return { body, type: {} };
  return { body: JSON.stringify(body), type: { 'content-type': 'application/json' } };
}

/** A name of dots would lead out of the path, even when it is escaped. */
function pathOf({ path }: Call<unknown>): string {
  const dots = path.find((name) => /^\.{0,2}$/.test(name));
  if (dots !== undefined) throw new TypeError(`"${dots}" is no name`);
  // A colon may stand as it is, and Google wants it so.
  return path.map((name) => `/${encodeURIComponent(name).replaceAll('%3A', ':')}`).join('');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined where there is nothing. */
function jsonIn(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch {
    return NO_JSON;
  }
}

/** Something is there, and it is no JSON, such as an error page. */
const NO_JSON = Symbol('no JSON');

/** A status that the call does not take for an answer. */
const NO_ANSWER = { flaw: 'no answer' } as const;

function understand<T>(
  form: z.ZodType<T>,
  json: unknown,
  call: Call<T>,
): { readonly data: T } | { readonly flaw: string } {
  if (json === NO_JSON) return { flaw: 'no JSON' };
  const { success, data, error } = form.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    if (json === undefined || issue === undefined) return { flaw: 'no JSON' };
    return { flaw: `${issue.path.join('.')}: ${issue.message}` };
  }
  const flaw = call.flawIn?.(data);
  return flaw === undefined ? { data } : { flaw };
}

/** A vendor that asks for more than a day means something else. */
const RETRY_AFTER_MS_MAX = 86_400_000;

/** In seconds, or a date by the clock of the vendor, which its answer tells. */
function retryAfterOf(headers: Headers, { clock }: World): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  const vendorNow = Date.parse(headers.get('date') ?? '');
  const now = Number.isNaN(vendorNow) ? clock.now() : vendorNow;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  if (Number.isNaN(waitMs)) return undefined;
  return Math.min(Math.max(0, waitMs), RETRY_AFTER_MS_MAX);
}

function nameOf(
  options: RestOptions,
  { method, path }: Pick<Call<unknown>, 'method' | 'path'>,
): CallName {
  const { vendor, account } = options;
  const words = (said: string): string => wordsOf(said, options);
  return { vendor, account, request: words(`${method} /${path.join('/')}`), words };
}

/** No cause is passed on: those of the platform quote requests, and with them tokens. */
function errorOf(
  { method, writes = method !== 'GET' }: Pick<Call<unknown>, 'method' | 'writes'>,
  { kind, what, next, mayHaveLanded, retryAfterMs, limit }: Failure,
): VendorError {
  return new VendorError(
    kind,
    { what, next },
    {
      mayHaveLanded: mayHaveLanded && writes,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(limit !== undefined && { limit }),
    },
  );
}

const WORDS_MAX = 300;

/** One line, not endless; and without secrets first, because a piece of one is no longer recognised. */
function wordsOf(said: string, { secrets = [], auth }: RestOptions): string {
  // A header loses the blanks around it, so a vendor that quotes it does not have them.
  const bare = [...secrets, ...(auth?.secrets ?? [])]
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
  const clean = bare
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())])
    .reduce((words, spelling) => words.replaceAll(spelling, '[secret]'), said);
  const line = clean.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > WORDS_MAX ? `${line.slice(0, WORDS_MAX)}…` : line;
}
