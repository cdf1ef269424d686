/**
 * What a scenario's systems and syncs look like to everybody concerned: which systems there are, and to
 * the store a set-up, which is what the engine works by.
 */
import type { EndpointId, FieldPolicy, Policy } from '../../runtime/core/planner/model.ts';
import type { Values } from '../../runtime/core/value.ts';
import type { Setup, StoredSync, SyncId, TenantId } from '../../runtime/store/store.ts';
import type { CollectionName, FieldName, PolicyScene, Scenario, SystemScene } from './scenario.ts';
import { COLLECTIONS, PATHS, STATUSES, type Inside, type System } from './system.ts';
import { vendorOf } from './vendors/vendors.ts';

export const HOOKS = 'https://hooks.test';

export function systemsOf({ tenants }: Pick<Scenario, 'tenants'>): readonly System[] {
  return tenants.flatMap(({ systems }, tenant) =>
    systems.map((scene, index): System => {
      const account = `${scene.name}-${tenant + 1}`;
      const endpoint = idOf(2, tenant * 16 + index) as EndpointId;
      const vendor = vendorOf(scene);
      return { tenant, scene, account, endpoint, vendor, nature: vendor.natureOf(scene) };
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

/** Sets up the workflow that a system has, if it has one. */
export function addWorkflow(inside: Inside, { workflow }: SystemScene): void {
  if (workflow === undefined) return;
  inside.rule('people', ({ fields: { name, status } }) => {
    if (workflow === 'reset') return status === STATUSES[0] ? undefined : { status: STATUSES[0] };
    const isShouted = typeof name !== 'string' || name === name.toUpperCase();
    return isShouted ? undefined : { name: name.toUpperCase() };
  });
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
    endpoints: systems.map(({ endpoint, account, vendor }) => ({
      id: endpoint,
      vendor: vendor.name,
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
  const members = systems.map(({ endpoint, scene, vendor }) => [
    endpoint,
    vendor.memberOf(collection, scene),
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
