/**
 * The fields of one collection. Values are kept under a key that outlives a rename; so a field that
 * is renamed keeps its values, and one that is removed and made again starts empty.
 */
import type { Habits } from './habits.ts';
import type { FieldOptions, Given, Value, Values } from './model.ts';
import { Refused } from './refused.ts';

export interface Field extends FieldOptions {
  readonly key: string;
}

export class Schema {
  readonly #fields = new Map<string, Field>();
  readonly #store: Habits['store'];
  #made = 0;
  #edition = 0;
  #unique: readonly Field[] = [];
  #quietKeys: ReadonlySet<string> = new Set();

  constructor(fields: readonly FieldOptions[], { store }: Pick<Habits, 'store'>) {
    this.#store = store;
    for (const field of fields) this.add(field);
  }

  get fields(): Iterable<Field> {
    return this.#fields.values();
  }

  /** One more with each change of the schema. */
  get edition(): number {
    return this.#edition;
  }

  get uniqueFields(): readonly Field[] {
    return this.#unique;
  }

  field(path: string): Field | undefined {
    return this.#fields.get(path);
  }

  /** As the API lists them. */
  describe(): readonly FieldOptions[] {
    return [...this.#fields.values()].map(({ key: _key, ...field }) => field);
  }

  /** Adds a field, or puts a new one in the place of the one with this path. */
  add(field: FieldOptions): Field {
    this.#made += 1;
    const added = { ...field, key: `field${this.#made}` };
    this.#fields.set(field.path, added);
    this.#changed();
    return added;
  }

  remove(path: string): void {
    this.#fields.delete(path);
    this.#changed();
  }

  /** Its values stay. */
  change(path: string, differences: Partial<FieldOptions>): void {
    const changed = { ...this.#known(path), ...differences };
    this.#fields.delete(path);
    this.#fields.set(changed.path, changed);
    this.#changed();
  }

  /**
   * Given values by key, as they will be stored in the place of those before; `Refused` when one of
   * them cannot be.
   */
  accept(
    given: Given,
    { readOnlyToo = false, before = {} }: { readOnlyToo?: boolean; before?: Values } = {},
  ): Record<string, Value> {
    const accepted: Record<string, Value> = {};
    for (const [path, value] of Object.entries(given)) {
      const field = this.#known(path);
      if (field.readOnly === true && !readOnlyToo) {
        throw new Refused('read_only', `${path} is only to read.`, { path });
      }
      accepted[field.key] = this.#store(field, value, before[field.key] ?? null);
    }
    return accepted;
  }

  /** All fields there are, by path. */
  show(values: Values): Record<string, Value> {
    const shown: Record<string, Value> = {};
    for (const { path, key } of this.#fields.values()) shown[path] = values[key] ?? null;
    return shown;
  }

  /** Whether all values with these keys are of fields whose changes move no time. */
  areQuiet(keys: readonly string[]): boolean {
    return keys.length > 0 && keys.every((key) => this.#quietKeys.has(key));
  }

  #changed(): void {
    const fields = [...this.#fields.values()];
    this.#edition += 1;
    this.#unique = fields.filter(({ unique }) => unique === true);
    this.#quietKeys = new Set(fields.filter(({ quiet }) => quiet === true).map(({ key }) => key));
  }

  #known(path: string): Field {
    const field = this.#fields.get(path);
    if (field === undefined) {
      throw new Refused('unknown_field', `There is no field ${path}.`, { path });
    }
    return field;
  }
}
