/**
 * A workspace of Twenty: what every CRM keeps, the objects that its metadata tells of, its API keys, and
 * records as its API shows them.
 */
import type { Random, World } from '../../world/world.ts';
import { Account as CrmAccount } from '../crm/account.ts';
import type { Collection } from '../crm/collection.ts';
import { iso } from '../crm/item.ts';
import { habitsOf } from './habits.ts';
import { ApiKeys } from './api-keys.ts';
import { namedId } from './ids.ts';
import { customFields, standardObjects, targetField, type ObjectMetadata } from './objects.ts';
import { settingsOf, type AccountOptions, type Settings } from './options.ts';

export class Account extends CrmAccount {
  readonly settings: Settings;
  readonly workspaceId: string;
  readonly keys: ApiKeys;
  readonly ids: Random;
  /** By their plural names, as collections are. */
  readonly objects = new Map<string, ObjectMetadata>();

  constructor(options: AccountOptions, world: World) {
    const settings = settingsOf(options);
    const { name, token } = options;
    const ids = world.random(`twenty:${name}:ids`);
    const objects = standardObjects(settings, iso(world.clock.now()));
    super(
      {
        vendor: 'twenty',
        title: 'Twenty',
        name,
        token,
        collections: Object.fromEntries(objects.map((one) => [one.namePlural, one.fields])),
        habits: habitsOf({
          settings,
          ids,
          fieldsOf: (collection) => this.collections.get(collection)!.schema.fields,
          nextPosition: (collection) => this.collections.get(collection)!.entries.length + 1,
        }),
      },
      world.clock,
    );
    this.settings = settings;
    this.ids = ids;
    this.workspaceId = namedId(`workspace ${name}`);
    this.keys = new ApiKeys(this);
    for (const { fields: _fields, ...object } of objects) {
      this.objects.set(object.namePlural, object);
    }
  }

  objectNamed(singular: string): ObjectMetadata | undefined {
    return [...this.objects.values()].find(({ nameSingular }) => nameSingular === singular);
  }

  /** With the columns of notes and tasks that lead to it. */
  addObject(object: ObjectMetadata): void {
    const { nameSingular, namePlural } = object;
    this.objects.set(namePlural, object);
    this.addCollection(namePlural, customFields());
    const target = { singular: nameSingular, plural: namePlural, isCustom: true };
    for (const kind of ['note', 'task'] as const) {
      this.#targets(kind).schema.add(targetField(this.settings, kind, target));
    }
  }

  /** With its records, and everything that leads to them. */
  removeObject({ namePlural }: ObjectMetadata): void {
    this.objects.delete(namePlural);
    this.removeCollection(namePlural);
    for (const { schema } of this.collections.values()) {
      const leading = [...schema.fields].filter(({ to }) => to === namePlural);
      for (const { path } of leading) schema.remove(path);
    }
  }

  #targets(kind: 'note' | 'task'): Collection {
    return this.collections.get(`${kind}Targets`)!;
  }
}
