/**
 * A sync with its members opened: what the engine needs to read an item as canonical values, to write
 * canonical values to an item, and to tell the planner what it may know about an endpoint.
 */
import {
  VendorError,
  type Account,
  type Can,
  type Collection,
  type Item,
  type Left,
  type Limit,
  type VendorField,
} from '../connectors/connector.ts';
import { TributaryError } from '../core/errors.ts';
import type { FieldProblem, ItemWrite, Mapping } from '../core/mapping/mapping.ts';
import { compileMapping } from '../core/mapping/mapping.ts';
import type { EndpointFacts, EndpointId, Policy, Present } from '../core/planner/model.ts';
import type { Value, Values } from '../core/value.ts';
import type { StoredEndpoint, StoredSync, SyncId, TenantId } from '../store/store.ts';
import { openAccount, type Opening } from './opening.ts';
import { isStoreDown, RESTING_MS, setbackOf } from './retry.ts';
import { readSettings, type SyncSettings } from './settings.ts';

export interface Sync {
  readonly tenant: TenantId;
  readonly id: SyncId;
  readonly title: string;
  readonly status: StoredSync['status'];
  readonly policy: Policy;
  readonly settings: SyncSettings;
  /** Those that could be opened. */
  readonly members: ReadonlyMap<EndpointId, Member>;
  /** The others. */
  readonly unavailable: ReadonlyMap<EndpointId, Unavailable>;
  readonly facts: ReadonlyMap<EndpointId, EndpointFacts>;
}

export interface Unavailable {
  /** Why it could not be opened. */
  readonly why: string;
  /** It is left alone until then, by a clock that nobody sets. */
  readonly until: number;
}

export interface Member {
  readonly endpoint: EndpointId;
  readonly title: string;
  readonly collection: Collection;
  readonly can: Can;
  readonly limits: readonly Limit[];
  readonly left: () => readonly Left[];
  readonly facts: EndpointFacts;
  read(item: Item, takenAt: number): MemberRead;
  /** `current` is the vendor's item as it was last read. */
  write(patch: Values, current?: unknown): ItemWrite;
  /** The fields that go along when these members are sent, changed or not. */
  sentWith(raw: unknown): readonly string[];
  /** The field that a member of the vendor's item belongs to. */
  fieldAt(path: string): string | undefined;
  /** The vendor's type of each mapped member, and what it is mapped as, by `path kind`. */
  readonly types: Types;
  /** Reads the schema anew: which mapped fields the vendor does not offer as mapped any more. */
  readonly driftNow: () => Promise<NonNullable<EndpointFacts['drifted']>>;
  /** Where a field stands, when it stands in one place. */
  pathOf(field: string): string | undefined;
}

/** As they were when a path was mapped first; a mapping as another kind accepts another type. */
export type Types = Readonly<Record<string, string>>;

export interface MemberRead {
  readonly present: Present;
  /** Of each reference field: the vendor's ids. */
  readonly references: Readonly<Record<string, Value>>;
  readonly problems: readonly FieldProblem[];
}

/** A vendor's clock is read through a network. */
const CLOCK_UNCERTAINTY_MS = 1_000;

export interface OpenMembers extends Opening {
  /** Asks a vendor, within what the account may be asked. */
  readonly ask: <T>(tenant: TenantId, account: Called, work: () => Promise<T>) => Promise<T>;
}

/** Whom a call goes to; without a collection, as long as it is not open. */
export type Called = Pick<Member, 'endpoint' | 'title' | 'limits'> &
  Partial<Pick<Member, 'left'>> & { readonly collection?: Pick<Collection, 'name'> };

/** What could not be opened is left alone for a while, longer each time. */
interface Rest {
  readonly error: unknown;
  /** By a clock that nobody sets. */
  readonly until: number;
  readonly times: number;
}

const REST_MS = 2_000;

/** Opens accounts once and shares them among syncs. Opening counts against what an account may be asked. */
export class Accounts {
  readonly #options: OpenMembers;
  readonly #open = new Map<EndpointId, Promise<Account>>();
  readonly #closing = new Set<Promise<void>>();
  /** As they were told last; before the first time nobody knows them. */
  readonly #limits = new Map<EndpointId, readonly Limit[]>();
  readonly #rests = new Map<string, Rest>();

  constructor(options: OpenMembers) {
    this.#options = options;
  }

  /** A collection with its schema as it is now. */
  async collection(
    tenant: TenantId,
    endpoint: StoredEndpoint,
    name: string,
  ): Promise<{ readonly account: Account; readonly collection: Collection }> {
    const place = `${endpoint.id}/${name}`;
    const rest = this.#rests.get(place);
    if (rest && this.#options.world.clock.monotonicMs() < rest.until) throw rest.error;
    try {
      const account = await this.#account(tenant, endpoint);
      const collection = await this.#ask(tenant, endpoint, () => account.collection(name), name);
      this.#rests.delete(place);
      return { account, collection };
    } catch (error) {
      if (!isStoreDown(error)) this.#rest(place, error);
      throw error;
    }
  }

  #account(tenant: TenantId, endpoint: StoredEndpoint): Promise<Account> {
    const known = this.#open.get(endpoint.id);
    if (known) return known;
    const opening = this.#ask(tenant, endpoint, () => openAccount(this.#options, tenant, endpoint));
    this.#open.set(endpoint.id, opening);
    opening.then(
      ({ limits }) => this.#limits.set(endpoint.id, limits),
      () => {
        if (this.#open.get(endpoint.id) === opening) this.#open.delete(endpoint.id);
      },
    );
    return opening;
  }

  #ask<T>(
    tenant: TenantId,
    { id, title }: StoredEndpoint,
    work: () => Promise<T>,
    collection?: string,
  ): Promise<T> {
    const limits = this.#limits.get(id) ?? [];
    const about = collection === undefined ? {} : { collection: { name: collection } };
    return this.#options.ask(tenant, { endpoint: id, title, limits, ...about }, work);
  }

  #rest(place: string, error: unknown): void {
    const times = (this.#rests.get(place)?.times ?? 0) + 1;
    const kind = error instanceof VendorError ? error.kind : undefined;
    const told = error instanceof VendorError ? error.retryAfterMs : undefined;
    const longer = Math.min(RESTING_MS, REST_MS * 2 ** times);
    const wait = kind === 'unauthorized' || kind === 'forbidden' ? RESTING_MS : (told ?? longer);
    const until = this.#options.world.clock.monotonicMs() + wait;
    this.#rests.set(place, { error, until, times });
  }

  /** A collection could not be opened: until when to leave it alone, and why. */
  unavailable(endpoint: EndpointId, name: string | undefined, error: unknown): Unavailable {
    const until = this.#rests.get(`${endpoint}/${name}`)?.until;
    return {
      why: setbackOf(error, 0).why,
      until: until ?? this.#options.world.clock.monotonicMs(),
    };
  }

  /** The next use opens it anew, with whatever credentials there are then. */
  forget(endpoint: EndpointId): void {
    const opening = this.#open.get(endpoint);
    this.#open.delete(endpoint);
    if (!opening) return;
    const closing = this.#closeOne(opening).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Nobody waits for that, and what goes wrong is only told: nobody can do anything about it. */
  async #closeOne(opening: Promise<Account>): Promise<void> {
    const [opened] = await Promise.allSettled([opening]);
    if (opened.status === 'rejected') return;
    try {
      await opened.value.close();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.world.log.write('warn', `An account could not be closed: ${why}`);
    }
  }

  /** Somebody says that it is worth trying again. */
  wake(): void {
    this.#rests.clear();
  }

  async close(): Promise<void> {
    const accounts = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(this.#closing);
    for (const account of accounts) if (account.status === 'fulfilled') await account.value.close();
  }
}

export async function openSync(
  tenant: TenantId,
  stored: StoredSync,
  endpoints: readonly StoredEndpoint[],
  accounts: Accounts,
  /** Members that are open already, where only others were not to be had. */
  open?: ReadonlyMap<EndpointId, Member>,
  /** The types that the members' fields had at first. */
  known: ReadonlyMap<EndpointId, Types> = new Map(),
): Promise<Sync> {
  const { id, title, status, policy } = stored;
  const settings = readSettings(title, stored.settings);
  const members = new Map<EndpointId, Member>();
  const unavailable = new Map<EndpointId, Unavailable>();
  const facts = new Map<EndpointId, EndpointFacts>();
  await Promise.all(
    policy.members.map(async ({ endpoint }) => {
      try {
        members.set(endpoint, open?.get(endpoint) ?? (await openMember(endpoint)));
      } catch (error) {
        if (isStoreDown(error)) throw error;
        const name = settings.members[endpoint]?.collection;
        unavailable.set(endpoint, accounts.unavailable(endpoint, name, error));
        facts.set(endpoint, factsWithout(settings.members[endpoint]?.mapping));
      }
    }),
  );
  const inOrder = policy.members.flatMap(({ endpoint }) => {
    const member = members.get(endpoint);
    if (member) facts.set(endpoint, member.facts);
    return member ? [[endpoint, member] as const] : [];
  });
  return {
    tenant,
    id,
    title,
    status,
    policy,
    settings,
    members: new Map(inOrder),
    unavailable,
    facts,
  };

  async function openMember(endpoint: EndpointId): Promise<Member> {
    const chosen = endpoints.find((each) => each.id === endpoint);
    const configured = settings.members[endpoint];
    if (!chosen || !configured) {
      throw new TributaryError('member-unknown', {
        what: `The sync "${title}" has a member ${endpoint} without ${chosen ? 'a collection' : 'an account'}.`,
        next: 'Choose an account and a collection for it, or remove it from the sync.',
      });
    }
    const mapping = compileMapping(configured.mapping);
    const look = () => accounts.collection(tenant, chosen, configured.collection);
    const { account, collection } = await look();
    return memberOf(chosen, account, collection, mapping, policy, {
      known: known.get(endpoint) ?? {},
      again: async () => (await look()).collection,
    });
  }
}

function memberOf(
  { id, title }: StoredEndpoint,
  account: Account,
  collection: Collection,
  mapping: Mapping,
  policy: Policy,
  schema: {
    readonly known: Types;
    readonly again: () => Promise<Collection>;
  },
): Member {
  const references = new Set(policy.fields.filter((f) => f.reference).map(({ name }) => name));
  const paths = new Map(mapping.fields.flatMap(({ name, paths: at }) => at.map((p) => [p, name])));
  const { can } = collection;
  const fixed = collection.fields.filter((field) => field.readOnly);
  const readOnly = new Set(fixed.map(({ path }) => path));
  const facts: EndpointFacts = {
    clockOffsetMs: account.clockOffsetMs ?? 0,
    clockUncertaintyMs: CLOCK_UNCERTAINTY_MS,
    answersLagMs: Math.max(can.readLagMs, can.searchLagMs, can.changesLagMs),
    absenceHorizonMs: can.absenceHorizonMs,
    normalize: (field, value) => mapping.normalize(field, value),
    explains: (field, sent, readBack) => mapping.explains(field, sent, readBack) !== undefined,
    drifted: driftOf(mapping, collection, policy, schema.known),
  };
  return {
    endpoint: id,
    title,
    collection,
    can,
    limits: account.limits,
    left: () => account.left?.() ?? [],
    facts,
    types: typesIn(mapping, collection),
    driftNow: async () =>
      driftOf(mapping, await schema.again(), policy, {
        ...typesIn(mapping, collection),
        ...schema.known,
      }),
    read(item, takenAt) {
      const { fields, problems } = mapping.read(item.raw);
      const own = Object.entries(fields).filter(([name]) => !references.has(name));
      const pointing = Object.entries(fields).filter(([name]) => references.has(name));
      const times = item.changedAtByPath && timesByField(item.changedAtByPath, paths);
      return {
        present: {
          kind: 'present',
          fields: Object.fromEntries(own),
          takenAt,
          ...(item.version === undefined ? {} : { version: item.version }),
          ...(item.changedAt === undefined ? {} : { changedAt: item.changedAt }),
          ...(times ? { fieldChangedAt: times } : {}),
          ...(item.author === undefined ? {} : { author: item.author }),
        },
        references: Object.fromEntries(pointing),
        problems,
      };
    },
    write: (patch, current) => mapping.write(patch, current),
    sentWith: (raw) => {
      const isSent = (path: string): boolean => {
        if (can.replacesItems) return !readOnly.has(path);
        const whole = mapping.replacedWhole.find((object) => path.startsWith(`${object}.`));
        return isIn(raw, (whole ?? path).split('.'));
      };
      const sent = mapping.fields.filter(
        (field) => field.direction !== 'in' && field.paths.some(isSent),
      );
      return sent.map(({ name }) => name);
    },
    fieldAt: (path) => paths.get(path) ?? paths.get(path.split('.')[0]!),
    pathOf: (field) => {
      const at = mapping.fields.find(({ name }) => name === field)?.paths;
      return at?.length === 1 ? at[0] : undefined;
    },
  };
}

function isIn(raw: unknown, [name, ...below]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, name)) return false;
  return isIn((raw as Readonly<Record<string, unknown>>)[name], below);
}

/** What may be known about a member that nobody can ask just now. Nothing is decided on it alone. */
function factsWithout(config: unknown): EndpointFacts {
  const mapping = config === undefined ? undefined : compileMapping(config);
  return {
    clockOffsetMs: 0,
    clockUncertaintyMs: CLOCK_UNCERTAINTY_MS,
    answersLagMs: 3_600_000,
    absenceHorizonMs: 3_600_000,
    normalize: (field, value) => mapping?.normalize(field, value) ?? value,
    explains: (field, sent, readBack) => mapping?.explains(field, sent, readBack) !== undefined,
  };
}

/** Mapped fields that the vendor's schema does not offer as mapped. A schema that tells nothing proves nothing. */
function driftOf(
  mapping: Mapping,
  { fields: schema }: Collection,
  policy: Policy,
  known: Types,
): NonNullable<EndpointFacts['drifted']> {
  if (schema.length === 0) return {};
  const byPath = new Map(schema.map((field) => [field.path, field]));
  const drifted: Record<string, 'missing' | 'typeChanged' | 'readOnly'> = {};
  for (const { name, paths, direction, spec } of mapping.fields) {
    if (!policy.fields.some((field) => field.name === name)) continue;
    const found = paths.map((path) => byPath.get(path) ?? byPath.get(path.split('.')[0]!));
    if (found.includes(undefined)) drifted[name] = 'missing';
    else if (paths.some((path, n) => isRetyped(found[n], known[`${path} ${spec.kind}`])))
      drifted[name] = 'typeChanged';
    else if (direction !== 'in' && found.some((field) => field?.readOnly))
      drifted[name] = 'readOnly';
  }
  return drifted;
}

function isRetyped(field: VendorField | undefined, type: string | undefined): boolean {
  return field !== undefined && type !== undefined && field.type !== type;
}

function typesIn(mapping: Mapping, { fields: schema }: Collection): Types {
  const byPath = new Map(schema.map((field) => [field.path, field]));
  const types = mapping.fields.flatMap(({ paths, spec }) =>
    paths.flatMap((path): [string, string][] => {
      const field = byPath.get(path) ?? byPath.get(path.split('.')[0]!);
      return field ? [[`${path} ${spec.kind}`, field.type]] : [];
    }),
  );
  return Object.fromEntries(types);
}

function timesByField(
  byPath: Readonly<Record<string, number>>,
  paths: ReadonlyMap<string, string>,
): Record<string, number> {
  const times: Record<string, number> = {};
  for (const [path, at] of Object.entries(byPath)) {
    const field = paths.get(path) ?? paths.get(path.split('.')[0]!);
    if (field !== undefined) times[field] = Math.max(times[field] ?? 0, at);
  }
  return times;
}
