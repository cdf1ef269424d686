/**
 * The one door to everything that is not a pure function: time, chance, new ids, the network, the
 * log and later work. Code below `runtime/` receives a `World` and touches no global for these; the
 * linter enforces it, and in a simulation the globals throw. That is what lets one seed replay a
 * failure, and a test move a day in a millisecond.
 */

import type { Socket } from 'node:net';

export interface World {
  readonly clock: Clock;
  /** A stream of chance of its own per concern, so that adding a draw in one never shifts another. */
  random(stream: string): Random;
  /** A new UUIDv7: sortable by creation, unique without coordination. */
  newId(): string;
  /** Bytes nobody can guess: passwords, tokens, keys, nonces. In a simulation they follow the seed. */
  secretBytes(count: number): Uint8Array;
  readonly network: Network;
  /**
   * Hosts (`crm.example`, `10.0.0.5`, `127.0.0.1:4010`) that may have a private address and need no
   * encryption, because the operator says so. Without it, none.
   */
  readonly allowedHosts?: readonly string[];
  readonly log: Log;
  readonly schedule: Schedule;
}

export interface Clock {
  /** Wall time in milliseconds since 1970. May step; use it for what people and vendors see. */
  now(): number;
  /** Milliseconds that only grow. Use it for durations, leases and timeouts. */
  monotonicMs(): number;
}

export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number, at least 0, below `bound`. */
  below(bound: number): number;
}

export interface Network {
  fetch(request: Request): Promise<Response>;
  /**
   * For what is not spoken over HTTP: a socket that goes, by its `connect(port, host)`, where `fetch`
   * may go, and nowhere else. Missing where there is nothing but HTTP.
   */
  socket?(): Socket;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** `message` is a sentence for a person; `details` are facts to search by. Never secrets or customer data. */
export interface Log {
  write(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void;
}

export interface Schedule {
  /** Runs `task` once after `delayMs` and returns the way to call it off. */
  after(delayMs: number, task: () => void): () => void;
  /** Waits; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
