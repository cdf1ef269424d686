/**
 * One request and its answer, by axios through the `World`, within limits of time and size.
 *
 * Promises: redirects are not followed. A status that says no counts even when the rest of its answer is
 * too long or never comes. Nothing is left behind, neither a timer nor a listener.
 *
 * Of axios it is the fetch adapter that is used, because the rest of it would break promises: its
 * time-outs and its measurements run by the clock of the machine, and its limit of size forgets the
 * status. Its headers drop what they cannot hold, so they have to be checked before they come here.
 */
import { AxiosHeaders, getAdapter, type AxiosRequestConfig } from 'axios';
import type { World } from '../world/world.ts';
import {
  answeredTooMuch,
  calledOff,
  disconnected,
  timedOut,
  type CallName,
  type Failure,
} from './failures.ts';

export interface Wanted {
  readonly method: string;
  readonly url: string;
  /** Only what a header can hold. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly signal: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Empty when it could not be read and the status says enough. */
  readonly body: Uint8Array;
}

/** Answers with the failure when there is no answer. */
export async function exchange(
  world: World,
  wanted: Wanted,
  /** Asked for when something fails, because it takes longer than the rest. */
  name: () => CallName,
): Promise<Reply | Failure> {
  if (isCalledOff(wanted)) return calledOff(name(), { hasLeft: false });
  using limit = limitOf(world, wanted);
  const line = lineTo(world, limit.signal);
  try {
    const { method, url, headers, body } = wanted;
    const answered = await sendByFetch({
      method,
      url,
      headers: AxiosHeaders.from(headers),
      data: body,
      responseType: 'stream',
      validateStatus: () => true,
      fetchOptions: { redirect: 'manual', send: line.send },
    });
    const { status } = answered;
    const told = { status, headers: new Headers(answered.headers as Record<string, string>) };
    const stream = answered.data as ReadableStream<Uint8Array> | null;
    const bytes = await bytesOf(stream, wanted.answerBytesMax, limit.signal).catch(
      (error: unknown) => {
        if (status < 300) throw error;
        return NOTHING;
      },
    );
    if (bytes !== undefined) return { ...told, body: bytes };
    return status >= 300
      ? { ...told, body: NOTHING }
      : answeredTooMuch(name(), wanted.answerBytesMax);
  } catch (error) {
    if (isCalledOff(wanted)) return calledOff(name(), { hasLeft: true });
    if (limit.signal.aborted) return timedOut(name(), wanted.timeoutMs);
    return disconnected(name(), line.failure ?? error);
  }
}

const NOTHING = new Uint8Array();

/**
 * There is one for all calls, and the way to the world comes with each: axios keeps an adapter for every
 * `fetch` that it was ever given, and with it everything that the `fetch` knows. It is told to make no
 * `Request` and gets no signal, because it would copy every answer to watch over it.
 */
const sendByFetch = getAdapter('fetch', {
  env: {
    fetch: (url: string, way: Way) => way.send(url, way),
    Request: null,
  } as unknown as AxiosRequestConfig['env'] & {},
});

/** What axios would have the platform's `fetch` do, and what we have told it to pass on. */
type Way = RequestInit & Pick<Line, 'send'>;

interface Line {
  readonly send: (url: string, way: RequestInit) => Promise<Response>;
  /** As the platform told it, before axios turned it into an error of its own. */
  readonly failure: unknown;
}

function lineTo(world: World, signal: AbortSignal): Line {
  let failure: unknown;
  return {
    async send(url, { method, headers, body, redirect }) {
      try {
        const wanted = { method, headers, body: body ?? null, redirect, signal } as RequestInit;
        return await world.network.fetch(new Request(url, wanted));
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    get failure() {
      return failure;
    },
  };
}

function isCalledOff({ signal }: Wanted): boolean {
  return signal?.aborted === true;
}

interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
}

/** Falls when time is over or the caller gives up. */
function limitOf(world: World, { timeoutMs, signal: caller }: Wanted): TimeLimit {
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
  body: ReadableStream<Uint8Array> | null,
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
