/** The objects of every workspace, with their fields, and what a custom one begins with. */
import type { FieldOptions } from '../crm/model.ts';
import { fieldOf, optionsOf, relationOf } from './fields.ts';
import { namedId } from './ids.ts';
import type { Settings } from './options.ts';

export interface ObjectMetadata {
  readonly id: string;
  readonly nameSingular: string;
  readonly namePlural: string;
  readonly labelSingular: string;
  readonly labelPlural: string;
  readonly description: string | null;
  readonly icon: string | null;
  readonly isCustom: boolean;
  readonly isSystem: boolean;
  readonly isActive: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface StandardObject extends ObjectMetadata {
  readonly fields: readonly FieldOptions[];
}

export function standardObjects(settings: Settings, at: string): readonly StandardObject[] {
  return STANDARD.map(({ singular, plural, isSystem = false, fields }) => ({
    id: namedId(`object ${singular}`),
    nameSingular: singular,
    namePlural: plural,
    labelSingular: labelOf(singular),
    labelPlural: labelOf(plural),
    description: null,
    icon: null,
    isCustom: false,
    isSystem,
    isActive: true,
    createdAt: at,
    updatedAt: at,
    fields: [...fields(settings), ...systemFields(), ...(settings.fields[plural] ?? [])],
  }));
}

/** What a custom object has from the beginning. */
export function customFields(): readonly FieldOptions[] {
  return [fieldOf('name', 'TEXT', 'Name', { defaultValue: "'Untitled'" }), ...systemFields()];
}

/** Of notes and tasks: the column that leads to this object. */
export function targetField(
  { targets, line }: Pick<Settings, 'targets' | 'line'>,
  of: 'note' | 'task',
  { singular, plural, isCustom = false }: { singular: string; plural: string; isCustom?: boolean },
): FieldOptions {
  const capital = singular.charAt(0).toUpperCase() + singular.slice(1);
  return relationOf(
    targets === 'morph' ? `target${capital}` : singular,
    {
      to: plural,
      label: capital,
      inverse: `${of}Targets`,
      inverseLabel: `${labelOf(of)}s`,
      isMorph: targets === 'morph',
    },
    { ...(line === '2.x' ? { unique: true, uniqueWith: `${of}Id` } : {}), isCustom },
  );
}

/** The same in every object; the others of that kind are in no column of their own. */
function systemFields(): readonly FieldOptions[] {
  return [
    fieldOf('position', 'POSITION', 'Position', { isSystem: true, defaultValue: 0 }),
    fieldOf('createdBy', 'ACTOR', 'Created by', { isSystem: true }),
  ];
}

const TARGETS = [
  { singular: 'person', plural: 'people' },
  { singular: 'company', plural: 'companies' },
  { singular: 'opportunity', plural: 'opportunities' },
] as const;

function targetsOf(settings: Settings, of: 'note' | 'task'): readonly FieldOptions[] {
  return [
    relationOf(of, {
      to: `${of}s`,
      label: labelOf(of),
      inverse: `${of}Targets`,
      inverseLabel: 'Relations',
      isMorph: false,
    }),
    ...TARGETS.map((target) => targetField(settings, of, target)),
  ];
}

function toMember(name: string, label: string, inverse: string): FieldOptions {
  const inverseLabel = labelOf(inverse);
  return relationOf(name, { to: 'workspaceMembers', label, inverse, inverseLabel, isMorph: false });
}

function bodyOf({ line }: Settings): FieldOptions {
  return fieldOf('bodyV2', line === '2.x' ? 'RICH_TEXT' : 'RICH_TEXT_V2', 'Body');
}

const STANDARD: readonly {
  readonly singular: string;
  readonly plural: string;
  readonly isSystem?: boolean;
  readonly fields: (settings: Settings) => readonly FieldOptions[];
}[] = [
  {
    singular: 'person',
    plural: 'people',
    fields: () => [
      fieldOf('name', 'FULL_NAME', 'Name'),
      fieldOf('emails', 'EMAILS', 'Emails', { unique: true }),
      fieldOf('phones', 'PHONES', 'Phones'),
      fieldOf('jobTitle', 'TEXT', 'Job Title'),
      fieldOf('linkedinLink', 'LINKS', 'Linkedin'),
      fieldOf('xLink', 'LINKS', 'X'),
      fieldOf('city', 'TEXT', 'City'),
      fieldOf('avatarUrl', 'TEXT', 'Avatar', { isSystem: true }),
      relationOf('company', {
        to: 'companies',
        label: 'Company',
        inverse: 'people',
        inverseLabel: 'People',
        isMorph: false,
      }),
    ],
  },
  {
    singular: 'company',
    plural: 'companies',
    fields: () => [
      fieldOf('name', 'TEXT', 'Name'),
      fieldOf('domainName', 'LINKS', 'Domain Name', { unique: true }),
      fieldOf('employees', 'NUMBER', 'Employees'),
      fieldOf('linkedinLink', 'LINKS', 'Linkedin'),
      fieldOf('xLink', 'LINKS', 'X'),
      fieldOf('annualRecurringRevenue', 'CURRENCY', 'ARR'),
      fieldOf('address', 'ADDRESS', 'Address'),
      fieldOf('idealCustomerProfile', 'BOOLEAN', 'ICP', { defaultValue: false }),
      toMember('accountOwner', 'Account Owner', 'accountOwnerForCompanies'),
    ],
  },
  {
    singular: 'opportunity',
    plural: 'opportunities',
    fields: ({ stages, line }) => [
      fieldOf('name', 'TEXT', 'Name'),
      fieldOf('amount', 'CURRENCY', 'Amount'),
      fieldOf('closeDate', 'DATE_TIME', 'Close date'),
      fieldOf('stage', 'SELECT', 'Stage', {
        options: optionsOf(stages),
        defaultValue: `'${stages[0]}'`,
        isNullable: false,
      }),
      relationOf('pointOfContact', {
        to: 'people',
        label: 'Point of Contact',
        inverse: 'pointOfContactForOpportunities',
        inverseLabel: 'Opportunities',
        isMorph: false,
      }),
      relationOf('company', {
        to: 'companies',
        label: 'Company',
        inverse: 'opportunities',
        inverseLabel: 'Opportunities',
        isMorph: false,
      }),
      ...(line === '2.x' ? [toMember('owner', 'Owner', 'ownedOpportunities')] : []),
    ],
  },
  {
    singular: 'task',
    plural: 'tasks',
    fields: (settings) => [
      fieldOf('title', 'TEXT', 'Title'),
      bodyOf(settings),
      fieldOf('dueAt', 'DATE_TIME', 'Due Date'),
      fieldOf('status', 'SELECT', 'Status', {
        options: optionsOf(['TODO', 'IN_PROGRESS', 'DONE']),
        defaultValue: `'TODO'`,
      }),
      toMember('assignee', 'Assignee', 'assignedTasks'),
    ],
  },
  {
    singular: 'note',
    plural: 'notes',
    fields: (settings) => [fieldOf('title', 'TEXT', 'Title'), bodyOf(settings)],
  },
  {
    singular: 'noteTarget',
    plural: 'noteTargets',
    isSystem: true,
    fields: (settings) => targetsOf(settings, 'note'),
  },
  {
    singular: 'taskTarget',
    plural: 'taskTargets',
    isSystem: true,
    fields: (settings) => targetsOf(settings, 'task'),
  },
  {
    singular: 'workspaceMember',
    plural: 'workspaceMembers',
    isSystem: true,
    fields: () => [
      fieldOf('name', 'FULL_NAME', 'Name'),
      fieldOf('userEmail', 'TEXT', 'User Email'),
      fieldOf('locale', 'TEXT', 'Language'),
      fieldOf('timeZone', 'TEXT', 'Time zone'),
      fieldOf('avatarUrl', 'TEXT', 'Avatar Url'),
    ],
  },
];

function labelOf(name: string): string {
  const spaced = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
