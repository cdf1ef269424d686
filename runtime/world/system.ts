/**
 * The world as it is: the machine's clock, chance, timers and network. Everything below `runtime/`
 * that runs for people runs in this one. Two traps of the platform are dealt with here: timers
 * beyond 24.8 days would fire at once, and text from a vendor could forge lines of the log.
 */
import { randomBytes } from 'node:crypto';
import { inspect, types } from 'node:util';
import { systemNetwork } from './network.ts';
import { randomStreams } from './random.ts';
import { scheduleOn } from './schedule.ts';
import { idSource } from './uuid.ts';
import type { Clock, Log, LogLevel, World } from './world.ts';

/** Where log lines go, `process.stdout` for one: coloured for a terminal, JSON for anything else. */
export interface LogTarget {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

export function systemWorld({
  log = process.stdout,
  logLevel = 'info',
  allowedHosts = [],
}: {
  log?: LogTarget;
  logLevel?: LogLevel;
  allowedHosts?: readonly string[];
} = {}): World {
  const clock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
  const random = randomStreams(randomBytes(32).toString('hex'));
  return {
    clock,
    random,
    newId: idSource(clock, random('world:ids')),
    secretBytes: (count) => new Uint8Array(randomBytes(count)),
    network: systemNetwork(allowedHosts),
    allowedHosts,
    log: logTo(log, { clock, logLevel }),
    schedule: scheduleOn(after),
  };
}

/** The longest delay a timer of Node takes; a longer one would fire after a millisecond. */
const TIMER_MS_MAX = 2 ** 31 - 1;

function after(delayMs: number, task: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (remainingMs: number): void => {
    const stepMs = Math.min(remainingMs, TIMER_MS_MAX);
    timer = setTimeout(() => (stepMs < remainingMs ? wait(remainingMs - stepMs) : task()), stepMs);
  };
  wait(delayMs);
  return () => clearTimeout(timer);
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

function logTo(target: LogTarget, { clock, logLevel }: { clock: Clock; logLevel: LogLevel }): Log {
  const line = target.isTTY === true ? terminalLine : jsonLine;
  const least = LEVELS.indexOf(logLevel);
  return {
    write(level, message, details = {}) {
      if (LEVELS.indexOf(level) < least) return;
      const time = new Date(clock.now()).toISOString();
      target.write(`${line({ time, level, message, details })}\n`);
    },
  };
}

interface Entry {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: '90',
  info: '36',
  warn: '33',
  error: '31',
};

function terminalLine({ time, level, message, details }: Entry): string {
  const facts = Object.entries(details).map(([name, value]) => ` ${name}=${readable(value)}`);
  const text = oneLine(message + facts.join(''));
  return `${time.slice(11, 19)} \u001b[${COLOURS[level]}m${level.padEnd(5)}\u001b[0m ${text}`;
}

/** Control characters are shown, not sent: a name with a line break or a colour code stays a name. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function jsonLine({ time, level, message, details }: Entry): string {
  const entry = { time, level, message };
  if (Object.keys(details).length === 0) return JSON.stringify(entry);
  const facts = Object.entries(details).map(([name, value]) => [name, plain(value)]);
  return JSON.stringify({ ...entry, details: Object.fromEntries(facts) as unknown });
}

/** What JSON can hold as it is; the rest (errors, maps, circles, big integers) as readable text. */
function plain(value: unknown): unknown {
  // An error from another context, such as a function node, is no instance of our `Error`.
  if (types.isNativeError(value) || typeof value === 'bigint') return readable(value);
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return readable(value);
  }
}

function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  return inspect(value, { breakLength: Infinity, compact: true, depth: 6 });
}
