/**
 * One record in three systems, told step by step: somebody edits, we read, plan, and perhaps write.
 * Time is a counter, so a story has an order and nothing else.
 */
import { plan } from '../../../runtime/core/planner/plan.ts';
import { wholeValues } from '../../../runtime/core/planner/parts.ts';
import { settle } from '../../../runtime/core/planner/settle.ts';
import type {
  Conflict,
  EndpointFacts,
  EndpointId,
  Entity,
  EntityId,
  FieldPolicy,
  Intent,
  Link,
  LinkId,
  Observation,
  Plan,
  Policy,
  Present,
  Reach,
  Resolution,
  Write,
} from '../../../runtime/core/planner/model.ts';
import type { Values } from '../../../runtime/core/value.ts';

interface Telling {
  readonly members?: readonly string[];
  readonly fields?: readonly FieldPolicy[];
  readonly policy?: Partial<Policy>;
  readonly facts?: Readonly<Record<string, Partial<EndpointFacts>>>;
  readonly reach?: (target: string, endpoint: string) => Reach;
}

const plainFields: readonly FieldPolicy[] = [
  { name: 'name', strategy: 'lastWriteWins' },
  { name: 'phone', strategy: 'lastWriteWins' },
];

export class Story {
  entity: Entity = { id: 'anna' as EntityId, life: 'live', epoch: 0, cells: {} };
  links: Link[] = [];
  conflicts: Conflict[] = [];
  intents: Intent[] = [];
  readonly policy: Policy;
  readonly facts: Map<EndpointId, EndpointFacts>;
  readonly #reach: (target: string, endpoint: string) => Reach;
  #observed = new Map<LinkId, Observation>();
  #now = 1_000;

  constructor({
    members = ['app', 'hub', 'pipe'],
    fields = plainFields,
    policy = {},
    facts = {},
    reach = () => 'live',
  }: Telling = {}) {
    const endpoints = members as EndpointId[];
    this.policy = {
      version: 1,
      members: endpoints.map((endpoint) => ({
        endpoint,
        create: true,
        delete: true,
        onFilterLeft: 'hold',
      })),
      fields,
      deleteAuthority: endpoints.slice(0, 1),
      onRemoteDelete: 'recreate',
      onDeleteAndEdit: 'deleteWins',
      onRemoteRestore: 'ask',
      ...policy,
    };
    this.facts = new Map(
      endpoints.map((endpoint) => [endpoint, { ...plainFacts, ...facts[endpoint] }]),
    );
    this.#reach = reach;
  }

  /** A story in which all members hold the same values already. */
  static settled(values: Values, telling: Telling = {}): Story {
    const story = new Story(telling);
    const [first] = story.policy.members;
    if (!first) throw new Error('a story needs members');
    story.found(first.endpoint, values);
    story.apply(story.plan());
    return story;
  }

  /** An item appears and is linked to the record. */
  found(endpoint: string, values: Values): void {
    const id = `${endpoint}-${this.links.length}` as LinkId;
    this.links.push({
      id,
      endpoint: endpoint as EndpointId,
      remoteId: id,
      state: 'live',
      generation: 0,
      cells: {},
    });
    this.read(endpoint, values);
  }

  /** We read an item: its fields as given, all others as they last were. */
  read(endpoint: string, values: Values, more: Partial<Present> = {}): void {
    const link = this.link(endpoint);
    this.#now += 10;
    const bases = Object.entries(link.cells).map(([name, cell]) => [name, { value: cell.base }]);
    const known = wholeValues(this.policy.fields, Object.fromEntries(bases));
    this.observe(endpoint, {
      kind: 'present',
      fields: { ...known, ...values },
      takenAt: this.#now,
      changedAt: this.#now,
      version: this.#now,
      ...more,
    });
  }

  observe(endpoint: string, observation: Observation): void {
    this.#observed.set(this.link(endpoint).id, observation);
  }

  gone(endpoint: string, proven = true): void {
    this.observe(endpoint, { kind: 'gone', takenAt: this.#now, proven });
  }

  /** Everything that was not read by name is read now, unchanged. */
  readAll(): void {
    for (const link of this.links) {
      if (link.state === 'live' && !this.#observed.has(link.id)) this.read(link.endpoint, {});
    }
  }

  plan(resolutions: readonly Resolution[] = []): Plan {
    return this.planWith(this.#observed, resolutions);
  }

  /** A plan from other reads than those told so far, for links that `link` does not find. */
  planWith(
    observed: ReadonlyMap<LinkId, Observation>,
    resolutions: readonly Resolution[] = [],
  ): Plan {
    return plan({
      entity: this.entity,
      links: this.links,
      observed,
      intents: this.intents,
      conflicts: this.conflicts,
      resolutions,
      policy: this.policy,
      facts: this.facts,
      reach: (target, endpoint) => this.#reach(target, endpoint),
    });
  }

  /** Keeps what a plan decided; its writes are not sent. */
  keep(planned: Plan): Plan {
    this.entity = planned.entity;
    this.links = [...planned.links];
    this.intents = [...planned.intents];
    const changed = new Set(planned.conflicts.map((row) => row.fingerprint));
    this.conflicts = [
      ...this.conflicts.filter((row) => !changed.has(row.fingerprint)),
      ...planned.conflicts,
    ].filter((row) => row.state === 'open' || row.state === 'autoResolved');
    this.#observed = new Map();
    return planned;
  }

  /** Keeps a plan and carries out its writes. */
  apply(planned: Plan): Plan {
    this.keep(planned);
    for (const write of planned.writes) this.carryOut(write);
    return planned;
  }

  /** Sends one write; the vendor may answer with a spelling of its own. */
  carryOut(write: Write, readBack?: Values): void {
    const link = this.links.find(({ id }) => id === write.link);
    const linkId = write.link ?? (`${write.endpoint}-${this.links.length}` as LinkId);
    this.#now += 10;
    const answer = {
      linkId,
      remoteId: link?.remoteId ?? linkId,
      version: this.#now,
      ...(readBack ? { fields: readBack } : {}),
    };
    const settled = settle(link, write, answer, this.policy.fields);
    this.links = [...this.links.filter(({ id }) => id !== linkId), settled];
  }

  /** One whole round: read everything, plan, write. */
  round(resolutions: readonly Resolution[] = []): Plan {
    this.readAll();
    return this.apply(this.plan(resolutions));
  }

  /** The link that takes part, or the latest one. */
  link(endpoint: string): Link {
    const here = this.links.filter((link) => link.endpoint === endpoint);
    const link = here.find(({ state }) => state === 'live') ?? here.at(-1);
    if (!link) throw new Error(`no link at ${endpoint}`);
    return link;
  }

  get own(): Values {
    const values = Object.entries(this.entity.cells).map(([name, cell]) => [name, cell.value]);
    return Object.fromEntries(values);
  }

  get now(): number {
    return this.#now;
  }
}

const plainFacts: EndpointFacts = {
  clockOffsetMs: 0,
  clockUncertaintyMs: 0,
  answersLagMs: 0,
  absenceHorizonMs: 120_000,
  normalize: (_field, value) => value,
  explains: () => false,
};

/** Writes as one line each, sorted: `hub update {"name":"B"} value-behind`. */
export function writesOf({ writes }: Plan): string[] {
  return writes
    .map(
      ({ endpoint, op, patch, reason }) => `${endpoint} ${op} ${JSON.stringify(patch)} ${reason}`,
    )
    .toSorted();
}

export function holdsOf({ holds }: Plan): string[] {
  return holds
    .map(({ endpoint, field, reason }) => [endpoint, field, reason].filter(Boolean).join(' '))
    .toSorted();
}

export function conflictsOf({ conflicts }: Plan): string[] {
  return conflicts
    .map(({ cell, kind, losing, state }) => {
      const lost = losing ? ` ${losing.origin}:${JSON.stringify(losing.value)}` : '';
      return `${cell} ${kind}${lost} ${state}`;
    })
    .toSorted();
}
