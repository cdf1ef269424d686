/**
 * An account of HubSpot: what every CRM keeps, with its habits, and what it has beside the records:
 * labels of associations, groups of properties, archived properties, and addresses nobody may have again.
 */
import type { Clock } from '../../world/world.ts';
import { Account as CrmAccount } from '../crm/account.ts';
import type { FieldOptions } from '../crm/model.ts';
import { BASE_TYPES, fieldOf, type AssociationType } from './association-types.ts';
import { habitsOf } from './habits.ts';
import { OBJECT_TYPES, type ObjectName } from './objects.ts';
import { settingsOf, type AccountOptions, type Settings } from './options.ts';
import { GROUPS, OWNERS, STANDARD } from './properties.ts';
import { References } from './references.ts';

export interface Group {
  readonly name: string;
  readonly label: string;
  readonly displayOrder: number;
}

export class Account extends CrmAccount {
  readonly settings: Settings;
  readonly references: References;
  /** Of all kinds, in the order in which they came. */
  readonly types: AssociationType[];
  readonly groups: ReadonlyMap<ObjectName, Map<string, Group>>;
  /** By kind of records and name. */
  readonly archivedProperties = new Map<string, FieldOptions>();
  /** E-mail addresses that were to be forgotten before anybody had them. */
  readonly blocked = new Set<string>();

  constructor(options: AccountOptions, clock: Pick<Clock, 'now'>) {
    const settings = settingsOf(options);
    const types = [...BASE_TYPES];
    const { name, token } = options;
    super(
      {
        vendor: 'hubspot',
        title: 'HubSpot',
        name,
        token,
        collections: { ...collectionsOf(settings, types), owners: OWNERS },
        habits: habitsOf(settings, types),
      },
      clock,
    );
    this.settings = settings;
    this.types = types;
    this.references = new References(this);
    this.groups = new Map(
      OBJECT_TYPES.map((object) => {
        const own = { name: GROUPS[object.name], label: GROUPS[object.name], displayOrder: -1 };
        return [object.name, new Map([[own.name, own]])] as const;
      }),
    );
  }

  /** With the field that keeps it. */
  addType(type: AssociationType): void {
    this.types.push(type);
    this.collections.get(type.from)!.schema.add(fieldOf(type));
  }

  /** What is associated stays so. */
  changeType(type: AssociationType, changed: AssociationType): void {
    this.types.splice(this.types.indexOf(type), 1, changed);
  }

  removeType(type: AssociationType): void {
    this.types.splice(this.types.indexOf(type), 1);
    this.collections.get(type.from)!.schema.remove(type.path);
  }
}

function collectionsOf(
  { properties, pipelines }: Settings,
  types: readonly AssociationType[],
): Record<string, readonly FieldOptions[]> {
  const stages = pipelines.flatMap((pipeline) => pipeline.stages);
  const listed = new Map<string, readonly { id: string; label: string }[]>([
    ['pipeline', pipelines],
    ['dealstage', stages],
  ]);
  const all = OBJECT_TYPES.map(({ name }) => {
    const standard = STANDARD[name].map((field) => {
      const options = listed.get(field.path);
      if (options === undefined) return field;
      const labels = Object.fromEntries(options.map(({ id, label }) => [id, label]));
      return { ...field, options: options.map(({ id }) => id), own: { ...field.own, labels } };
    });
    const associations = types.filter(({ from }) => from === name).map(fieldOf);
    return [name, [...standard, ...(properties[name] ?? []), ...associations]] as const;
  });
  return Object.fromEntries(all);
}
