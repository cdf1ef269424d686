/**
 * All that an emulator is, but for what is particular to its vendor. Its accounts share one way in, over
 * `Request` and `Response`: who asks, whether they ask too often, what goes wrong today, and only then what
 * they want. What is said, and in which words, is the vendor's dialect. A connection that breaks rejects
 * with a TypeError, as `fetch` does.
 */
import { TributaryError } from '../core/errors.ts';
import type { Random, World } from '../world/world.ts';
import type { Action, Call, Tally } from './call.ts';
import type { Account } from './crm/account.ts';
import { startAfterwards } from './crm/afterwards.ts';
import { Hands } from './crm/hands.ts';
import { Rules } from './crm/rules.ts';
import { Limits, type Costs, type Limit, type Shortage } from './limits.ts';
import type { Circumstances, Emulator, Seeding } from './emulator.ts';
import { townOf } from './town.ts';
import type { Trouble } from './trouble.ts';

export interface Dialect<Place extends Host> {
  /** Whose request it is, by its token; undefined for nobody's. Who reads the body reads a clone. */
  identify(
    request: Request,
    hosts: readonly Place[],
  ): Place | undefined | Promise<Place | undefined>;
  /** What it takes from which limits; one from each when it says nothing. */
  costs?(request: Request, host: Place): Costs | undefined;
  /** Rejects with `RequestRefused` for what the vendor does not understand or allow. */
  understand(request: Request, host: Place): Promise<Understood>;

  /** The answers that have nothing to do with what was asked. */
  stranger(request: Request, hosts: readonly Place[]): Response;
  slowDown(host: Place, shortage: Shortage): Response;
  /** A server that fails, or a gateway before it. */
  failure(host: Place, status: number, retryAfterS: number | undefined): Response;
  refused(refused: RequestRefused, host: Place | undefined): Response;
}

export interface Understood {
  readonly call: Call;
  /** Does it, once. These places of a batch cannot be stored just now. May throw `RequestRefused`. */
  carryOut(busy: readonly number[]): Response;
}

/** A whole request that a vendor says no to, in its own words. */
export class RequestRefused extends Error {
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
    super(`The request was refused with ${status}.`);
    this.name = 'RequestRefused';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** An account with everything that is around it. A vendor adds what it has beside it. */
export interface Host {
  readonly account: Account;
  readonly hands: Hands;
  readonly limits: Limits;
  readonly calls: Partial<Record<Action, Tally>>;
  /** After so long a request that got no answer is not carried out any more. */
  readonly horizonMs: number;
  /** Chance for replicas that lag, and for everything else about requests. */
  readonly lag: Random;
  readonly chance: Random;
}

export function hostOf(
  account: Account,
  world: World,
  { limits = [], horizonMs = 60_000 }: { limits?: readonly Limit[]; horizonMs?: number } = {},
): Host {
  const calls: Host['calls'] = {};
  const hands = new Hands(account, new Rules(account, world), calls);
  startAfterwards(account, world);
  return {
    account,
    hands,
    limits: new Limits(limits, account.worldMs),
    calls,
    horizonMs,
    lag: world.random(`${account.vendor}:${account.name}:lag`),
    chance: world.random(`${account.vendor}:${account.name}`),
  };
}

export interface Parts<Place extends Host> extends Pick<Emulator, 'vendor' | 'title' | 'paths'> {
  readonly circumstances: Circumstances;
  readonly hosts: readonly Place[];
  readonly dialect: Dialect<Place>;
  /** Fills the accounts of the demonstration. */
  readonly seed: (emulator: Emulator, seeding: Seeding) => void;
}

export function openEmulator<Place extends Host>({
  vendor,
  title,
  paths,
  circumstances: { world, trouble: troubleOf = () => undefined, town: given },
  hosts,
  dialect,
  seed,
}: Parts<Place>): Emulator {
  const { schedule } = world;
  const accounts = hosts.map(({ account }) => account.name);

  async function handle(request: Request): Promise<Response> {
    let host: Place | undefined;
    try {
      const owner = dialect.identify(request, hosts);
      host = owner instanceof Promise ? await owner : owner;
      if (host === undefined) return dialect.stranger(request, hosts);
      const shortage = host.limits.take(host.account.worldMs, dialect.costs?.(request, host));
      if (shortage !== undefined) return dialect.slowDown(host, shortage);
      const understood = await dialect.understand(request, host);
      countCall(host, understood.call);
      const trouble = troubleOf(understood.call);
      return await (trouble === undefined
        ? understood.carryOut([])
        : struggle(host, understood, trouble));
    } catch (error) {
      if (error instanceof RequestRefused) return dialect.refused(error, host);
      throw error;
    }
  }

  async function struggle(
    host: Place,
    understood: Understood,
    trouble: Trouble,
  ): Promise<Response> {
    switch (trouble.kind) {
      case 'lost':
        return breakConnection(host);
      case 'answerLost':
        carryOutUnheard(understood);
        return breakConnection(host);
      case 'late':
        if (trouble.ms <= host.horizonMs) {
          schedule.after(trouble.ms, () => carryOutUnheard(understood));
        }
        return breakConnection(host);
      case 'status':
        if (trouble.carriedOut === true) carryOutUnheard(understood);
        return dialect.failure(host, trouble.status, trouble.retryAfterS);
      case 'slow': {
        const longestMs = Math.min(trouble.ms, host.horizonMs);
        const beforeMs = Math.floor(host.chance.next() * longestMs);
        await schedule.sleep(beforeMs);
        const answer = settled(() => understood.carryOut([]));
        await schedule.sleep(trouble.ms - beforeMs);
        return answer();
      }
      case 'busy':
        return understood.carryOut(trouble.items);
    }
  }

  async function breakConnection({ chance }: Host): Promise<never> {
    await schedule.sleep(1 + chance.below(BREAKS_MS_BELOW));
    throw new TypeError('fetch failed');
  }

  let town = given;
  const emulator: Emulator = {
    vendor,
    title,
    paths,
    accounts,
    handle,
    account(name) {
      const host = hosts.find(({ account }) => account.name === name);
      if (host !== undefined) return host.hands;
      throw new TributaryError(`${vendor}-account`, {
        what: `${title} has no account "${name}".`,
        next: `Use one of: ${accounts.join(', ')}.`,
      });
    },
    seed(count) {
      town ??= townOf(world.random(`${vendor}:town`));
      seed(emulator, { count, random: world.random(`${vendor}:seed`), town });
    },
  };
  return emulator;
}

const BREAKS_MS_BELOW = 1000;

function countCall({ calls }: Host, { action, items }: Call): void {
  const { requests, items: before } = calls[action] ?? { requests: 0, items: 0 };
  calls[action] = { requests: requests + 1, items: before + items };
}

/** Whether it was refused or not, nobody will know. */
function carryOutUnheard(understood: Understood): void {
  try {
    understood.carryOut([]);
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
  }
}

/** Works now, and tells later how it went. */
function settled<Result>(work: () => Result): () => Result {
  try {
    const result = work();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
