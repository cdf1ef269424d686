/**
 * A vendor in a virtual world, as the suite for connectors sees it: our account, the people who work with
 * it there, and the trouble it can have. Every vendor's emulator is wrapped to look like this.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  VendorError,
  type Account,
  type Collection,
  type Connector,
  type Item,
  type Memory,
  type Operation,
  type Outcome,
  type PageRequest,
  type ItemPage,
  type RawDelivery,
} from '../../runtime/connectors/connector.ts';
import type { World } from '../../runtime/world/world.ts';
import type { VirtualWorld } from '../sim/virtual-world.ts';
import { watched } from './conformance/traffic.ts';
import { inWorld } from './in-world.ts';

/** One of the ways a vendor can be. */
export interface Setting {
  readonly title: string;
  /** Promises about what this vendor cannot do in any setting, by their titles. */
  readonly cannot?: readonly string[];
  /** The account is opened with a token that has to be renewed; only promises about that are put to it. */
  readonly isLogin?: true;
  /** Begins a new world with the vendor in it. */
  readonly start: () => Vendor;
}

/** A virtual one; or, around a real server, one whose clock runs by itself and whose waiting is short. */
export type SceneWorld = World &
  Pick<VirtualWorld, 'logged'> &
  Partial<Pick<VirtualWorld, 'runUntilQuiet' | 'serve'>>;

export interface Vendor {
  readonly world: SceneWorld;
  readonly connector: Connector;
  readonly config: Readonly<Record<string, unknown>>;
  /** What a person gets who logs in and lets our app in: the rest of the configuration. */
  logIn?(): Promise<Readonly<Record<string, unknown>>>;
  readonly collection: string;
  readonly people: People;
  /** What one item may hold, in the vendor's form; another for every number. */
  readonly sample: (number: number) => Raw;
  /** Another value for a member of every sample. */
  readonly edit: Raw;
  /** What the vendor does not accept because of the member at `path`. */
  readonly unacceptable: { readonly raw: Raw; readonly path: string };
  /** What people write into items is HTML, which the vendor cleans. */
  readonly hasHtml?: boolean;
  /** Makes something that an item can point to; answers the member for it, and how that is cleared. */
  readonly pointer?: () => {
    readonly path: string;
    readonly value: unknown;
    readonly cleared: unknown;
  };
  readonly tellsAuthors: boolean;
  /** What it asks for when it says that a call was one too many, and not for how long. */
  readonly usualPauseMs?: number;
  /** Of its own trouble it does not say how long it lasts. */
  readonly isSilentInTrouble?: true;
  /** The longest that a write may be carried out after its connection broke. */
  readonly lateMs: number;
  /** The next call has this trouble, whichever it is. */
  trouble(next: Trouble): void;
  /** What kinds of trouble there can be; missing: all of them. Only what speaks HTTP has statuses. */
  readonly troubles?: readonly Trouble['kind'][];
  /** What the vendor sends when the item changes. */
  delivery(change: () => void): Promise<RawDelivery>;
}

export type Raw = Readonly<Record<string, unknown>>;

/** What people and other programs do at the vendor, without lag or limits, and what is really there. */
export interface People {
  create(raw: Raw): string;
  edit(id: string, raw: Raw, by: 'person' | 'integration'): void;
  remove(id: string): void;
  /** Missing where they cannot. */
  merge?(loser: string, winner: string): string;
  items(): readonly { readonly id: string; readonly raw: Raw }[];
  /** So many fields for texts; answers their paths. Missing where a collection has the vendor's alone. */
  addFields?(count: number): readonly string[];
  /** Our account may not see the collection any more. */
  forbid(): void;
  /** Our token is not accepted any more. */
  revoke(): void;
}

export type Trouble =
  /** Before it was carried out, or after. */
  | { readonly kind: 'lost' | 'answerLost' }
  /** The connection breaks, and it is carried out later. */
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterS?: number }
  /** These items of a batch cannot be stored just now. */
  | { readonly kind: 'busy'; readonly items: readonly number[] };

export interface Scene extends Vendor {
  readonly account: Account;
  readonly items: Collection;
  /** With another configuration, if one is given. */
  open(memory?: Memory, config?: Raw): Promise<Account>;
  /** As if the process had died and come back. */
  reopen(): Promise<Collection>;
  /** Until no lag hides what has happened. */
  wait(): Promise<void>;
  /** All pages, of as many items as the vendor allows, as ids in the order they came. */
  walk(page: (request: PageRequest) => Promise<ItemPage>, most: number): Promise<string[]>;
  /** All outcomes have to be done; answers with the ids. */
  write(
    op: Operation,
    changes: readonly Omit<Parameters<Collection['write']>[0][number], 'op'>[],
  ): Promise<string[]>;
  /** What is really there, by id. */
  truth(): Readonly<Record<string, Raw>>;
}

/** What a connector declares that it has; a promise may be about those that have it. */
export interface Ability {
  /** As it is declared: `can.restore`. */
  readonly name: string;
  readonly isThere: (scene: Scene) => boolean;
}

/** What the connector lacks, by the tests of promises that are not about it in any setting. */
export const beyond = new WeakMap<Mocha.Runnable, string>();

/**
 * A test of one promise, in every setting that has the ability, each time in a world of its own. A promise
 * that no setting is about would be a test that cannot fail, so that fails too, unless all of them say that
 * the vendor cannot do it; then it fails when the vendor can.
 */
export function promise(
  settings: readonly Setting[],
  title: string,
  test: (scene: Scene) => Promise<void>,
  ability?: Ability,
): void {
  it(title, async function () {
    let tested = 0;
    for (const setting of settings) {
      const vendor = setting.start();
      const { runUntilQuiet } = vendor.world;
      const work = (): Promise<void> =>
        playing(vendor, async (scene) => {
          if (ability?.isThere(scene) === false) return;
          tested += 1;
          await test(scene);
        });
      await (runUntilQuiet === undefined ? work() : inWorld({ runUntilQuiet }, work)).catch(
        (error: unknown) => {
          throw new Error(`${setting.title}: ${(error as Error).message}`, { cause: error });
        },
      );
    }
    const isBeyondIt = settings.every(({ cannot }) => cannot?.includes(title));
    if (isBeyondIt) assert.equal(tested, 0, 'The vendor can do this: it is not beyond it.');
    else assert.ok(tested > 0, 'Add a setting in which the vendor can do this.');
    if (isBeyondIt && ability !== undefined) beyond.set(this.test!, ability.name);
  });
}

/** Whoever opens an account closes it. */
async function playing(vendor: Vendor, play: (scene: Scene) => Promise<void>): Promise<void> {
  const accounts: Account[] = [];
  try {
    await play(await sceneWith(vendor, accounts));
  } finally {
    for (const account of accounts) await account.close();
  }
}

async function sceneWith(vendor: Vendor, accounts: Account[]): Promise<Scene> {
  const { world, connector, collection, people } = vendor;
  const filledIn = { ...vendor.config, ...(await vendor.logIn?.()) };
  const open = async (memory?: Memory, config: Raw = filledIn): Promise<Account> => {
    const seen = watched(world, connector.vendor);
    const opened = await connector.open(connector.config.parse(config), seen, memory);
    accounts.push(opened);
    return opened;
  };
  const account = await open();
  const items = await account.collection(collection);
  const { readLagMs, searchLagMs, changesLagMs } = items.can;
  return {
    ...vendor,
    config: filledIn,
    account,
    items,
    open,
    reopen: async () => (await open()).collection(collection),
    wait: () => world.schedule.sleep(Math.max(readLagMs, searchLagMs, changesLagMs) + 1),
    async walk(page, most) {
      const limit = Math.min(most, items.can.batch.list);
      const ids: string[] = [];
      let after: PageRequest['after'];
      for (let pages = 0; pages < 1_000; pages += 1) {
        const request = { limit, ...(after !== undefined && { after }) };
        const { items: found, next } = await patiently(world, () => page(request));
        assert.ok(found.length <= limit, `${found.length} items on a page of ${limit}`);
        ids.push(...found.map(({ id }) => id));
        if (next === undefined) return ids;
        after = next;
      }
      assert.fail('The pages have no end.');
    },
    async write(op, changes) {
      const outcomes = await items.write(changes.map((change) => ({ ...change, op })));
      assert.equal(outcomes.length, changes.length);
      return outcomes.map(idOf);
    },
    truth: () => Object.fromEntries(people.items().map(({ id, raw }) => [id, raw])),
  };
}

/** Whether the vendor can have this trouble. */
export function canHave({ troubles }: Scene, kind: Trouble['kind']): boolean {
  return troubles === undefined || troubles.includes(kind);
}

/** A walk is as fast as the vendor allows. */
async function patiently<T>({ schedule }: SceneWorld, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof VendorError) || error.kind !== 'throttled') throw error;
      await schedule.sleep(error.retryAfterMs ?? 1_000);
    }
  }
}

export function idOf(outcome: Outcome): string {
  if (outcome.kind === 'failed') throw outcome.error;
  return outcome.id;
}

export function errorOf(outcome: Outcome | undefined): VendorError {
  assert.ok(outcome?.kind === 'failed', inspect(outcome));
  return outcome.error;
}

/** The error that a call fails with; any other end of it is a failure of the test. */
export async function failureOf(call: Promise<unknown>): Promise<VendorError> {
  const failure: unknown = await call.then(
    (answer) => assert.fail(`It did not fail: ${inspect(answer)}`),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof VendorError, inspect(failure));
  return failure;
}

/** The item has these members; it may have more. */
export function holds(item: Item | { readonly raw: unknown } | undefined, raw: Raw): void {
  assert.ok(item !== undefined, 'there is no such item');
  const members = Object.keys(raw).map((name) => [name, (item.raw as Raw)[name]]);
  assert.deepEqual(Object.fromEntries(members), raw);
}
