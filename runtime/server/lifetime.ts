/**
 * The life of the server process, from its start to its last step. What was opened is closed in
 * reverse order, whatever the reason to end: a signal, a start that failed halfway, or an error that
 * nobody caught. Every step of closing has a time limit, and so has all of it together; a process
 * manager that waits ten seconds before it kills never has to.
 *
 * SIGINT, SIGTERM and SIGHUP ask to stop; asked again, the process ends at once. A Ctrl-C under npm
 * arrives twice, from the terminal and from npm, so an echo within half a second is not a request.
 *
 * A SIGTERM for npm alone, as process managers send it, never arrives: npm ends the shell between us and
 * goes. So a server that npm started looks once a second whether its parent is still there.
 */
import type { World } from '../world/world.ts';
import { withTimeLimit } from './time-limit.ts';
import { stackTrace } from './stack-trace.ts';

export interface Lifetime {
  /** Says how to close what was just opened. Throws when there is no reason to go on starting. */
  opened(name: string, close: () => Promise<void> | void): void;
  /** Rejects when the process is asked to stop meanwhile: for what may never come. */
  waitFor<Result>(promise: Promise<Result>): Promise<Result>;
}

const CLOSING_MS_MAX = 9500;
const STEP_MS_MAX = 7000;
const ECHO_MS = 500;
const PARENT_CHECK_MS = 1000;
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Resolves with the exit code once everything is closed. */
export async function liveUntilStopped(
  start: (lifetime: Lifetime) => Promise<void>,
  {
    world,
    underNpm,
    failed,
  }: { world: World; underNpm: boolean; failed: (error: unknown) => void },
): Promise<number> {
  const { log, schedule } = world;
  const ending = new AbortController();
  const end = Promise.withResolvers<number>();
  const asked = Promise.withResolvers<never>();
  // Nobody may be waiting at that moment.
  asked.promise.catch(() => {});
  const steps: { name: string; close: () => Promise<void> | void }[] = [];
  onSignal(world, end.resolve);
  const stopWatching = underNpm ? onParentGone(world, end.resolve) : () => {};
  process.on('uncaughtException', (error) => {
    log.write('error', 'An error that nobody caught; stopping.', { error: stackTrace(error) });
    end.resolve(1);
  });

  const lifetime: Lifetime = {
    opened(name, close) {
      steps.push({ name, close });
      ending.signal.throwIfAborted();
    },
    waitFor: (promise) => Promise.race([promise, asked.promise]),
  };
  const starting = start(lifetime).catch((error: unknown) => {
    if (!ending.signal.aborted) failed(error);
    end.resolve(1);
  });

  let code = await end.promise;
  stopWatching();
  ending.abort();
  asked.reject(ending.signal.reason);
  let doing = 'the start';
  const callOff = schedule.after(CLOSING_MS_MAX, () => {
    log.write('error', `Closing took too long, at: ${doing}. Ending without it.`);
    process.exit(1);
  });
  await starting;
  for (const { name, close } of steps.toReversed()) {
    doing = name;
    log.write('debug', `Closing: ${name}.`);
    try {
      await withTimeLimit(close, { limitMs: STEP_MS_MAX, schedule });
    } catch (error) {
      log.write('error', `Closing went wrong, at: ${name}.`, { error: stackTrace(error) });
      code = 1;
    }
  }
  callOff();
  return code;
}

function onSignal({ clock, log }: World, end: (code: number) => void): void {
  let askedAtMs: number | undefined;
  for (const [name, number] of Object.entries(signalNumbers)) {
    process.on(name, () => {
      const nowMs = clock.monotonicMs();
      if (askedAtMs === undefined) {
        askedAtMs = nowMs;
        log.write('info', `Stopping (${name}).`);
        end(0);
      } else if (nowMs - askedAtMs > ECHO_MS) {
        process.exit(128 + number);
      }
    });
  }
}

function onParentGone({ log, schedule }: World, end: (code: number) => void): () => void {
  const parent = process.ppid;
  let callOff = schedule.after(PARENT_CHECK_MS, check);
  function check(): void {
    if (process.ppid === parent) {
      callOff = schedule.after(PARENT_CHECK_MS, check);
      return;
    }
    log.write('info', 'Stopping (npm is gone).');
    end(0);
  }
  return () => callOff();
}
