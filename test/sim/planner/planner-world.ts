/**
 * A small world around the planner, from a seed: two to four systems that hold one record each in
 * their own spelling and by their own clock, people who type into them, and an engine that reads,
 * plans and writes while answers get lost, writes arrive late and reads are stale. Then everybody
 * stops, and the world has to come to rest.
 *
 * What no planner can prevent is not held against it: where a vendor offers neither versions nor
 * conditional writes, an edit made between our read and our write is overwritten. Such edits are
 * counted as exposed.
 */
import { createHash } from 'node:crypto';
import type {
  Conflict,
  Direction,
  EndpointId,
  EntityId,
  FieldPolicy,
  Intent,
  LinkId,
  Observation,
  Plan,
  PlanInput,
  Present,
  Resolution,
  Strategy,
  Tombstone,
  Write,
} from '../../../runtime/core/planner/model.ts';
import { isUnsettled } from '../../../runtime/core/planner/own-writes.ts';
import { plan } from '../../../runtime/core/planner/plan.ts';
import { settle } from '../../../runtime/core/planner/settle.ts';
import { canonicalText, same, type Value, type Values } from '../../../runtime/core/value.ts';
import { randomStreams } from '../../../runtime/world/random.ts';
import type { Random } from '../../../runtime/world/world.ts';
import { ledger, type Ledger } from './ledger.ts';
import { HORIZON_MS, Member } from './member.ts';
import { violationsAtRest } from './oracle.ts';
import { typed } from './people.ts';

export interface Outcome {
  readonly violations: readonly string[];
  readonly edits: number;
  readonly passes: number;
  readonly exposed: number;
  /** The same for the same seed, to the letter. */
  readonly trace: string;
}

const START_MS = 1_000_000;
/** A write held up for so long lands by the next tick, within four of the horizon's five seconds. */
const LATE_MS = 1_400;
const PASSES_MAX = 24;
/** One for everybody to be read, some for writes and their echoes, and one that must be quiet. */
const QUIET_PASSES_MAX = 8;

export function runWorld(seed: number, planner: Planner = plan): Outcome {
  const world = new PlannerWorld(seed, planner);
  const passes = 4 + world.chance.below(PASSES_MAX - 4);
  for (let index = 0; index < passes; index++) {
    world.live();
    world.pass('rough');
  }
  world.calmDown();
  let quiet = false;
  let calm = 0;
  while (calm < QUIET_PASSES_MAX && !quiet) {
    quiet = world.pass('calm').writes.length === 0 && calm > 0;
    calm += 1;
  }
  if (!quiet) world.violations.push('it does not come to rest');
  world.checkRest();
  return {
    violations: world.violations,
    edits: world.ledger.count(),
    passes: passes + calm,
    exposed: world.exposed,
    trace: world.trace(),
  };
}

type Planner = (input: PlanInput) => Plan;

type Weather = 'rough' | 'calm';

interface Late {
  readonly dueAt: number;
  readonly member: Member;
  readonly write: Write;
  readonly seen: number | undefined;
}

class PlannerWorld {
  readonly chance: Random;
  readonly ledger: Ledger = ledger();
  readonly violations: string[] = [];
  exposed = 0;
  readonly #planner: Planner;
  readonly #members: readonly Member[];
  readonly #fields: readonly FieldPolicy[];
  readonly #hash = createHash('sha256');
  readonly #rows = new Map<string, Conflict>();
  readonly #tombstones: Tombstone[] = [];
  readonly #sent = new Map<string, Write>();
  readonly #deletes: boolean;
  /** The fields that a person has emptied somewhere. */
  readonly #emptied = new Set<string>();
  #late: Late[] = [];
  #input: PlanInput;
  #last: Plan | undefined;
  #now = START_MS;
  #intents = 0;

  constructor(seed: number, planner: Planner) {
    this.#planner = planner;
    const streams = randomStreams(`planner ${seed}`);
    this.chance = streams('life');
    const setting = streams('setting');
    this.#members = ['app', 'hub', 'crm', 'erp']
      .slice(0, 2 + setting.below(3))
      .map((name) => new Member(name as EndpointId, setting));
    this.#fields = fieldsFrom(setting, this.#members);
    this.#deletes = setting.below(4) === 0;
    const pick = <T>(options: readonly T[]): T => options[setting.below(options.length)] as T;
    this.#input = {
      entity: { id: 'record' as EntityId, life: 'live', epoch: 0, cells: {} },
      links: [],
      observed: new Map(),
      intents: [],
      conflicts: [],
      resolutions: [],
      policy: {
        version: 1,
        members: this.#members.map(({ endpoint }) => ({
          endpoint,
          create: true,
          delete: true,
          onFilterLeft: 'hold',
        })),
        fields: this.#fields,
        deleteAuthority: this.#members.slice(0, 1).map(({ endpoint }) => endpoint),
        onRemoteDelete: pick(['recreate', 'propagate', 'ask', 'unlink']),
        onDeleteAndEdit: pick(['deleteWins', 'editWins', 'ask']),
        onRemoteRestore: 'ask',
      },
      facts: new Map(this.#members.map((member) => [member.endpoint, member.facts()])),
      reach: () => 'live',
    };
    const [first, ...others] = this.#members;
    if (first) this.#appear(first);
    for (const member of others) if (setting.below(2) === 0) this.#appear(member);
  }

  trace(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  /** People type, or delete; time goes by; writes that were held up arrive. */
  live(): void {
    this.#now += 50 + this.chance.below(2000);
    for (let edits = this.chance.below(3); edits > 0; edits--) this.#type();
    if (this.#deletes && this.chance.below(20) === 0) this.#delete();
    this.#arrive();
  }

  calmDown(): void {
    this.#now += 2 * HORIZON_MS;
    this.#arrive();
  }

  pass(weather: Weather): Plan {
    this.#now += weather === 'calm' ? 2 * HORIZON_MS : 10 + this.chance.below(500);
    const observed = this.#read(weather);
    const resolutions = weather === 'rough' ? this.#decisions() : [];
    this.#input = { ...this.#input, observed, resolutions };
    const made = this.#planner(this.#input);
    this.#note('plan', made.writes, made.entity.cells, made.conflicts, made.holds);
    for (const { cell, after } of made.changes) {
      const isPlain = this.#fields.some(({ name }) => name === cell);
      if (isPlain && after === null && !this.#emptied.has(cell)) {
        this.violations.push(`${cell} was emptied by nobody`);
      }
    }
    const seen = new Map<LinkId, number | undefined>();
    for (const [id, one] of observed) if (one.kind === 'present') seen.set(id, one.version);
    this.#commit(made);
    if (weather === 'rough' && this.chance.below(6) === 0) this.#type();
    for (const write of made.writes) this.#send(write, seen, weather);
    this.#resolveCreates(weather);
    this.#last = made;
    return made;
  }

  // -------------------------------------------------------------------------------------------
  // People

  #appear(member: Member): void {
    const fields: Record<string, Value> = {};
    for (const field of this.#fields) fields[field.name] = null;
    const linkId = `${member.endpoint}:0` as LinkId;
    member.items.set(linkId, { fields, version: 1, changedAt: this.#now, fieldChangedAt: {} });
    for (const field of this.#fields) this.#typeInto(member, linkId, field);
    this.#input = {
      ...this.#input,
      links: [
        ...this.#input.links,
        {
          id: linkId,
          endpoint: member.endpoint,
          remoteId: linkId,
          state: 'live',
          generation: 0,
          cells: {},
        },
      ],
    };
  }

  #type(): void {
    const places = this.#members.flatMap((member) =>
      [...member.items.keys()].map((id): [Member, LinkId] => [member, id]),
    );
    const place = places[this.chance.below(Math.max(1, places.length))];
    const field = this.#fields[this.chance.below(this.#fields.length)];
    if (place && field) this.#typeInto(...place, field);
  }

  #typeInto(member: Member, id: LinkId, field: FieldPolicy): void {
    const item = member.items.get(id);
    const before = item?.fields[field.name] ?? null;
    if (!item) return;
    const shown = this.#members.flatMap(({ items }) =>
      [...items.values()].map(({ fields }) => fields[field.name] ?? null),
    );
    const after = member.spell(field, typed(this.chance, this.ledger, field, before, shown));
    if (same(before, after)) return;
    // Where an edit does not count or is not read, nobody promises to keep it.
    const way = field.direction?.[member.endpoint] ?? 'both';
    if (way !== 'off') this.ledger.replaced(before, after);
    const at = this.#now + member.skewMs;
    member.change(id, { ...item.fields, [field.name]: after }, at, [field.name]);
    if (after === null) this.#emptied.add(field.name);
    this.#note('typed', member.endpoint, field.name, after);
  }

  #delete(): void {
    const member = this.#members[this.chance.below(this.#members.length)];
    const id = member && [...member.items.keys()][0];
    if (!member || !id) return;
    // Whoever deletes an item has seen it.
    this.ledger.replaced(Object.values(member.items.get(id)?.fields ?? {}), null);
    member.items.delete(id);
    this.#note('deleted', member.endpoint);
  }

  /** Now and then a person answers what is open. */
  #decisions(): Resolution[] {
    const open = this.#input.conflicts.filter(({ state }) => state === 'open');
    const decided = open.filter(() => this.chance.below(4) === 0);
    return decided.flatMap(({ fingerprint, values, cell }): Resolution[] => {
      if (!values || cell === '*') return [];
      const value = values[this.chance.below(values.length)]?.value ?? null;
      return [{ kind: 'value', fingerprint, value, at: this.#now }];
    });
  }

  // -------------------------------------------------------------------------------------------
  // The engine

  #read(weather: Weather): Map<LinkId, Observation> {
    const observed = new Map<LinkId, Observation>();
    for (const link of this.#input.links) {
      const member = this.#memberAt(link.endpoint);
      if (weather === 'rough' && this.chance.below(5) === 0) continue;
      const isStale = weather === 'rough' && member.versions && this.chance.below(10) === 0;
      const item = isStale
        ? member.earlier(link.id, this.#now + member.skewMs)
        : member.items.get(link.id);
      const proven = weather === 'calm' || this.chance.below(3) > 0;
      observed.set(
        link.id,
        item
          ? this.#incomplete(member.observation(item, this.#now), weather)
          : { kind: 'gone', takenAt: this.#now, proven },
      );
    }
    return observed;
  }

  /** Now and then a field is missing from an answer, which says nothing about the field. */
  #incomplete(seen: Present, weather: Weather): Present {
    if (weather === 'calm' || this.chance.below(8) > 0) return seen;
    const missing = this.#fields[this.chance.below(this.#fields.length)]?.name;
    const fields = Object.entries(seen.fields).filter(([name]) => name !== missing);
    return { ...seen, fields: Object.fromEntries(fields) };
  }

  #commit(made: Plan): void {
    for (const row of made.conflicts) this.#rows.set(row.fingerprint, row);
    if (made.tombstone) this.#tombstones.push(made.tombstone);
    const isUndecided = ({ state }: Conflict): boolean =>
      state === 'open' || state === 'autoResolved';
    this.#input = {
      ...this.#input,
      entity: made.entity,
      links: made.links,
      intents: made.intents.filter(isUnsettled),
      conflicts: [...this.#rows.values()].filter(isUndecided),
    };
  }

  #send(write: Write, seen: ReadonlyMap<LinkId, number | undefined>, weather: Weather): void {
    const member = this.#memberAt(write.endpoint);
    const version = write.link && seen.get(write.link);
    for (const field of this.#fields) {
      const way = field.direction?.[write.endpoint];
      const isForbidden = way === 'in' && field.name in write.patch;
      if (isForbidden) this.violations.push(`${field.name} is written to ${write.endpoint}`);
    }
    const luck = weather === 'calm' ? 99 : this.chance.below(100);
    if (luck < 5) {
      this.#remember(write, 'armed', {});
      return;
    }
    if (luck < 10) {
      this.#remember(write, 'unknown', { sentAt: this.#now });
      return;
    }
    if (luck < 15) {
      this.#remember(write, 'unknown', { sentAt: this.#now });
      const dueAt = this.#now + this.chance.below(LATE_MS);
      this.#late.push({ dueAt, member, write, seen: version });
      return;
    }
    const landed = this.#land(member, write, version);
    if (landed === 'refused') return;
    if (luck < 22) {
      this.#remember(write, 'unknown', { sentAt: this.#now });
      return;
    }
    const item = member.items.get(landed);
    const isShown = member.versions && member.returnsItem && item !== undefined;
    const resultVersion = isShown ? { resultVersion: item.version } : {};
    this.#remember(write, 'applied', { sentAt: this.#now, link: landed, ...resultVersion });
    this.#settle(write, landed, member.returnsItem && item ? item.fields : undefined);
  }

  /** The vendor carries a write out, unless the item has changed and the vendor looks. */
  #land(member: Member, write: Write, seen: number | undefined): LinkId | 'refused' {
    const id = write.link ?? (`${write.endpoint}:${write.generation}` as LinkId);
    const item = member.items.get(id);
    if (write.op !== 'create') {
      if (!item) return write.op === 'delete' ? id : 'refused';
      if (member.versions && seen !== undefined && item.version !== seen) return 'refused';
    }
    this.#note('landed', write.endpoint, write.op, write.patch);
    if (write.op === 'delete') {
      this.#expose(item?.fields ?? {}, write.before);
      member.items.delete(id);
      return id;
    }
    const overwritten = Object.keys(write.patch).map((name) => [name, item?.fields[name] ?? null]);
    this.#expose(Object.fromEntries(overwritten) as Record<string, Value>, write.before);
    const fields: Record<string, Value> = item ? { ...item.fields } : {};
    for (const field of this.#fields) {
      const value = write.patch[field.name];
      if (value !== undefined) fields[field.name] = member.spell(field, value);
      fields[field.name] ??= null;
    }
    member.change(id, fields, this.#now + member.skewMs, Object.keys(write.patch));
    return id;
  }

  #expose(overwritten: Values, before: Values): void {
    for (const [name, value] of Object.entries(overwritten)) {
      if (same(value, before[name] ?? null)) continue;
      this.exposed += 1;
      this.ledger.overwritten(value);
    }
  }

  #remember(write: Write, state: Intent['state'], more: Partial<Intent>): void {
    this.#intents += 1;
    const id = `intent ${this.#intents}`;
    this.#sent.set(id, write);
    const intent: Intent = {
      id,
      endpoint: write.endpoint,
      op: write.op,
      patch: write.patch,
      stamps: write.stamps,
      state,
      ...(write.link ? { link: write.link } : {}),
      // What was never sent is treated as if it might have been.
      sentAt: this.#now,
      ...more,
    };
    this.#input = { ...this.#input, intents: [...this.#input.intents, intent] };
  }

  #settle(write: Write, linkId: LinkId, fields: Values | undefined): void {
    const { links } = this.#input;
    const link = links.find(({ id }) => id === linkId);
    const version = this.#memberAt(write.endpoint).items.get(linkId)?.version;
    const isVersioned = this.#memberAt(write.endpoint).versions && version !== undefined;
    const settled = settle(
      link,
      write,
      {
        linkId,
        remoteId: linkId,
        ...(fields ? { fields } : {}),
        ...(isVersioned ? { version } : {}),
      },
      this.#fields,
    );
    this.#input = {
      ...this.#input,
      links: link ? links.map((one) => (one === link ? settled : one)) : [...links, settled],
    };
  }

  /** A create without an answer is looked for; found, it is adopted; not found in time, it never was. */
  #resolveCreates(weather: Weather): void {
    for (const intent of this.#input.intents) {
      const write = this.#sent.get(intent.id);
      const isOpen = intent.state === 'unknown' || intent.state === 'armed';
      if (!write || write.op !== 'create' || !isOpen) continue;
      const member = this.#memberAt(write.endpoint);
      const id = `${write.endpoint}:${write.generation}` as LinkId;
      const isOver = this.#now > (intent.sentAt ?? 0) + HORIZON_MS;
      const isLooked = isOver || weather === 'calm' || this.chance.below(2) === 0;
      const isFound = isLooked && member.items.has(id);
      if (!isFound && !isOver) continue;
      const state: Intent['state'] = isFound ? 'applied' : 'absent';
      const intents = this.#input.intents.map((one) =>
        one === intent ? { ...one, state, observed: true } : one,
      );
      this.#input = { ...this.#input, intents: intents.filter(isUnsettled) };
      if (isFound) this.#settle(write, id, undefined);
    }
  }

  /** Late writes arrive; from then on they can be seen, but nobody is told. */
  #arrive(): void {
    const due = this.#late.filter(({ dueAt }) => dueAt <= this.#now);
    this.#late = this.#late.filter(({ dueAt }) => dueAt > this.#now);
    for (const { member, write, seen } of due) this.#land(member, write, seen);
  }

  #memberAt(endpoint: EndpointId): Member {
    const member = this.#members.find((one) => one.endpoint === endpoint);
    if (!member) throw new Error(`There is no member ${endpoint}.`);
    return member;
  }

  #note(...facts: readonly unknown[]): void {
    const line = `${this.#now} ${canonicalText(facts as Value)}`;
    this.#hash.update(`${line}\n`);
    if (process.env.TRIBUTARY_TRACE) console.log(line);
  }

  checkRest(): void {
    const { entity, links, conflicts } = this.#input;
    this.violations.push(
      ...violationsAtRest({
        entity,
        links,
        open: conflicts.filter(({ state }) => state === 'open'),
        kept: [...this.#rows.values()].filter(({ state }) => state !== 'superseded'),
        tombstones: this.#tombstones,
        holds: this.#last?.holds ?? [],
        reviews: this.#last?.reviews ?? [],
        fields: this.#fields,
        members: this.#members,
        ledger: this.ledger,
      }),
    );
  }
}

function fieldsFrom(setting: Random, members: readonly Member[]): FieldPolicy[] {
  const kinds: readonly { strategy: Strategy; parts?: 'set' | 'record' }[] = [
    { strategy: 'lastWriteWins' },
    { strategy: 'priority' },
    { strategy: 'manualReview' },
    { strategy: 'fieldLevelMerge', parts: 'set' },
    { strategy: 'fieldLevelMerge', parts: 'record' },
  ];
  return Array.from({ length: 1 + setting.below(4) }, (_, index) => {
    const kind = kinds[setting.below(kinds.length)] ?? { strategy: 'lastWriteWins' };
    const restricted = setting.below(5) === 0 ? members[setting.below(members.length)] : undefined;
    const way: Direction = setting.below(2) === 0 ? 'in' : 'out';
    return {
      name: `f${index + 1}`,
      ...kind,
      ...(restricted ? { direction: { [restricted.endpoint]: way } } : {}),
    };
  });
}
