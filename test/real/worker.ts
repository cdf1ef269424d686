/**
 * A worker as a process of its own, put together as the daemon is: store, queue, engine, and a door on
 * this machine for webhooks and for being asked to look for changes. Its order comes as its argument and
 * its kill point in KILL_POINT. It prints one line when it is ready; everything else goes to the log.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import type { Account } from '../../runtime/connectors/connector.ts';
import { connectors } from '../../runtime/connectors/index.ts';
import { TributaryError } from '../../runtime/core/errors.ts';
import { openEngine } from '../../runtime/engine/engine.ts';
import { rulesWithout, type RuleName } from '../../runtime/engine/rules.ts';
import { openQueue, type Drain, type Queue } from '../../runtime/queue/queue.ts';
import { openPostgresStore } from '../../runtime/store/postgres.ts';
import { systemWorld } from '../../runtime/world/system.ts';
import { syncId, systemsOf, tenantId } from '../sim/setting.ts';
import { COLLECTIONS, tokenOf, type System } from '../sim/system.ts';
import type { CollectionName, Scenario } from '../sim/scenario.ts';
import { killPoints } from './kill-points.ts';

export interface WorkerOrder {
  readonly connection: pg.PoolConfig;
  readonly scenario: Scenario;
  /** Where the vendors are. */
  readonly origin: string;
  readonly workers: number;
  /** Rules of the engine that do not hold, to see whether anybody notices. */
  readonly without: readonly RuleName[];
}

/** What a worker exits with that found no database to start on. */
export const NO_DATABASE = 3;
export const SECRET = 'a secret of the real tier';

export function hookSecretOf(account: string): string {
  return `hooks of ${account}`;
}

if (import.meta.main) {
  try {
    await work(JSON.parse(process.argv[2]!) as WorkerOrder);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    const isLost = error instanceof TributaryError && /^(?:database|queue)-/.test(error.code);
    process.exit(isLost ? NO_DATABASE : 1);
  }
}

async function work({
  connection,
  scenario,
  origin,
  workers,
  without,
}: WorkerOrder): Promise<void> {
  const points = killPoints(
    process.env['KILL_POINT'],
    systemWorld({ log: process.stderr, logLevel: 'warn', allowedHosts: ['127.0.0.1'] }),
  );
  const { world } = points;
  const systems = systemsOf(scenario);
  const sending: { queue?: Queue } = {};
  const opened = await openPostgresStore({
    connection,
    world,
    auditKey: SECRET,
    announce: points.announce(async (due, sql) => sending.queue?.announce(due, sql)),
  });
  const store = points.wrap(opened);
  const queue = await openQueue({ connection, world });
  sending.queue = queue;
  const engine = openEngine({
    store,
    world,
    connectors,
    secret: SECRET,
    rules: rulesWithout(...without),
    configOf: ({ id }) =>
      configOf(
        systems.find(({ endpoint }) => endpoint === id)!,
        origin,
      ),
  });
  const drain: Drain = async ({ tenant, sync, priority }, signal) => {
    try {
      const onProgress = (): void => signal.throwIfAborted();
      await engine.drain({ tenant, sync, leastPriority: priority, trigger: 'real', onProgress });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };

  const receivers = new Map<string, Promise<Account>>();
  function receiverOf(system: System): Promise<Account> {
    const known = receivers.get(system.account);
    if (known) return known;
    const opening = connectors[0]!.open(configOf(system, origin), world);
    receivers.set(system.account, opening);
    opening.catch(() => receivers.delete(system.account));
    return opening;
  }

  /** Checks who it is from, keeps what it is about, and only then answers. */
  async function receive(name: string, request: IncomingMessage): Promise<void> {
    const system = systems.find(({ account }) => account === name)!;
    const account = await receiverOf(system);
    const hints = account.receive!({
      method: 'POST',
      url: request.url!,
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(await request.toArray()),
    });
    const refs = hints.map(({ collection, id }) => ({
      sync: syncId(system.tenant, collection as CollectionName),
      endpoint: system.endpoint,
      remoteId: id,
    }));
    await engine.hint(tenantId(system.tenant), refs, 0);
  }

  async function look(full: boolean): Promise<void> {
    for (const tenant of scenario.tenants.keys()) {
      for (const collection of COLLECTIONS) {
        await engine.look(tenantId(tenant), syncId(tenant, collection), { full });
      }
    }
  }

  const server = createServer((request, reply) => {
    const [, what, which = ''] = request.url!.split('/');
    const doing = what === 'hooks' ? receive(which, request) : look(which === 'full');
    doing.then(
      () => reply.writeHead(200).end(),
      () => reply.writeHead(503).end(),
    );
  });
  server.listen({ host: '127.0.0.1', port: 0 }, () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ ready: port })}\n`);
  });
  // Whoever started us is gone.
  process.stdin.resume().once('end', () => process.exit());
  process.once('SIGTERM', () => {
    process.stdin.destroy();
    server.close();
    server.closeAllConnections();
    void queue
      .close()
      .then(() => engine.close())
      .then(() => opened.close());
  });
  // Both tenants together may use all places there are, and one of them nearly all.
  await queue.work(drain, { concurrency: 1, perTenant: workers });
  await queue.work(drain, { concurrency: 1, perTenant: workers, leastPriority: 1 });
}

function configOf(system: System, origin: string): object {
  const { account } = system;
  return {
    baseUrl: origin,
    token: tokenOf(system),
    title: account,
    hookSecret: hookSecretOf(account),
  };
}
