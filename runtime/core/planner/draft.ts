/**
 * A plan while it is being made: the input, and beside it everything that changes. Nothing of the
 * input is ever modified; what did not change keeps its identity.
 */
import { fingerprintOf } from '../hash.ts';
import type { ConflictKind, HoldReason, ReadReason, ReviewReason } from '../reasons.ts';
import { canonicalText, type Value } from '../value.ts';
import { isFormer } from './former-values.ts';
import type {
  Cell,
  Change,
  Conflict,
  EndpointFacts,
  EndpointId,
  Entity,
  EntityId,
  FieldPolicy,
  Hold,
  Intent,
  Link,
  LinkCell,
  LinkId,
  Member,
  Origin,
  Plan,
  PlanInput,
  Present,
  ReadRequest,
  Review,
  Tombstone,
  Write,
} from './model.ts';
import { cellsOf, inParts } from './parts.ts';
import type { Stamp } from './stamp.ts';

/** One live link that takes part in this pass, and what was read there, if it was. */
export class Site {
  readonly link: Link;
  readonly member: Member;
  /** The higher, the more trusted. */
  readonly rank: number;
  readonly facts: EndpointFacts;
  readonly seen: Present | undefined;
  /** Writes to this link whose effect has not been seen yet, the oldest first. */
  readonly intents: readonly Intent[];
  /** Why this item is only read: the record left the member's filter, or a person has to decide. */
  heldBack: 'filtered-out' | 'awaiting-decision' | undefined;
  #cells: Readonly<Record<string, LinkCell>>;
  #changes: Record<string, LinkCell> | undefined;
  readonly #parts = new Map<string, ReadonlyMap<string, Value>>();

  constructor(
    link: Link,
    member: Member,
    rank: number,
    facts: EndpointFacts,
    seen: Present | undefined,
    intents: readonly Intent[],
  ) {
    this.link = link;
    this.member = member;
    this.rank = rank;
    this.facts = facts;
    this.seen = seen;
    this.intents = intents;
    this.#cells = link.cells;
  }

  get endpoint(): EndpointId {
    return this.link.endpoint;
  }

  get cells(): Readonly<Record<string, LinkCell>> {
    return this.#cells;
  }

  /**
   * What was read in a cell: a value, `null` for cleared, `undefined` when it was not read, or may be older
   * than a write of ours.
   */
  read(field: FieldPolicy, cell: string): Value | undefined {
    const value = this.#valueIn(field, cell);
    return value !== undefined && isFormer(this, field, cell, value) ? undefined : value;
  }

  #valueIn(field: FieldPolicy, cell: string): Value | undefined {
    const whole = this.seen?.fields[field.name];
    if (whole === undefined || !inParts(field)) return whole;
    let parts = this.#parts.get(field.name);
    if (!parts) this.#parts.set(field.name, (parts = cellsOf(field, whole)));
    return parts.get(cell) ?? null;
  }

  setCell(name: string, cell: LinkCell): void {
    this.#changes ??= { ...this.#cells };
    this.#changes[name] = cell;
    this.#cells = this.#changes;
  }

  dropCell(name: string): void {
    const { [name]: _dropped, ...kept } = this.#cells;
    this.#changes = kept;
    this.#cells = kept;
  }

  /** The link as it stands now: the very input when nothing changed. */
  current(): Link {
    const version = this.seen?.version;
    const newer = version !== undefined && version !== this.link.version;
    if (!this.#changes && !newer) return this.link;
    return { ...this.link, cells: this.#cells, ...(newer ? { version } : {}) };
  }
}

export class Draft {
  readonly input: PlanInput;
  readonly sites: Site[] = [];
  readonly writes: Write[] = [];
  readonly reviews: Review[] = [];
  readonly holds: Hold[] = [];
  readonly needReads: ReadRequest[] = [];
  readonly changes: Change[] = [];
  tombstone: Tombstone | undefined;
  life: Entity['life'];
  epoch: number;
  /** Rows of the input and new ones, by fingerprint, as they stand now. */
  readonly #conflicts: Map<string, Conflict>;
  readonly #contestedCells = new Set<string>();
  readonly #links = new Map<LinkId, Link>();
  readonly #intents = new Map<string, Intent>();
  #cells: Readonly<Record<string, Cell>>;
  #cellChanges: Record<string, Cell> | undefined;

  constructor(input: PlanInput) {
    this.input = input;
    this.life = input.entity.life;
    this.epoch = input.entity.epoch;
    this.#cells = input.entity.cells;
    this.#conflicts = new Map(input.conflicts.map((row) => [row.fingerprint, row]));
    for (const row of input.conflicts) if (isContested(row)) this.#contestedCells.add(row.cell);
  }

  get cells(): Readonly<Record<string, Cell>> {
    return this.#cells;
  }

  setCell(name: string, cell: Cell): void {
    this.#cellChanges ??= { ...this.#cells };
    this.#cellChanges[name] = cell;
    this.#cells = this.#cellChanges;
  }

  /** Drops a cell here and on every link. */
  forget(name: string): void {
    const { [name]: _dropped, ...kept } = this.#cells;
    this.#cellChanges = kept;
    this.#cells = kept;
    for (const site of this.sites) site.dropCell(name);
    for (const link of this.links()) {
      if (!(name in link.cells)) continue;
      const { [name]: _forgotten, ...cells } = link.cells;
      this.#links.set(link.id, { ...link, cells });
    }
  }

  /** Replaces a link that is not (or no longer) a site, or adds one. */
  setLink(link: Link): void {
    this.#links.set(link.id, link);
    const index = this.sites.findIndex((site) => site.link.id === link.id);
    if (index >= 0) this.sites.splice(index, 1);
  }

  /** All links as they stand now. */
  links(): Link[] {
    const links = this.input.links.map((link) => {
      const site = this.sites.find((candidate) => candidate.link.id === link.id);
      return site?.current() ?? this.#links.get(link.id) ?? link;
    });
    for (const link of this.#links.values()) {
      if (!links.some(({ id }) => id === link.id)) links.push(link);
    }
    return links;
  }

  setIntent(intent: Intent): void {
    this.#intents.set(intent.id, intent);
  }

  conflictsOf(cell: string): Conflict[] {
    if (this.#conflicts.size === 0) return [];
    return [...this.#conflicts.values()].filter((row) => row.cell === cell && isUndecided(row));
  }

  /** Whether a person has to choose the value of this cell. */
  isContested(cell: string): boolean {
    return this.#contestedCells.has(cell);
  }

  /** Records a conflict, or a new state of one. Rows that people have decided stay as they are. */
  report(row: Conflict): void {
    const known = this.#conflicts.get(row.fingerprint);
    if (known && (known.state === row.state || known.state === 'resolved')) return;
    this.#conflicts.set(row.fingerprint, row);
    if (isContested(row)) this.#contestedCells.add(row.cell);
    else if (row.kind === 'contested') this.#contestedCells.delete(row.cell);
  }

  hold(reason: HoldReason, endpoint: EndpointId, field?: string, waitsFor?: string): void {
    const isKnown = this.holds.some(
      (hold) => hold.reason === reason && hold.endpoint === endpoint && hold.field === field,
    );
    if (isKnown) return;
    this.holds.push({
      reason,
      endpoint,
      ...(field === undefined ? {} : { field }),
      ...(waitsFor === undefined ? {} : { waitsFor }),
    });
  }

  review(reason: ReviewReason, link: LinkId, other?: EntityId): void {
    if (this.reviews.some((known) => known.reason === reason && known.link === link)) return;
    this.reviews.push(other === undefined ? { reason, link } : { reason, link, other });
  }

  needRead(link: LinkId, reason: ReadReason): void {
    if (!this.needReads.some((request) => request.link === link)) {
      this.needReads.push({ link, reason });
    }
  }

  finish(): Plan {
    const { input } = this;
    const links = this.links();
    const before = new Map(input.conflicts.map((row) => [row.fingerprint, row]));
    const entityChanged =
      this.#cellChanges || this.life !== input.entity.life || this.epoch !== input.entity.epoch;
    return {
      entity: entityChanged
        ? { ...input.entity, life: this.life, epoch: this.epoch, cells: this.#cells }
        : input.entity,
      links:
        links.length === input.links.length && links.every((link, i) => link === input.links[i])
          ? input.links
          : links,
      intents:
        this.#intents.size === 0
          ? input.intents
          : input.intents.map((intent) => this.#intents.get(intent.id) ?? intent),
      writes: this.writes,
      conflicts: [...this.#conflicts.values()].filter((row) => before.get(row.fingerprint) !== row),
      reviews: this.reviews,
      holds: this.holds,
      needReads: this.needReads,
      changes: this.changes,
      ...(this.tombstone ? { tombstone: this.tombstone } : {}),
    };
  }
}

/** A conflict about one edit that did not win. It is named by the loser, so order cannot rename it. */
export function lostEdit(
  cell: string,
  kind: ConflictKind,
  losing: { readonly origin: Origin; readonly value: Value; readonly stamp: Stamp },
  state: 'open' | 'autoResolved',
  winner?: Value,
): Conflict {
  const name = [cell, kind, losing.origin, losing.value, losing.stamp];
  return {
    fingerprint: fingerprintOf(canonicalText(name)),
    cell,
    kind,
    state,
    losing,
    ...(winner === undefined ? {} : { winner }),
  };
}

function isUndecided(row: Conflict): boolean {
  return row.state === 'open' || row.state === 'autoResolved';
}

function isContested(row: Conflict): boolean {
  return row.kind === 'contested' && row.state === 'open';
}
