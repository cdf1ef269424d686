/**
 * The way to vendors that speak JSON over HTTP: sends one request, reads its answer within limits of time
 * and size, and turns everything that can go wrong into a `VendorError` that says what to do.
 *
 * Promises: nothing is retried and nothing waits; no error holds a secret; redirects are not followed, so
 * that a token goes nowhere but to its vendor. A write that failed says `mayHaveLanded` unless it is
 * certain that the vendor did not carry it out.
 */
import type { z } from 'zod';
import type { World } from '../world/world.ts';
import { VendorError } from './connector.ts';
import {
  answeredTooMuch,
  calledOff,
  disconnected,
  notUnderstood,
  refused,
  timedOut,
  unsendable,
  type CallName,
  type Failure,
} from './failures.ts';

export interface RestOptions {
  readonly world: World;
  readonly vendor: string;
  /** Names the login in errors. */
  readonly account: string;
  readonly baseUrl: string;
  /** Sent with every request; how the vendor knows who is calling. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cut out of everything that an error says. */
  readonly secrets: readonly string[];
  /** What the vendor says about a failure, from the JSON of its answer. */
  readonly complaint?: (body: unknown) => string | undefined;
  /** From the request to the last byte of its answer. */
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}

export interface Rest {
  /** Answers with the parsed JSON of a 2xx; everything else is a `VendorError`. */
  send<T>(call: Call<T>): Promise<T>;
  /** What the vendor says about an item, made fit for an error: one line, not endless, no secrets. */
  words(said: string): string;
}

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Names between slashes; they are escaped here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
  /** What is wrong with an answer although it has the right form; nothing when nothing is. */
  flawIn?(answer: T): string | undefined;
  /** Other statuses that answer this call, when their JSON has this form; a refused batch, say. */
  readonly answers?: Readonly<Record<number, z.ZodType<T>>>;
  /** Whether it changes something at the vendor. All but GET do, unless they say otherwise. */
  readonly writes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Most vendors give up on a request of their own after 30 seconds. */
export const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 32 * 2 ** 20;

export function restClient(options: RestOptions): Rest {
  return {
    async send<T>(call: Call<T>): Promise<T> {
      const reply = await exchange(options, call);
      const { status, headers } = reply;
      const json = jsonIn(reply.body);
      const isOk = status >= 200 && status < 300;
      const form = isOk ? call.answer : call.answers?.[status];
      const understood = form === undefined ? NO_ANSWER : understand(form, json, call);
      if ('data' in understood) return understood.data;
      const name = nameOf(options, call);
      if (isOk) throw errorOf(call, notUnderstood(name, status, understood.flaw));
      const retryAfterMs = retryAfterOf(headers, options.world);
      const said = options.complaint?.(json);
      throw errorOf(call, refused(name, { status, said, retryAfterMs }));
    },
    words: (said) => wordsOf(said, options),
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Empty when it could not be read and the status says enough. */
  readonly body: Uint8Array;
}

/** One request and its answer, or the error that says why there is none. */
async function exchange(options: RestOptions, call: Call<unknown>): Promise<Reply> {
  const { world, timeoutMs = TIMEOUT_MS, answerBytesMax = ANSWER_BYTES_MAX } = options;
  if (isCalledOff(call)) {
    throw errorOf(call, calledOff(nameOf(options, call), { hasLeft: false }));
  }
  using limit = limitOf(world, timeoutMs, call.signal);
  const request = requestOf(options, call, limit.signal);
  try {
    const response = await world.network.fetch(request);
    const { status, headers } = response;
    const body = await bytesOf(response, answerBytesMax, limit.signal).catch((error: unknown) => {
      if (status < 300) throw error;
      return NOTHING;
    });
    if (body !== undefined) return { status, headers, body };
    if (status >= 300) return { status, headers, body: NOTHING };
  } catch (error) {
    const name = nameOf(options, call);
    if (isCalledOff(call)) throw errorOf(call, calledOff(name, { hasLeft: true }));
    if (limit.signal.aborted) throw errorOf(call, timedOut(name, timeoutMs));
    throw errorOf(call, disconnected(name, error));
  }
  throw errorOf(call, answeredTooMuch(nameOf(options, call), answerBytesMax));
}

const NOTHING = new Uint8Array();

function isCalledOff({ signal }: Call<unknown>): boolean {
  return signal?.aborted === true;
}

function requestOf(options: RestOptions, call: Call<unknown>, signal: AbortSignal): Request {
  const { method, body, query = {} } = call;
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const url = new URL(`${options.baseUrl.replace(/\/+$/, '')}${pathOf(call)}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return new Request(url, {
      method,
      headers: { accept: 'application/json', ...content, ...options.headers },
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw errorOf(call, unsendable(nameOf(options, call), error));
  }
}

/** A name of dots would lead out of the path, even when it is escaped. */
function pathOf({ path }: Call<unknown>): string {
  const dots = path.find((name) => /^\.{0,2}$/.test(name));
  if (dots !== undefined) throw new TypeError(`"${dots}" is no name`);
  return path.map((name) => `/${encodeURIComponent(name)}`).join('');
}

interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
}

/** Falls when time is over or the caller gives up. */
function limitOf(world: World, timeoutMs: number, caller: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const giveUp = (): void => controller.abort();
  const callOff = world.schedule.after(timeoutMs, giveUp);
  caller?.addEventListener('abort', giveUp, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      callOff();
      caller?.removeEventListener('abort', giveUp);
    },
  };
}

/** Undefined when there is more of it than `bytesMax`. */
async function bytesOf(
  { body }: Response,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (body === null) return NOTHING;
  const reader = body.getReader();
  // A stream that broke has told so already, where it was read.
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    signal.throwIfAborted();
    if (done) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks.push(value);
    size += value.length;
    if (size > bytesMax) {
      stop();
      return undefined;
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined when it is none, which an error page need not be. */
function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

/** A status that the call does not take for an answer. */
const NO_ANSWER = { flaw: 'no answer' } as const;

function understand<T>(
  form: z.ZodType<T>,
  json: unknown,
  call: Call<T>,
): { readonly data: T } | { readonly flaw: string } {
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
  { kind, what, next, mayHaveLanded, retryAfterMs }: Failure,
): VendorError {
  return new VendorError(
    kind,
    { what, next },
    {
      mayHaveLanded: mayHaveLanded && writes,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  );
}

const WORDS_MAX = 300;

/** One line, not endless; and without secrets first, because a piece of one is no longer recognised. */
function wordsOf(said: string, { secrets }: RestOptions): string {
  // A header loses the blanks around it, so a vendor that quotes it does not have them.
  const bare = secrets.map((secret) => secret.trim()).filter((secret) => secret !== '');
  const clean = bare
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())])
    .reduce((words, spelling) => words.replaceAll(spelling, '[secret]'), said);
  const line = clean.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > WORDS_MAX ? `${line.slice(0, WORDS_MAX)}…` : line;
}
