/**
 * What a scenario's systems, syncs and mappings look like to everybody concerned: to the emulator as
 * accounts, to the store as a set-up, to the engine as a configuration.
 */
import type { EndpointId, FieldPolicy, Policy } from '../../runtime/core/planner/model.ts';
import type { MappingConfig } from '../../runtime/core/mapping/config.ts';
import type { Values } from '../../runtime/core/value.ts';
import type {
  Abilities,
  AccountOptions,
  FieldOptions,
  Hands,
  Item,
} from '../../runtime/emulators/grumpy/grumpy.ts';
import type { Setup, StoredSync, SyncId, TenantId } from '../../runtime/store/store.ts';
import type { CollectionName, FieldName, PolicyScene, Scenario, SystemScene } from './scenario.ts';

/** One system of one tenant. */
export interface System {
  readonly tenant: number;
  readonly scene: SystemScene;
  /** As the emulator knows it; unique among all tenants. */
  readonly account: string;
  readonly endpoint: EndpointId;
}

const VENDOR = 'grumpy';
export const ORIGIN = 'https://grumpy.test';
export const HOOKS = 'https://hooks.test';
export const COLLECTIONS: readonly CollectionName[] = ['companies', 'people'];
export const STATUSES = ['lead', 'customer', 'lost'] as const;

export function systemsOf({ tenants }: Pick<Scenario, 'tenants'>): readonly System[] {
  return tenants.flatMap(({ systems }, tenant) =>
    systems.map((scene, index): System => {
      const account = `${scene.name}-${tenant + 1}`;
      const endpoint = idOf(2, tenant * 16 + index) as EndpointId;
      return { tenant, scene, account, endpoint };
    }),
  );
}

export function tenantId(tenant: number): TenantId {
  return idOf(1, tenant) as TenantId;
}

export function syncId(tenant: number, collection: CollectionName): SyncId {
  return idOf(3, tenant * 16 + COLLECTIONS.indexOf(collection)) as SyncId;
}

/** The ids of a setting are the same in every run, and no two are alike. */
function idOf(kind: number, index: number): string {
  return `00000000-0000-7000-8000-${kind}${String(index).padStart(11, '0')}`;
}

const VENDOR_FIELDS: Readonly<Record<CollectionName, readonly FieldOptions[]>> = {
  companies: [
    { path: 'code', type: 'text' },
    { path: 'name', type: 'text' },
  ],
  people: [
    { path: 'code', type: 'text' },
    { path: 'name', type: 'text' },
    { path: 'email', type: 'email' },
    { path: 'phone', type: 'phone' },
    { path: 'tags', type: 'set' },
    { path: 'address', type: 'object' },
    { path: 'status', type: 'enum', options: STATUSES },
    { path: 'companyId', type: 'reference' },
  ],
};

/** Sets up the workflow that a system has, if it has one. */
export function addWorkflow(hands: Hands, { workflow }: SystemScene): void {
  if (workflow === undefined) return;
  hands.rule('people', ({ fields: { name, status } }) => {
    if (workflow === 'reset') return status === STATUSES[0] ? undefined : { status: STATUSES[0] };
    const isShouted = typeof name !== 'string' || name === name.toUpperCase();
    return isShouted ? undefined : { name: name.toUpperCase() };
  });
}

/** Whom an item is about. */
export function codeOf(item: Pick<Item, 'fields'> | undefined): string {
  const code = item?.fields.code;
  return typeof code === 'string' ? code : '?';
}

/** Where our fields stand in an item. */
export const PATHS: Readonly<Record<FieldName, string>> = {
  name: 'name',
  email: 'email',
  phone: 'phone',
  tags: 'tags',
  address: 'address',
  status: 'status',
  company: 'companyId',
};

export function tokenOf({ account }: System): string {
  return `token-of-${account}`;
}

export function accountOf(system: System): AccountOptions {
  const { scene, account } = system;
  const uniqueFields = scene.emailIsUnique ? { uniqueFields: { people: ['email'] } } : {};
  return {
    name: account,
    token: tokenOf(system),
    abilities: { ...scene.abilities, ...uniqueFields },
    collections: VENDOR_FIELDS,
  };
}

export function setupOf(
  scenario: Scenario,
  tenant: number,
  changes: Partial<PolicyScene> = {},
  version = 1,
): Setup {
  const scene = scenario.tenants[tenant]!;
  const policy = { ...scene.policy, ...changes };
  const systems = systemsOf(scenario).filter((each) => each.tenant === tenant);
  return {
    tenant: { id: tenantId(tenant), name: `Tenant ${tenant + 1}`, createdAt: 0 },
    endpoints: systems.map(({ endpoint, account }) => ({
      id: endpoint,
      vendor: VENDOR,
      title: account,
      status: 'ok',
      settings: {},
    })),
    syncs: COLLECTIONS.map((collection) => syncOf(tenant, collection, systems, policy, version)),
  };
}

function syncOf(
  tenant: number,
  collection: CollectionName,
  systems: readonly System[],
  policy: PolicyScene,
  version: number,
): StoredSync {
  const { onRemoteMerge, onTombstoneMatch, latency } = policy;
  const members = systems.map(({ endpoint, scene }) => [
    endpoint,
    { collection, mapping: mappingOf(collection, scene) },
  ]);
  const settings = {
    members: Object.fromEntries(members) as Values,
    match: [
      collection === 'people' ? { field: 'email', kind: 'email' } : { field: 'code', kind: 'xid' },
    ],
    ...(collection === 'people' ? { references: { company: syncId(tenant, 'companies') } } : {}),
    identity: { onTombstoneMatch },
    onRemoteMerge,
    latency,
    // Small worlds: a brake at two percent would stop all of them.
    brakes: {
      delete: brakeOf(policy.brakes?.delete),
      create: brakeOf(),
      blank: brakeOf(policy.brakes?.blank),
    },
  };
  return {
    id: syncId(tenant, collection),
    title: collection,
    status: 'enabled',
    policy: policyOf(collection, systems, policy, version),
    settings,
  };
}

function brakeOf(least?: number): Values {
  return least === undefined ? { least: 1000 } : { least, share: 0 };
}

function policyOf(
  collection: CollectionName,
  systems: readonly System[],
  policy: PolicyScene,
  version: number,
): Policy {
  const byName = new Map(systems.map(({ scene, endpoint }) => [scene.name, endpoint]));
  const { onRemoteDelete, onDeleteAndEdit, onRemoteRestore } = policy;
  return {
    version,
    members: systems.map(({ endpoint }) => ({
      endpoint,
      create: true,
      delete: true,
      onFilterLeft: 'hold',
    })),
    fields: fieldsOf(collection).map((name) =>
      fieldPolicy(name, policy, collection === 'people', byName),
    ),
    deleteAuthority: policy.deleteAuthority.map((name) => byName.get(name)!),
    onRemoteDelete,
    onDeleteAndEdit,
    onRemoteRestore,
  };
}

function fieldsOf(collection: CollectionName): readonly (FieldName | 'code')[] {
  if (collection === 'companies') return ['code', 'name'];
  return ['code', ...(Object.keys(PATHS) as FieldName[])];
}

function fieldPolicy(
  name: FieldName | 'code',
  { strategies, directions, initialMerge }: PolicyScene,
  isOfPeople: boolean,
  byName: ReadonlyMap<string, EndpointId>,
): FieldPolicy {
  if (name === 'code') return { name, strategy: 'lastWriteWins' };
  const ways = isOfPeople ? Object.entries(directions[name] ?? {}) : [];
  const direction = Object.fromEntries(ways.map(([system, way]) => [byName.get(system)!, way]));
  const parts = name === 'tags' ? 'set' : name === 'address' ? 'record' : undefined;
  const strategy = strategies[name] ?? (parts ? 'fieldLevelMerge' : 'lastWriteWins');
  return {
    name,
    strategy,
    ...(parts ? { parts } : {}),
    ...(name === 'company' ? { reference: true } : {}),
    ...(ways.length > 0 ? { direction } : {}),
    initialMerge,
  };
}

const ADDRESS = { city: { kind: 'text' }, street: { kind: 'text' } };

function mappingOf(
  collection: CollectionName,
  { abilities, spellingIsDeclared }: SystemScene,
): MappingConfig & Values {
  const { spelling = {} } = abilities;
  const vendor = (path: string): object =>
    spellingIsDeclared ? { vendor: declared(spelling[path]) } : {};
  const text = (path: string): object => ({ kind: 'text', path, ...vendor(path) });
  const fields =
    collection === 'companies'
      ? { code: text('code'), name: text('name') }
      : {
          code: text('code'),
          name: text('name'),
          email: { kind: 'email', path: 'email', ...vendor('email') },
          phone: { kind: 'phone', options: { region: 'HU' }, path: 'phone' },
          tags: { kind: 'set', options: { element: { kind: 'text' } }, path: 'tags' },
          address: {
            kind: 'composite',
            options: { parts: ADDRESS },
            parts: { city: { path: 'address.city' }, street: { path: 'address.street' } },
          },
          status: { kind: 'enum', options: { values: STATUSES }, path: 'status' },
          company: { kind: 'reference', path: 'companyId' },
        };
  const people = collection === 'people' ? { replacedWhole: ['address'] } : {};
  return { ...people, fields } as unknown as MappingConfig & Values;
}

function declared(spelling: Abilities['spelling'][string] | undefined): object {
  if (spelling === 'lower') return { lowerCase: true };
  if (spelling === 'trim') return { trim: true };
  return spelling?.startsWith('cut:') ? { maxLength: Number(spelling.slice(4)) } : {};
}
