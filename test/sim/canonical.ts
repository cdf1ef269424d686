/**
 * The short stories that everything else is made of. Each is told once without trouble, and then with
 * the engine killed at each of its kill points in turn; the end has to be the same: at rest, in
 * agreement, nothing lost and nothing twice.
 */
import { scenarioOf, type Deed, type Sketch } from './build.ts';
import type { FieldName, Scenario } from './scenario.ts';

export const canonical: Readonly<Record<string, Scenario>> = Object.fromEntries(
  Object.entries(sketches()).map(([title, sketch]) => [title, scenarioOf(sketch)]),
);

function sketches(): Readonly<Record<string, Sketch>> {
  const BOTH = ['app', 'crm'];
  const ann = { c0001: BOTH };
  const blind = {
    version: 'none',
    conditionalWrites: false,
    history: false,
    fieldTimes: false,
  } as const;
  return {
    'an import into an empty system': { people: { c0001: ['app'], c0002: ['app'] } },
    'two systems that hold the same people': { people: { c0001: BOTH, c0002: BOTH } },
    'two systems that spell the same people differently': {
      people: { c0001: { systems: BOTH, differs: true } },
    },
    'two systems that hold the same people, one of which answers from the past': {
      systems: { app: {}, crm: { webhooks: false, abilities: { ...blind, readLagMs: 2_000 } } },
      people: { c0001: BOTH, c0002: BOTH },
    },
    'an edit': { people: ann, happens: [[60, edit('crm', 'name')]] },
    'edits of one field in two systems': {
      people: ann,
      happens: [[60, edit('crm', 'name'), edit('app', 'name')]],
    },
    'edits of two fields in two systems': {
      people: ann,
      happens: [[60, edit('crm', 'name'), edit('app', 'phone')]],
    },
    'three edits one after the other': {
      people: ann,
      happens: [
        [60, edit('crm', 'name')],
        [61, edit('app', 'name')],
        [62, edit('crm', 'name')],
      ],
    },
    'a choice that is left to a person': {
      people: ann,
      policy: { strategies: { name: 'manualReview' } },
      happens: [
        [60, edit('crm', 'name'), edit('app', 'name')],
        [120, { kind: 'decide', pick: 1 }],
      ],
    },
    'a new person': { happens: [[60, create('crm', 'c0001')]] },
    'a new person, entered in two systems at once': {
      happens: [[60, create('crm', 'c0001'), create('app', 'c0001')]],
    },
    'a deletion where deletions count': { people: ann, happens: [[60, remove('app')]] },
    'a deletion where they do not': { people: ann, happens: [[60, remove('crm')]] },
    'a deletion that is passed on': {
      people: ann,
      policy: { onRemoteDelete: 'propagate' },
      happens: [[60, remove('crm')]],
    },
    'a deletion that a person is asked about': {
      people: ann,
      policy: { onRemoteDelete: 'ask' },
      happens: [
        [60, remove('crm')],
        [150, { kind: 'decide', pick: 1 }],
      ],
    },
    'a deletion here and an edit there': {
      people: ann,
      happens: [[60, remove('app'), edit('crm', 'name')]],
    },
    'a deletion that somebody takes back': {
      people: ann,
      happens: [
        [60, remove('app')],
        [150, { kind: 'restore', system: 'app', collection: 'people', code: 'c0001' }],
      ],
    },
    'a merge': { people: { c0001: BOTH, c0002: BOTH }, happens: [[60, merge()]] },
    'a merge that gives a new id': {
      systems: { app: {}, crm: { abilities: { mergeGivesNewId: true } } },
      people: { c0001: BOTH, c0002: BOTH },
      happens: [[60, merge()]],
    },
    'two addresses that change places where they are unique': {
      systems: { app: { emailIsUnique: true }, crm: { emailIsUnique: true } },
      people: { c0001: BOTH, c0002: BOTH },
      happens: [[60, { kind: 'rotate', system: 'app', codes: ['c0001', 'c0002'] }]],
    },
    'three addresses that go round': {
      systems: { app: {}, crm: { emailIsUnique: true } },
      people: { c0001: BOTH, c0002: BOTH, c0003: BOTH },
      happens: [[60, { kind: 'rotate', system: 'app', codes: ['c0001', 'c0002', 'c0003'] }]],
    },
    'a tag here and a tag there': {
      people: ann,
      happens: [[60, edit('crm', 'tags'), edit('app', 'tags')]],
    },
    'parts of an address': {
      people: ann,
      happens: [[60, edit('crm', 'address'), edit('app', 'address')]],
    },
    'a person of a company': {
      companies: { c0009: ['app'] },
      people: { c0001: { systems: ['app'], company: 'c0009' } },
      happens: [[60, { kind: 'create', system: 'crm', collection: 'companies', code: 'c0008' }]],
    },
    'lost answers where markers are found': {
      systems: { app: {}, crm: { abilities: { create: 'marker', horizonMs: 10_000 } } },
      people: { c0001: ['app'] },
      faults: { answerLost: 0.3, lost: 0.1 },
      happens: [[60, edit('app', 'name'), create('app', 'c0002')]],
    },
    'lost answers where nothing marks an item': {
      systems: {
        app: {},
        crm: { abilities: { ...blind, create: 'naturalKey', horizonMs: 10_000 } },
      },
      people: { c0001: ['app'] },
      faults: { answerLost: 0.3, lost: 0.1 },
      happens: [[60, edit('app', 'name'), create('app', 'c0002'), remove('app')]],
    },
    'requests that land late': {
      people: { c0001: ['app'] },
      faults: { late: 0.3 },
      happens: [[60, edit('app', 'name'), edit('app', 'phone'), create('crm', 'c0002')]],
    },
    'a system that only lists what it has': {
      systems: { app: {}, crm: { webhooks: false, abilities: { ...blind, changes: false } } },
      people: ann,
      happens: [[60, edit('crm', 'name'), create('crm', 'c0002'), edit('app', 'phone')]],
    },
    'a system that is only asked for changes': {
      systems: { app: { webhooks: false }, crm: { webhooks: false } },
      people: ann,
      happens: [[60, edit('crm', 'name'), create('crm', 'c0002'), remove('app')]],
    },
    'a system that spells names its own way': {
      systems: {
        app: {},
        crm: {
          spellingIsDeclared: false,
          abilities: { spelling: { name: 'lower', phone: 'phone' } },
        },
      },
      people: ann,
      happens: [[60, edit('app', 'name'), edit('app', 'phone')]],
    },
    'a copied item': {
      people: ann,
      happens: [[60, { kind: 'clone', ...at('crm'), newCode: 'c0002' }]],
    },
    'permissions that are lost and come back': {
      people: { c0001: BOTH, c0002: BOTH },
      happens: [
        [60, { kind: 'forbid', system: 'crm', collection: 'people', forMs: 90_000 }],
        [70, edit('app', 'name')],
      ],
    },
    'another policy in the middle of it': {
      people: ann,
      happens: [
        [60, edit('crm', 'name'), edit('app', 'name')],
        [61, { kind: 'changePolicy', policy: { strategies: { name: 'priority' } } }],
      ],
    },
  };
}

function merge(): Deed {
  return { kind: 'merge', ...at('crm'), other: 'c0002' };
}

function at(system: string): { system: string; collection: 'people'; code: string } {
  return { system, collection: 'people', code: 'c0001' };
}

function edit(system: string, field: FieldName): Deed {
  return { kind: 'edit', ...at(system), field, how: 'type' };
}

function remove(system: string): Deed {
  return { kind: 'delete', ...at(system) };
}

function create(system: string, code: string): Deed {
  return { kind: 'create', system, collection: 'people', code };
}
