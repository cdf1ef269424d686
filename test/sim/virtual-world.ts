/**
 * A world in memory that obeys a seed. Time stands still until the test runs it; then events happen
 * in the order of their time, and chance decides between those of the same instant. The same seed
 * and the same code give the same trace, to the letter; `traceHash` is how a test checks that.
 *
 * Traps. Only microtasks are drained between two events, so code that goes through a thread (files,
 * `crypto.subtle`, asynchronous zlib) or a real socket answers whenever it likes and breaks the
 * promise. Globals for time, chance and the network break it too, so they throw while a run lasts.
 */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { randomStreams } from '../../runtime/world/random.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { idSource } from '../../runtime/world/uuid.ts';
import type { LogLevel, Random, World } from '../../runtime/world/world.ts';
import { eventQueue, type Event } from './event-queue.ts';
import { forbidGlobals } from './forbid-globals.ts';

export interface VirtualWorld extends World {
  /** Answers every request to `origin`, such as `https://api.example.com`; the last one to say so. */
  serve(origin: string, answer: Answer): void;
  /** Lets events happen until none is left, and tells how many did. */
  runUntilQuiet(): Promise<number>;
  /** Lets the events up to and including `timeMs` happen; afterwards it is `timeMs`. */
  runUntil(timeMs: number): Promise<number>;
  /** What the code under test has logged, oldest first. */
  readonly logged: readonly LogEntry[];
  /** A fingerprint of all that has happened so far: events, draws of chance, calls, log lines. */
  traceHash(): string;
}

export type Answer = (request: Request) => Response | Promise<Response>;

export interface LogEntry {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A world with more events than this has work that makes work; it would not end. */
const EVENTS_MAX = 1_000_000;

export class StillBusy extends Error {
  constructor(events: number, seed: number | string) {
    super(`Still busy after ${events} events (seed ${seed}): something makes work for itself.`);
  }
}

/** One way through the network takes 1 to 50 ms, so that calls overtake each other. */
const LATENCY_MS_BELOW = 50;

export function virtualWorld({
  seed,
  startAt = Date.UTC(2026, 0, 1),
  eventsMax = EVENTS_MAX,
}: {
  seed: number | string;
  startAt?: number;
  /** Of all runs together. */
  eventsMax?: number;
}): VirtualWorld {
  let nowMs = startAt;
  let events = 0;
  const trace = createHash('sha256');
  const streams = randomStreams(String(seed));
  const queue = eventQueue(streams('world:order'));
  const servers = new Map<string, Answer>();
  const logged: LogEntry[] = [];

  const clock = { now: () => nowMs, monotonicMs: () => nowMs - startAt };
  const schedule = scheduleOn((delayMs, task) => queue.add(nowMs + delayMs, task));

  function random(stream: string): Random {
    const source = streams(stream);
    const noted = (drawn: number): number => {
      note('draw', stream, drawn);
      return drawn;
    };
    return { next: () => noted(source.next()), below: (bound) => noted(source.below(bound)) };
  }

  /** There and back each take a while; an abort is felt at once, as with a real connection. */
  async function fetch(request: Request): Promise<Response> {
    const answer = servers.get(new URL(request.url).origin);
    if (answer === undefined) {
      throw new Error(
        `Nothing answers ${request.url} in this simulation. Call world.serve() first.`,
      );
    }
    const latency = random('world:network');
    await schedule.sleep(1 + latency.below(LATENCY_MS_BELOW), request.signal);
    note('request', request.method, request.url);
    const response = await unlessAborted(answer(request), request.signal);
    await schedule.sleep(1 + latency.below(LATENCY_MS_BELOW), request.signal);
    note('response', request.method, request.url, response.status);
    return response;
  }

  function write(level: LogLevel, message: string, details: LogEntry['details'] = {}): void {
    logged.push({ atMs: nowMs, level, message, details });
    note('log', level, message, inspect(details));
  }

  function note(...facts: readonly (string | number)[]): void {
    trace.update(`${nowMs} ${facts.join(' ')}\n`);
  }

  async function run(untilMs: number): Promise<number> {
    using globals = forbidGlobals();
    let count = 0;
    await realTurn();
    for (let event = queue.next(untilMs); event !== undefined; event = queue.next(untilMs)) {
      count += 1;
      events += 1;
      if (events > eventsMax) throw new StillBusy(eventsMax, seed);
      happen(event);
      await realTurn();
    }
    globals.assertUnused();
    return count;
  }

  function happen(event: Event): void {
    nowMs = event.timeMs;
    note('event', event.sequence);
    event.task();
  }

  return {
    clock,
    random,
    newId: idSource(clock, random('world:ids')),
    secretBytes: (count) => {
      const chance = random('world:secrets');
      return Uint8Array.from({ length: count }, () => chance.below(256));
    },
    network: { fetch },
    log: { write },
    schedule,
    serve: (origin, answer) => void servers.set(new URL(origin).origin, answer),
    runUntilQuiet: () => run(Infinity),
    runUntil: async (timeMs) => {
      const count = await run(timeMs);
      nowMs = Math.max(nowMs, timeMs);
      return count;
    },
    logged,
    traceHash: () => trace.copy().digest('hex'),
  };
}

/** Taken before any simulation can forbid it. After one real turn all microtasks have run. */
const realSetImmediate = setImmediate;

function realTurn(): Promise<void> {
  return new Promise((resolve) => void realSetImmediate(resolve));
}

function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    Promise.resolve(work).then(resolve, reject);
  });
}
