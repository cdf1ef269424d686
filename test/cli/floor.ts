/**
 * Commands for tests, as processes of their own: two practice accounts in this process, a database, and
 * a folder with a configuration. Nothing that was started outlives its tests.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Emulator } from '../../runtime/emulators/emulator.ts';

import { openGrumpy } from '../../runtime/emulators/grumpy/grumpy.ts';
import { serve } from '../../runtime/emulators/server.ts';
import type { Listening } from '../../runtime/emulators/server.ts';
import { randomStreams } from '../../runtime/world/random.ts';
import { scheduleOn } from '../../runtime/world/schedule.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { databaseUrlOf } from '../server/spawned-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** What was printed, where every line is JSON. */
  readonly facts: readonly Fact[];
}

export type Fact = Readonly<Record<string, unknown>>;

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first match in what it prints. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface Floor {
  readonly folder: string;
  readonly url: string;
  readonly grumpy: Emulator;
  readonly database: TestDatabase;
  write(name: string, text: string): void;
  start(args: readonly string[], environment?: Environment): Running;
  run(args: readonly string[], environment?: Environment): Promise<Ended>;
}

type Environment = Readonly<Record<string, string>>;

const PROGRAM = path.resolve(import.meta.dirname, '../../runtime/cli/main.ts');

const FIELDS = [
  { path: 'email', type: 'email' },
  { path: 'name', type: 'text' },
  { path: 'phone', type: 'phone' },
  { path: 'stage', type: 'enum', options: ['lead', 'customer'] },
  { path: 'tags', type: 'set' },
] as const;

/** For the body of a `describe`. */
export function commandFloor(): Floor {
  const started: Running[] = [];
  let own: Omit<Floor, 'write' | 'start' | 'run'> & { readonly listening: Listening };

  before(async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'tributary-cli-')));
    chmodSync(folder, 0o755);
    const accounts = ['crm', 'desk'].map((name) => {
      return { name, token: `token-of-${name}`, collections: { people: FIELDS } };
    });
    const made = serve({
      world: {
        ...systemWorld({ log: { write: () => true }, allowedHosts: ['127.0.0.1'] }),
        random: randomStreams('1'),
        // Webhooks come at once.
        schedule: scheduleOn((_delayMs, task) => {
          const soon = setImmediate(task);
          return () => clearImmediate(soon);
        }),
      },
      open: (given) => [openGrumpy({ ...given, accounts })],
    });
    const listening = await made.listen({ port: 0 });
    const database = await createTestDatabase();
    own = { folder, url: listening.url, grumpy: made.emulators[0], database, listening };
  });
  after(async () => {
    for (const { child } of started) child.kill('SIGTERM');
    await Promise.all(started.map(({ ended }) => ended));
    await own.listening.close();
    await own.database.drop();
    await rm(own.folder, { recursive: true, force: true });
  });
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    const last = started.at(-1);
    void last?.ended.then(({ code, out, err }) => console.log(`--- exit ${code}\n${out}\n${err}`));
  });

  function start(args: readonly string[], environment: Environment = {}): Running {
    const running = spawned(args, own.folder, {
      DATABASE_URL: databaseUrlOf(own.database.connection),
      TRIBUTARY_SECRET: SECRET,
      GRUMPY: own.url,
      // The programs start faster; coverage would be less exact.
      ...(process.env['NODE_V8_COVERAGE'] ? {} : { NODE_COMPILE_CACHE: `${own.folder}/compiled` }),
      ...environment,
    });
    started.push(running);
    return running;
  }

  return {
    get folder() {
      return own.folder;
    },
    get url() {
      return own.url;
    },
    get grumpy() {
      return own.grumpy;
    },
    get database() {
      return own.database;
    },
    write: (name, text) => writeFileSync(path.join(own.folder, name), text),
    start,
    run: (args, environment) => start(args, environment).ended,
  };
}

export const SECRET = 'the secret of these tests';

/** Two accounts of people. What is said about the sync goes to the end. */
export function configOf({ tenant, more = '' }: { tenant: string; more?: string }): string {
  return `
tenant: ${tenant}
allow: [127.0.0.1]
accounts:
  crm: { vendor: grumpy, baseUrl: "\${GRUMPY}", token: "\${CRM_TOKEN:-token-of-crm}", hookSecret: hush }
  desk: { vendor: grumpy, baseUrl: "\${GRUMPY}", token: token-of-desk }
syncs:
  people:
    latency: immediate
    members:
      crm: { collection: people, fields: { email: email, name: name, phone: phone, stage: stage } }
      desk: { collection: people, fields: { email: email, name: name, phone: phone, stage: stage } }
    fields:
      email: { kind: email, match: true }
      name: text
      phone: { kind: phone, match: true, options: { region: HU } }
      stage: { kind: enum, strategy: manualReview }
    deletes: { authority: [crm] }
${more}`;
}

function spawned(args: readonly string[], cwd: string, environment: Environment): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { ...inherited(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  const listeners = new Set<() => void>();
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      resolve({
        code,
        ...said,
        get facts() {
          const lines = said.out.split('\n').filter((line) => line !== '');
          return lines.map((line) => JSON.parse(line) as Fact);
        },
      });
    });
  });
  return {
    child,
    ended,
    says(pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(said.out);
          if (match) resolve(match);
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`It ended first:\n${said.out}\n${said.err}`)));
      });
    },
  };
}

/** The settings of whoever runs the tests are not the command's. */
function inherited(): NodeJS.ProcessEnv {
  const ours = /^(PORT|HOST|DATABASE_URL|TRIBUTARY_\w+|PG[A-Z]+|\w+_TOKEN)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
