/**
 * Node-RED inside our server: the editor, and the runtime that the flows run in. `settings.js` holds
 * what operators may choose; what must hold whatever stands there is set here.
 *
 * Traps: its `start` resolves before flows run, and flows that use an unknown node type never do
 * until somebody opens the editor. A wrong credential secret would let flows run without their
 * credentials and the next deploy erase them, so that ends the start.
 */
import { constants, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { NodeRedApp } from 'node-red';
import { TributaryError } from '../core/errors.ts';
import type { Log, LogLevel, World } from '../world/world.ts';
import { cannotWrite, type DataDirectory } from './data-directory.ts';
import type { FrontDoor, Handler } from './front-door.ts';
import type { Login } from './login.ts';
import { projectDirectory } from './settings.ts';
import { stackTrace } from './stack-trace.ts';

export interface NodeRed {
  readonly editor: Handler;
  readonly flows: Handler;
  /** Rejects while flows do not run. */
  checkFlows(): Promise<void>;
  /** Resolves when flows run for the first time, which may be after a person mended them. */
  readonly running: Promise<void>;
  stop(): Promise<void>;
}

/** Long enough to end a request to a vendor, short enough for a process manager. */
const NODE_CLOSE_MS_MAX = 5000;

export async function startNodeRed({
  door,
  data,
  credentialSecret,
  login,
  verbose,
  world,
}: {
  door: FrontDoor;
  data: DataDirectory;
  credentialSecret: string;
  /** Without one, whoever reaches the editor may do everything. */
  login: Login | undefined;
  verbose: boolean;
  world: World;
}): Promise<NodeRed> {
  await seedFlows(data);
  const [chosen, { default: nodeRed }] = await Promise.all([readChosen(), import('node-red')]);
  const { hostname, port } = new URL(door.url);
  // For flows that call their own server: ${TRIBUTARY_URL} in a node's field.
  process.env['TRIBUTARY_URL'] = door.url.replace(/\/$/, '');
  nodeRed.init(door.server, {
    ...chosen,
    uiHost: hostname,
    uiPort: Number(port),
    httpAdminRoot: '/admin',
    httpNodeRoot: '/',
    userDir: data.nodeRed,
    flowFile: 'flows.json',
    credentialSecret,
    adminAuth: login,
    nodeCloseTimeout: NODE_CLOSE_MS_MAX,
    logging: {
      tributary: {
        level: verbose ? 'debug' : 'info',
        metrics: false,
        audit: false,
        handler: () => entryTo(world.log, { nodeRed, verbose }),
      },
    },
  } as Parameters<NodeRedApp['init']>[1]);

  const flows = watchFlows(nodeRed, world);
  try {
    await Promise.race([nodeRed.start(), flows.unreadable]);
  } catch (error) {
    await nodeRed.stop();
    throw error;
  }
  return {
    editor: nodeRed.httpAdmin as unknown as Handler,
    flows: nodeRed.httpNode as unknown as Handler,
    checkFlows: () => flows.check(),
    running: Promise.race([flows.running, flows.unreadable]),
    stop: () => nodeRed.stop(),
  };
}

/** A new data directory starts with the flows that explain it; later the file is the operator's. */
async function seedFlows(data: DataDirectory): Promise<void> {
  const file = path.join(data.nodeRed, 'flows.json');
  try {
    await copyFile(
      path.join(projectDirectory, 'flows/welcome.json'),
      file,
      constants.COPYFILE_EXCL,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(file, error);
  }
}

async function readChosen(): Promise<object> {
  const file = path.join(projectDirectory, 'settings.js');
  try {
    const { default: chosen } = (await import(pathToFileURL(file).href)) as { default: object };
    return { ...chosen };
  } catch (error) {
    throw new TributaryError('bad-node-red-settings', {
      what: `${file} cannot be read (${(error as Error).message.split('\n')[0]}).`,
      next: 'Correct it, or take back the last change.',
      cause: error,
    });
  }
}

interface FlowWatch {
  readonly running: Promise<void>;
  /** Never resolves; rejects when the stored credentials do not fit the secret. */
  readonly unreadable: Promise<never>;
  check(): Promise<void>;
}

interface StateEvent {
  readonly id: string;
  readonly payload?: {
    readonly error?: string;
    readonly types?: readonly string[];
    readonly modules?: readonly { readonly module: string }[];
  };
}

function watchFlows({ events }: NodeRedApp, { log }: World): FlowWatch {
  const running = Promise.withResolvers<void>();
  const unreadable = Promise.withResolvers<never>();
  // Whoever awaits it gets the rejection; without this, an early one would count as unhandled.
  unreadable.promise.catch(() => {});
  let state = 'have not started yet';

  events.on('flows:started', () => {
    state = 'running';
    running.resolve();
  });
  events.on('flows:stopping', () => (state = 'are stopped'));
  events.on('runtime-event', ({ id, payload }: StateEvent) => {
    if (id !== 'runtime-state' || payload?.error === undefined) return;
    const { error, types, modules } = payload;
    if (error === 'credentials_load_failed') unreadable.reject(wrongSecret());
    const names = types ?? modules?.map(({ module }) => module);
    if (names === undefined) return;
    state = `need what is not installed: ${names.join(', ')}`;
    log.write('warn', `The flows do not run; they ${state}. Open the editor to mend them.`);
  });

  return {
    running: running.promise,
    unreadable: unreadable.promise,
    async check() {
      if (state !== 'running') throw new Error(`The flows ${state}.`);
    },
  };
}

function wrongSecret(): TributaryError {
  return new TributaryError('wrong-credential-secret', {
    what: 'The account credentials in node-red/flows_cred.json were encrypted with another secret than the one in secrets.json.',
    next: 'Restore both files from the same backup; without one, delete flows_cred.json and enter the credentials again in the editor.',
  });
}

/** What nodes say is for the operator; what Node-RED says of its own well-being is for debugging. */
function entryTo(
  log: Log,
  { nodeRed, verbose }: { nodeRed: NodeRedApp; verbose: boolean },
): (entry: NodeRedEntry) => void {
  return ({ level, msg, id, name, type }) => {
    const isOurChoice = choicesTakenForOversights.some((key) => msg === nodeRed.log._(key));
    const node = id === undefined ? {} : { node: name || id, type };
    const stack = verbose && msg instanceof Error ? { stack: stackTrace(msg) } : {};
    log.write(isOurChoice ? 'debug' : levelOf(level, id), textOf(msg), { ...node, ...stack });
  };
}

/** Node-RED warns of these at every start. */
const choicesTakenForOversights = [
  'storage.localfilesystem.projects.disabled',
  'nodes.credentials.encryptedNotFound',
];

function textOf(message: unknown): string {
  if (message instanceof Error) return message.message;
  return typeof message === 'string' ? message.trim() : inspect(message, { depth: 2 });
}

function levelOf(level: number, node: string | undefined): LogLevel {
  if (level <= 20) return 'error';
  if (level <= 30) return 'warn';
  return level <= 40 && node !== undefined ? 'info' : 'debug';
}

interface NodeRedEntry {
  readonly level: number;
  readonly msg: unknown;
  /** Of the node that wrote it, if one did. */
  readonly id?: string;
  readonly name?: string;
  readonly type?: string;
}
