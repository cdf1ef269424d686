/**
 * One simulated system: it keeps items in its own spelling and by its own clock, and can more or less
 * of what a vendor can: count versions, look before it overwrites, answer with the item, keep history.
 */
import type {
  EndpointFacts,
  EndpointId,
  FieldPolicy,
  LinkId,
  Present,
} from '../../../runtime/core/planner/model.ts';
import { isList, same, type Value, type Values } from '../../../runtime/core/value.ts';
import type { Random } from '../../../runtime/world/world.ts';
import { marksIn } from './ledger.ts';

/** A write that is not seen after so long has not landed. */
export const HORIZON_MS = 5_000;
/** A read lags by less than this, so that it cannot hide a write past the horizon. */
const STALE_MS = 1_000;

export interface Item {
  readonly fields: Values;
  readonly version: number;
  readonly changedAt: number;
  readonly fieldChangedAt: Readonly<Record<string, number>>;
}

export class Member {
  readonly endpoint: EndpointId;
  readonly items = new Map<LinkId, Item>();
  readonly skewMs: number;
  readonly versions: boolean;
  readonly returnsItem: boolean;
  readonly #history: boolean;
  readonly #spelling: (text: string) => string;
  readonly #isDeclared: boolean;
  readonly #knownSkewMs: number;
  readonly #former = new Map<LinkId, Item[]>();

  constructor(endpoint: EndpointId, setting: Random) {
    const spellings = [
      (text: string): string => text,
      (text: string): string => text.toLowerCase(),
      (text: string): string => text.trim(),
      (text: string): string => text.slice(0, 6),
    ];
    this.endpoint = endpoint;
    this.skewMs = setting.below(3) === 0 ? setting.below(4000) - 2000 : 0;
    this.#knownSkewMs = setting.below(2) === 0 ? this.skewMs : 0;
    this.versions = setting.below(3) > 0;
    this.returnsItem = setting.below(2) === 0;
    this.#history = setting.below(2) === 0;
    this.#spelling = spellings[setting.below(spellings.length)] ?? ((text) => text);
    this.#isDeclared = setting.below(2) === 0;
  }

  facts(): EndpointFacts {
    return {
      clockOffsetMs: this.#knownSkewMs,
      clockUncertaintyMs: 0,
      answersLagMs: HORIZON_MS,
      absenceHorizonMs: HORIZON_MS,
      normalize: (_field, value) => (this.#isDeclared ? this.#spell(value) : value),
      explains: (_field, sent, readBack) => same(bare(this.#spell(sent)), bare(readBack)),
    };
  }

  /** Elements of a set are keys, and every system keeps them as they are. */
  spell(field: FieldPolicy, value: Value): Value {
    return field.parts === 'set' ? value : this.#spell(value);
  }

  #spell(value: Value): Value {
    if (typeof value === 'string') return this.#spelling(value);
    if (value === null || typeof value !== 'object' || isList(value)) return value;
    const parts = Object.entries(value).map(([part, inner]) => [part, this.#spell(inner)]);
    return Object.fromEntries(parts) as Value;
  }

  change(id: LinkId, fields: Values, at: number, names: readonly string[]): void {
    const item = this.items.get(id);
    if (item) this.#former.set(id, [...(this.#former.get(id) ?? []), item]);
    this.items.set(id, {
      fields,
      version: (item?.version ?? 0) + 1,
      changedAt: at,
      fieldChangedAt: {
        ...item?.fieldChangedAt,
        ...Object.fromEntries(names.map((name) => [name, at])),
      },
    });
  }

  /** What a replica that lags behind would still answer. */
  earlier(id: LinkId, now: number): Item | undefined {
    const item = this.items.get(id);
    const isRecent = item !== undefined && now - item.changedAt < STALE_MS;
    return isRecent ? (this.#former.get(id)?.at(-1) ?? item) : item;
  }

  observation(item: Item, takenAt: number): Present {
    return {
      kind: 'present',
      fields: item.fields,
      takenAt,
      changedAt: item.changedAt,
      ...(this.versions ? { version: item.version } : {}),
      ...(this.#history ? { fieldChangedAt: item.fieldChangedAt } : {}),
    };
  }
}

/** Without what spellings do: the mark alone tells texts apart. */
export function bare(value: Value): Value {
  return [...marksIn(value)].toSorted();
}
