/**
 * What most commands work with: the configuration, the keys, the database, the store and an engine.
 * Opened together, closed in reverse order, also when somebody presses Ctrl-C; whatever a pass was
 * doing then goes on in the next one.
 *
 * Any number of commands may run on one data directory, beside a daemon as well. Only making the keys
 * is done by one at a time.
 */
import { access } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import type { Account, Memory } from '../connectors/connector.ts';
import { connectors } from '../connectors/index.ts';
import { TributaryError } from '../core/errors.ts';
import { keyedDigest } from '../core/hash.ts';
import { openEngine, type Engine } from '../engine/engine.ts';
import { memoryOf, openAccount, type Opening } from '../engine/opening.ts';
import { openDataDirectory, type DataDirectory } from '../server/data-directory.ts';
import { openSecrets } from '../server/secrets.ts';
import { openEmbeddedDatabase } from '../store/embedded/embedded.ts';
import { openPostgresStore } from '../store/postgres.ts';
import type {
  Announce,
  Setup,
  Store,
  StoredEndpoint,
  StoredSync,
  TenantId,
} from '../store/store.ts';
import { hostsIn } from '../world/addresses.ts';
import { systemWorld } from '../world/system.ts';
import type { LogLevel, World } from '../world/world.ts';
import { anchorIn } from './anchor.ts';
import { isOn, textOption, type Given } from './command.ts';
import { vendorConfigOf } from './config/check.ts';
import { readConfig, type Config, type Environment } from './config/config.ts';
import { endpointOf, setupOf } from './config/setup.ts';

export interface Site {
  readonly config: Config;
  readonly world: World;
  /** Where what belongs to this file alone is kept. */
  readonly data: string;
  readonly connection: pg.ClientConfig;
  readonly tenant: TenantId;
  /** As the file says. */
  readonly setup: Setup;
  readonly store: Store;
  readonly engine: Engine;
  /** Beside what the engine has open; to be closed again. */
  readonly openAccount: (endpoint: StoredEndpoint) => Promise<Account>;
  readonly memoryOf: (endpoint: StoredEndpoint) => Memory;
  /** What a vendor is to prove with that a webhook is genuine; the same in all processes. */
  readonly hookSecretOf: (endpoint: StoredEndpoint) => string;
  /** The syncs of the file, or the one that was named. */
  syncs(name?: string): readonly StoredSync[];
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly logLevel?: LogLevel;
  readonly announce?: Announce;
  /** Changes what the engine is told; the store itself stays as it is. */
  readonly asSeenByEngine?: (store: Store) => Store;
}

/** For a command that comes to an end by itself. */
export async function atSite<Result>(
  given: Given,
  use: (site: Site) => Promise<Result>,
  options: SiteOptions = {},
): Promise<Result> {
  const site = await openSite(given, options);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void site.close().finally(() => process.exit(STOPPED));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await use(site);
  } catch (error) {
    // What fails because everything is being closed is no news.
    if (isStopping) await new Promise(() => {});
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await site.close();
  }
}

/** What shells answer for a program that Ctrl-C has ended. */
const STOPPED = 130;

export async function openSite(given: Given, options: SiteOptions = {}): Promise<Site> {
  const { environment } = given;
  const file = textOption(given, 'config') ?? 'tributary.yaml';
  const { config, file: absolute } = await readConfig(file, environment);
  const logLevel = isOn(given, 'verbose') ? 'debug' : (options.logLevel ?? 'warn');
  const allowedHosts = [...config.allow, ...hostsIn(environment['TRIBUTARY_ALLOWED_HOSTS'])];
  const world = systemWorld({ log: process.stderr, logLevel, allowedHosts });
  const beside = path.dirname(absolute);
  const data = path.resolve(
    beside,
    textOption(given, 'data') || environment['TRIBUTARY_DATA'] || config.data || '.tributary',
  );
  const secret = await secretOf(data, environment, world);
  const url = config.database || environment['DATABASE_URL'];
  const database = await openDatabase({ url, data, world });
  const closing: (() => Promise<void>)[] = [() => database.close()];
  try {
    const { connection } = database;
    const { announce, asSeenByEngine = (same: Store) => same } = options;
    const store = await openPostgresStore({
      connection: { ...connection, connectionTimeoutMillis: CONNECT_MS_MAX },
      world,
      auditKey: secret,
      ...(announce ? { announce } : {}),
    });
    closing.push(() => store.close());
    const opening = {
      store: asSeenByEngine(store),
      world,
      connectors,
      configOf: vendorConfigsOf(config),
      secret: keyedDigest(secret, 'match keys and markers'),
    };
    const engine = openEngine({ ...opening, anchor: anchorIn(data, world) });
    closing.push(() => engine.close());
    const setup = setupOf(config, world.clock.now());
    let closed: Promise<void> | undefined;
    return {
      config,
      world,
      data,
      connection,
      tenant: setup.tenant.id,
      setup,
      store,
      engine,
      openAccount: (endpoint) => openAccount(opening, setup.tenant.id, endpoint),
      memoryOf: (endpoint) => memoryOf(opening, setup.tenant.id, endpoint),
      hookSecretOf: ({ id }) => keyedDigest(secret, `webhooks of ${setup.tenant.id} ${id}`),
      syncs: (name) => syncsNamed(setup, name),
      close: () => (closed ??= closeAll(closing)),
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

const CONNECT_MS_MAX = 5_000;

async function closeAll(closing: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closing.toReversed()) await close();
}

/**
 * Makes match keys and markers and seals the audit chain. Machines that share a database need the same
 * one; otherwise it is made in the data directory and stays there.
 */
async function secretOf(data: string, environment: Environment, world: World): Promise<string> {
  const given = environment['TRIBUTARY_SECRET'];
  if (given) return given;
  const place = placesIn(data);
  if (await exists(place.secrets)) return (await openSecrets(place, world)).secrets.auditKey;
  const locked = await openDataDirectory(data);
  try {
    return (await openSecrets(locked, world)).secrets.auditKey;
  } finally {
    locked.close();
  }
}

function placesIn(directory: string): DataDirectory {
  return {
    directory,
    postgres: path.join(directory, 'postgres'),
    nodeRed: path.join(directory, 'node-red'),
    secrets: path.join(directory, 'secrets.json'),
    close() {},
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

interface Database {
  readonly connection: pg.ClientConfig;
  close(): Promise<void>;
}

/** The one that is named; without a name, one of its own in the data directory. */
export async function openDatabase({
  url,
  data,
  world,
}: {
  url: string | undefined;
  data: string;
  world: World;
}): Promise<Database> {
  if (url) return { connection: { connectionString: url }, close: async () => {} };
  // Whoever is the first makes the folder, so that nobody else can look into it.
  if (!(await exists(data))) (await openDataDirectory(data)).close();
  return openEmbeddedDatabase({ directory: placesIn(data).postgres, world });
}

function vendorConfigsOf(config: Config): Opening['configOf'] {
  const byEndpoint = new Map(
    Object.entries(config.accounts).map(([name, account]) => [
      endpointOf(config, name),
      // Errors call an account as the file does.
      { title: name, ...vendorConfigOf(account) },
    ]),
  );
  return ({ id, title }) => {
    const own = byEndpoint.get(id);
    if (own) return own;
    throw new TributaryError('account-missing', {
      what: `The configuration has no account "${title}".`,
      next: 'Add it again, or remove it from all syncs.',
    });
  };
}

function syncsNamed({ syncs }: Setup, name: string | undefined): readonly StoredSync[] {
  const found = name === undefined ? syncs : syncs.filter(({ title }) => title === name);
  if (found.length > 0) return found;
  throw new TributaryError('sync-unknown', {
    what: name === undefined ? 'The configuration has no sync.' : `There is no sync "${name}".`,
    next:
      syncs.length === 0
        ? 'Add one; "tributary init" writes an example.'
        : `There are: ${syncs.map(({ title }) => title).join(', ')}.`,
  });
}
