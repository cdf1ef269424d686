/**
 * Real servers for tests: the entry of `npm start` as a process of its own, on a free port, in a data
 * directory that is gone afterwards. Tests wait for what a server prints or for its end, never for a
 * time to pass; a server that says nothing more fails the test by mocha's time limit, with its output.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';

export interface SpawnedServer {
  readonly pid: number;
  /** Everything printed so far, both streams as they came. */
  output(): string;
  /** The first match in the output, waiting for it if need be. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<End>;
  signal(name: NodeJS.Signals): void;
  /** Asks for an orderly end and waits for it. */
  stop(): Promise<End>;
}

export interface ReadyServer extends SpawnedServer {
  /** Ends with a slash. */
  readonly url: string;
  /** Printed at the first start in a data directory, otherwise empty. */
  readonly password: string;
}

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
}

interface Options {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of the entry itself, such as `npm start`. */
  readonly command?: readonly string[];
}

export interface ServerFloor {
  /** A path of this test's own, below a folder that everybody may enter. */
  path(name: string): string;
  spawn(options?: Options): SpawnedServer;
  start(options?: Options): Promise<ReadyServer>;
}

const projectDirectory = path.resolve(import.meta.dirname, '../..');
const entry = path.join(projectDirectory, 'runtime/server/main.ts');

/** For the body of a `describe`. Nothing that was spawned outlives its tests. */
export function serverFloor(): ServerFloor {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'tributary-server-')));
  chmodSync(root, 0o755);
  const spawned: SpawnedServer[] = [];

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const server of spawned) console.log(`--- ${server.pid} said\n${server.output()}`);
  });
  after(async () => {
    await Promise.all(spawned.map((server) => server.stop()));
    await rm(root, { recursive: true, force: true });
  });

  const floor: ServerFloor = {
    path: (name) => path.join(root, name),
    spawn(options = {}) {
      const server = spawnServer({
        ...options,
        environment: {
          PORT: '0',
          TRIBUTARY_DATA: floor.path(`data-${spawned.length}`),
          ...options.environment,
        },
      });
      spawned.push(server);
      return server;
    },
    async start(options) {
      const server = floor.spawn(options);
      const [, url = ''] = await server.says(/^ready (\S+)$/m);
      const password = /admin, password (\S+)/.exec(server.output())?.[1] ?? '';
      return { ...server, url, password };
    },
  };
  return floor;
}

function spawnServer({ args = [], environment = {}, command }: Options): SpawnedServer {
  const [program = '', ...rest] = command ?? [process.execPath, entry];
  const startedAt = performance.now();
  // A group of its own, so that a Ctrl-C can be sent as a terminal does.
  const child = spawn(program, [...rest, ...args], {
    cwd: projectDirectory,
    env: { ...inheritedEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const listeners = new Set<() => void>();
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const listener of listeners) listener();
    });
  }
  const ended = endOf(child, startedAt);

  return {
    pid: child.pid ?? 0,
    output: () => text,
    ended,
    says(pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match === null) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        look();
        void ended.then(() => {
          look();
          reject(new Error(`The server ended without saying ${String(pattern)}:\n${text}`));
        });
      });
    },
    signal: (name) => void child.kill(name),
    async stop() {
      const askedAt = performance.now();
      child.kill('SIGTERM');
      const { code, signal } = await ended;
      return { code, signal, tookMs: performance.now() - askedAt };
    },
  };
}

/** The settings of whoever runs the tests are not the server's. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(PORT|HOST|DATABASE_URL|TRIBUTARY_\w+|PG[A-Z]+)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

function endOf(child: ChildProcess, startedAt: number): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code, signal, tookMs: performance.now() - startedAt }),
    );
  });
}

/** An embedded database as an operator would name it. */
export function databaseUrlOf(connection: pg.ClientConfig): string {
  const { host, port, user, password, database } = connection;
  const url = new URL(`postgres://localhost/${database}`);
  const login = { user, password: typeof password === 'string' ? password : undefined };
  for (const [name, value] of Object.entries({ host, port, ...login })) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}
