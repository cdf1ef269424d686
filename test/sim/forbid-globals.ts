/**
 * Makes everything throw that would let the real world into a simulation: time, chance, timers and
 * the network, as globals and as built-in modules. What was used is remembered, so that code which
 * catches the error cannot hide it. Nothing leaks: when the last simulation ends, all is as before.
 */
import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';

export interface ForbiddenGlobals extends Disposable {
  /** Throws if any of them was used since they were forbidden, also when somebody caught that. */
  assertUnused(): void;
}

/** Simulations may overlap; the globals come back when the last one is disposed of. */
export function forbidGlobals(): ForbiddenGlobals {
  if (simulations === 0) install();
  simulations += 1;
  let disposed = false;
  return {
    assertUnused() {
      if (used[0] !== undefined) throw used[0];
    },
    [Symbol.dispose]() {
      if (disposed) return;
      disposed = true;
      simulations -= 1;
      if (simulations === 0) restore();
    },
  };
}

let simulations = 0;
const used: Error[] = [];
const undo: (() => void)[] = [];

const RealDate = Date;

function install(): void {
  used.length = 0;
  const clock = 'world.clock';
  const schedule = 'world.schedule';
  const secrets = 'world.secretBytes(count)';
  replace(globalThis, 'Date', datesWithoutClock());
  forbid(performance, 'performance', { now: clock });
  forbid(process, 'process', { hrtime: clock, uptime: clock });
  forbid(process.hrtime, 'process.hrtime', { bigint: clock });
  forbid(Math, 'Math', { random: 'world.random(stream)' });
  forbid(globalThis, '', { fetch: 'world.network', WebSocket: 'world.network' });
  forbid(AbortSignal, 'AbortSignal', { timeout: schedule });
  forbid(globalThis, '', { setTimeout: schedule, setInterval: schedule, setImmediate: schedule });
  forbid(timers, 'timers', { setTimeout: schedule, setInterval: schedule, setImmediate: schedule });
  forbid(timersPromises, 'timers/promises', {
    setTimeout: schedule,
    setInterval: schedule,
    setImmediate: schedule,
  });
  forbid(globalThis.crypto, 'crypto', { randomUUID: 'world.newId()', getRandomValues: secrets });
  forbid(nodeCrypto, 'node:crypto', {
    randomUUID: 'world.newId()',
    randomBytes: secrets,
    randomFill: secrets,
    randomFillSync: secrets,
    randomInt: 'world.random(stream)',
  });
  syncBuiltinESMExports();
}

function restore(): void {
  for (const step of undo.splice(0).toReversed()) step();
  syncBuiltinESMExports();
}

/** A given time can be taken apart and printed; only the present is out of reach. */
function datesWithoutClock(): DateConstructor {
  const stop = (name: string) => (): never => refuse(name, 'world.clock');
  return new Proxy(RealDate, {
    construct(target, given: unknown[], newTarget) {
      if (given.length === 0) return stop('new Date()')();
      return Reflect.construct(target, given, newTarget) as Date;
    },
    apply: stop('Date()'),
    get(target, name, receiver) {
      return name === 'now' ? stop('Date.now') : (Reflect.get(target, name, receiver) as unknown);
    },
  });
}

function forbid(owner: object, ownerName: string, instead: Readonly<Record<string, string>>): void {
  for (const [name, replacement] of Object.entries(instead)) {
    const fullName = ownerName === '' ? name : `${ownerName}.${name}`;
    // No arrow function: it must also stand in for a class, and say the same when called with `new`.
    replace(owner, name, function forbidden(): never {
      return refuse(fullName, replacement);
    });
  }
}

function replace(owner: object, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: before?.enumerable ?? true,
  });
  undo.push(() => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  });
}

function refuse(name: string, instead: string): never {
  const error = new Error(`${name} was used inside a simulation. Use ${instead} instead.`);
  used.push(error);
  throw error;
}
