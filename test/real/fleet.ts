/**
 * The worker processes: started, killed, frozen, and started again whenever one has died, as any
 * supervisor would do. One that dies without having been killed, and every line of a log that tells of
 * an error, is kept for the verdict. Only processes that were started here are ever touched.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Random, World } from '../../runtime/world/world.ts';
import { KILL_POINTS } from './kill-points.ts';
import { NO_DATABASE, type WorkerOrder } from './worker.ts';

export interface Fleet {
  /** Resolves once all of them are ready; rejects when one cannot even start. */
  start(): Promise<void>;
  /** Kills one that is at work; the next one in its place may have a kill point of its own. */
  kill(): void;
  /** Stops one in its tracks, longer than any lease, and lets it go on as if nothing had been. */
  freeze(forMs: number): Promise<void>;
  /** A request to any worker that is there, as through a load balancer; 502 when none answers. */
  send(path: string, init: RequestInit): Promise<number>;
  /** From now on nobody dies at a kill point, and whoever is frozen goes on. */
  heal(): Promise<void>;
  close(): Promise<void>;
  readonly counts: { kills: number; atPoints: number; frozen: number; refusals: number };
  /** Deaths that nobody ordered, and errors that were logged. */
  readonly deaths: readonly string[];
  readonly errors: readonly string[];
}

const PROGRAM = resolve(import.meta.dirname, 'worker.ts');
const AGAIN_MS = 300;
const ASKED_MS_MAX = 5_000;

interface Worker {
  readonly child: ChildProcess;
  readonly point: string | undefined;
  port?: number;
  isFrozen: boolean;
  isShot: boolean;
}

export function fleetOf({
  order,
  directory,
  dice,
  world,
}: {
  order: WorkerOrder;
  /** Where logs go. */
  directory: string;
  dice: Random;
  world: Pick<World, 'schedule'>;
}): Fleet {
  const workers: (Worker | undefined)[] = Array.from({ length: order.workers }, () => undefined);
  const counts = { kills: 0, atPoints: 0, frozen: 0, refusals: 0 };
  const deaths: string[] = [];
  const errors: string[] = [];
  const thaws = new Set<Promise<void>>();
  let isWild = true;
  let isClosing = false;

  function enlist(place: number): Promise<void> {
    const point = isWild && dice.below(3) === 0 ? pointFrom(dice) : undefined;
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], {
      // The first pipe tells a worker that we are gone.
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...(point === undefined ? {} : { KILL_POINT: point }) },
    });
    const worker: Worker = { child, point, isFrozen: false, isShot: false };
    workers[place] = worker;
    const lastWords: string[] = [];
    const log = createWriteStream(join(directory, `worker-${place + 1}.log`), { flags: 'a' });
    createInterface(child.stderr).on('line', (line) => {
      log.write(`${line}\n`);
      lastWords.push(line);
      if (lastWords.length > 20) lastWords.shift();
      // What a vendor failed at is tried again; whether that came to an end is seen at rest.
      if (line.includes('"level":"error"') && !line.includes('VendorError')) errors.push(line);
    });
    const { promise, resolve: isReady, reject: isDead } = Promise.withResolvers<void>();
    child.once('exit', (code, signal) => {
      log.end();
      delete worker.port;
      if (signal === 'SIGKILL') {
        counts.kills += 1;
        if (!worker.isShot) counts.atPoints += 1;
      } else if (code === NO_DATABASE) counts.refusals += 1;
      else if (!isClosing) {
        const death = `a worker ended by itself (${signal ?? code}): ${lastWords.join('\n')}`;
        deaths.push(death);
        isDead(new Error(death));
      }
      isReady();
      if (isClosing) return;
      world.schedule.after(AGAIN_MS, () => {
        if (!isClosing) enlist(place).catch(() => {}); // it is among the deaths
      });
    });
    createInterface(child.stdout).on('line', (line) => {
      worker.port = (JSON.parse(line) as { ready: number }).ready;
      isReady();
    });
    return promise;
  }

  function awake(): Worker[] {
    return workers.filter((one) => one?.port !== undefined && !one.isFrozen) as Worker[];
  }

  async function freezeOne(forMs: number): Promise<void> {
    const [worker] = awake();
    if (!worker) return;
    worker.isFrozen = true;
    counts.frozen += 1;
    worker.child.kill('SIGSTOP');
    await world.schedule.sleep(forMs);
    worker.child.kill('SIGCONT');
    worker.isFrozen = false;
  }

  return {
    counts,
    deaths,
    errors,
    async start() {
      await Promise.all(workers.map((_, place) => enlist(place)));
    },
    kill() {
      const able = awake();
      if (able.length > 0) shoot(able[dice.below(able.length)]!);
    },
    freeze(forMs) {
      const thaw = freezeOne(forMs);
      thaws.add(thaw);
      return thaw;
    },
    async send(path, init) {
      const able = awake();
      const to = able[dice.below(Math.max(1, able.length))];
      if (!to) return 502;
      try {
        const signal = AbortSignal.timeout(ASKED_MS_MAX);
        const { status } = await fetch(`http://127.0.0.1:${to.port}/${path}`, { ...init, signal });
        return status;
      } catch {
        // It died, or froze, with the request in its hands: the sender is told so and tries again.
        return 502;
      }
    },
    async heal() {
      isWild = false;
      await Promise.all(thaws);
      for (const worker of workers) if (worker?.point !== undefined) shoot(worker);
    },
    async close() {
      isClosing = true;
      await Promise.all(workers.flatMap((worker) => (worker ? [end(worker, world)] : [])));
    },
  };
}

function shoot(worker: Worker): void {
  worker.isShot = true;
  worker.child.kill('SIGKILL');
}

const CLOSE_MS_MAX = 15_000;

async function end({ child }: Worker, { schedule }: Pick<World, 'schedule'>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const callOff = schedule.after(CLOSE_MS_MAX, () => child.kill('SIGKILL'));
  await gone;
  callOff();
}

/** Early enough to be reached before somebody else kills it. */
function pointFrom(dice: Random): string {
  return `${KILL_POINTS[dice.below(KILL_POINTS.length)]}:${1 + dice.below(8)}`;
}
