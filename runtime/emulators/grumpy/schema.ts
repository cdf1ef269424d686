/**
 * The fields of one collection. Values are kept under a key that outlives a rename; so a field that
 * is renamed keeps its values, and one that is removed and made again starts empty.
 */
import type { FieldOptions, Spelling } from './options.ts';
import { Refused } from './refused.ts';
import { stored, type Value } from './values.ts';

export type Values = Readonly<Record<string, Value>>;

export interface Field extends FieldOptions {
  readonly key: string;
}

export class Schema {
  readonly #fields = new Map<string, Field>();
  readonly #spelling: Readonly<Record<string, Spelling>>;
  #made = 0;
  /** One more with each change of the schema. */
  edition = 0;

  constructor(
    fields: readonly FieldOptions[],
    {
      unique,
      spelling,
    }: { unique: readonly string[]; spelling: Readonly<Record<string, Spelling>> },
  ) {
    this.#spelling = spelling;
    for (const field of fields) {
      this.add(unique.includes(field.path) ? { ...field, unique: true } : field);
    }
  }

  get fields(): Iterable<Field> {
    return this.#fields.values();
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
    this.edition += 1;
    return added;
  }

  remove(path: string): void {
    this.#fields.delete(path);
    this.edition += 1;
  }

  /** Its values stay. */
  change(path: string, differences: Partial<FieldOptions>): void {
    const changed = { ...this.#known(path), ...differences };
    this.#fields.delete(path);
    this.#fields.set(changed.path, changed);
    this.edition += 1;
  }

  /** Given values by key, as they will be stored; `Refused` when one of them cannot be. */
  accept(
    given: Readonly<Record<string, unknown>>,
    { readOnlyToo = false } = {},
  ): Record<string, Value> {
    const accepted: Record<string, Value> = {};
    for (const [path, value] of Object.entries(given)) {
      const field = this.#known(path);
      if (field.readOnly === true && !readOnlyToo) {
        throw new Refused('read_only', `${path} is only to read.`, { path });
      }
      accepted[field.key] = stored(field, value, this.#spelling[path]);
    }
    return accepted;
  }

  /** All fields there are, by path. */
  show(values: Values): Record<string, Value> {
    const shown: Record<string, Value> = {};
    for (const { path, key } of this.#fields.values()) shown[path] = values[key] ?? null;
    return shown;
  }

  #known(path: string): Field {
    const field = this.#fields.get(path);
    if (field === undefined) {
      throw new Refused('unknown_field', `There is no field ${path}.`, { path });
    }
    return field;
  }
}
