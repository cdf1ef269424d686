/**
 * What the operator may choose: the only place that reads the command line and the environment. A
 * flag wins over its variable, an empty variable counts as not set, and whatever cannot be meant is
 * refused in one sentence, so that a typo never becomes a default. Values that may hold a password
 * are never repeated in an error.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import { hostsIn } from '../world/addresses.ts';

export interface Settings {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Without one, the embedded PostgreSQL server keeps the data in the data directory. */
  readonly databaseUrl?: string | undefined;
  readonly data: string;
  /** Off is possible on this machine's own addresses only. */
  readonly login: boolean;
  readonly verbose: boolean;
  /** The same on all machines that share a database; made in the data directory when it is not given. */
  readonly secret?: string | undefined;
  /** Systems may be called there although the address is private or not encrypted. */
  readonly allowedHosts: readonly string[];
}

export type Command =
  | { readonly action: 'start' | 'reset-password'; readonly settings: Settings }
  | { readonly action: 'print'; readonly text: string };

/** The folder of package.json; flows, editor theme and the default data directory are found from here. */
export const projectDirectory = path.resolve(import.meta.dirname, '../..');

export function readCommand({
  argv = process.argv.slice(2),
  environment = process.env,
}: { argv?: readonly string[]; environment?: NodeJS.ProcessEnv } = {}): Command {
  const flags = parseFlags(argv);
  if (flags['help']) return { action: 'print', text: help };
  if (flags['version']) return { action: 'print', text: projectVersion() };

  const settings = schema.safeParse({
    port: flags['port'] ?? (environment['PORT'] || undefined),
    host: flags['host'] ?? (environment['HOST'] || undefined),
    databaseUrl: flags['database-url'] ?? (environment['DATABASE_URL'] || undefined),
    data: flags['data'] ?? (environment['TRIBUTARY_DATA'] || undefined),
    login: flags['no-login'] ? 'off' : environment['TRIBUTARY_LOGIN'] || undefined,
    verbose: flags['verbose'] ?? false,
    // By environment only: other users see a command line.
    secret: environment['TRIBUTARY_SECRET'] || undefined,
  });
  if (!settings.success) throw refusal(settings.error.issues[0]?.message ?? 'A setting is wrong.');
  const allowedHosts = hostsIn(environment['TRIBUTARY_ALLOWED_HOSTS']);
  return {
    action: flags['reset-password'] ? 'reset-password' : 'start',
    settings: { ...settings.data, allowedHosts },
  };
}

/** Whether there is an npm, and perhaps a shell, between us and whoever started us. */
export function isUnderNpm(environment = process.env): boolean {
  return environment['npm_lifecycle_event'] !== undefined;
}

export function projectVersion(): string {
  // What is compiled stands a folder deeper, in dist/, and has no manifest of its own.
  const beside = path.join(projectDirectory, 'package.json');
  const file = existsSync(beside) ? beside : path.join(projectDirectory, '../package.json');
  const manifest = readFileSync(file, 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** An address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.split('.')[0] === '127')
  );
}

const help = `Tributary keeps customer data the same in many systems.

  npm start -- [options]

  --port <number>         port to serve on; 0 takes a free one      PORT, 1880
  --host <address>        address to serve on                       HOST, 127.0.0.1
  --database-url <url>    a PostgreSQL to use; better given as the  DATABASE_URL, an embedded
                          variable: other users see a command line  server in the data directory
  --data <folder>         where flows, secrets and data are kept    TRIBUTARY_DATA, .tributary
  (by variable only)      the same on all machines that share a   TRIBUTARY_SECRET
                          database
  (by variable only)      hosts of systems that may be private    TRIBUTARY_ALLOWED_HOSTS
                          and unencrypted: 10.0.0.5, crm.lan:8080
  --no-login              no login; on this machine only            TRIBUTARY_LOGIN=off
  --reset-password        make a new password for admin, print it once, log everybody out, and end
  --verbose               log more, and show where errors came from
  --help, --version       print this, or the version, and end

The first start prints a random password for the user admin, once, and keeps only its hash. Who is
logged in can run any code here. So an address beyond this machine (a --host other than 127.x.x.x,
::1 or localhost) is served only while that login is on, and it should stand behind a proxy that
speaks TLS. With --no-login every user of this machine can change the flows, and requests made by
web pages of other sites are refused. Paths that flows serve (webhooks) never ask for the login.`;

function parseFlags(argv: readonly string[]): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'database-url': { type: 'string' },
        data: { type: 'string' },
        'no-login': { type: 'boolean' },
        'reset-password': { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
      throw refusal('Every setting on the command line needs its flag in front.');
    }
    // The first sentence names the flag; the platform's own hints after it speak of other programs.
    const [what] = message.split(/\. |\n/);
    throw refusal(`${what?.replace(/\.$/, '')}.`);
  }
}

function refusal(what: string): TributaryError {
  return new TributaryError('bad-settings', {
    what,
    next: 'Run npm start -- --help to see what can be set.',
  });
}

const schema = z
  .object({
    secret: z
      .string()
      .min(16, 'TRIBUTARY_SECRET has at least 16 characters, chosen by chance.')
      .optional(),
    port: z
      .string()
      .default('1880')
      .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65535, {
        error: ({ input }) =>
          `The port (--port or PORT) is a number from 0 to 65535, not "${String(input)}".`,
      })
      .transform(Number),
    host: z
      .string()
      .default('127.0.0.1')
      .refine((text) => isIP(text) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text), {
        error: ({ input }) =>
          `The host (--host or HOST) is an address such as 127.0.0.1, not "${String(input)}".`,
      }),
    databaseUrl: z
      .string()
      .refine(isPostgresUrl, {
        error:
          'The database (--database-url or DATABASE_URL) is given as postgres://user:password@host:5432/name.',
      })
      .optional(),
    data: z
      .string()
      .min(1, { error: 'The data directory (--data or TRIBUTARY_DATA) is a path, not empty.' })
      .optional()
      .transform((text) =>
        text === undefined ? path.join(projectDirectory, '.tributary') : path.resolve(text),
      ),
    login: z
      .enum(['on', 'off'], {
        error: ({ input }) => `TRIBUTARY_LOGIN is "on" or "off", not "${String(input)}".`,
      })
      .default('on')
      .transform((text) => text === 'on'),
    verbose: z.boolean(),
  })
  .refine(({ login, host }) => login || isLoopback(host), {
    error:
      'Without a login (--no-login or TRIBUTARY_LOGIN=off), only this machine may be served (--host or HOST 127.0.0.1): who reaches the editor can run any code.',
  });

function isPostgresUrl(text: string): boolean {
  return ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? '');
}
