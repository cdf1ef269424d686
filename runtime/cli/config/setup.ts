/**
 * What the file says, in the words of the store and the engine. Nothing secret goes in: what connectors
 * are opened with stays in the file and in memory.
 */
import type { MappingConfig } from '../../core/mapping/config.ts';
import type {
  Direction,
  EndpointId,
  FieldPolicy,
  Filter,
  Member,
  Policy,
} from '../../core/planner/model.ts';
import type { Values } from '../../core/value.ts';
import type { Setup, StoredEndpoint, StoredSync } from '../../store/store.ts';
import { endpointIdOf, syncIdOf, tenantIdOf } from './names.ts';
import {
  inFull,
  type Config,
  type FieldConfig,
  type MemberConfig,
  type SyncConfig,
} from './schema.ts';

/** `known` is what the store has: when it was first seen, and what was learnt since. */
export function setupOf(config: Config, now: number, known?: Setup): Setup {
  const id = tenantIdOf(config.tenant);
  const learnt = new Map(known?.endpoints.map((endpoint) => [endpoint.id, endpoint.settings]));
  return {
    tenant: { id, name: config.tenant, createdAt: known?.tenant.createdAt ?? now },
    endpoints: Object.entries(config.accounts).map(([title, { vendor }]): StoredEndpoint => {
      const endpoint = endpointOf(config, title);
      return { id: endpoint, vendor, title, status: 'ok', settings: learnt.get(endpoint) ?? {} };
    }),
    syncs: Object.entries(config.syncs).map(([title, sync]) => storedSync(config, title, sync)),
  };
}

export function endpointOf({ tenant, accounts }: Config, account: string): EndpointId {
  return endpointIdOf(tenant, accounts[account]?.id ?? account);
}

function syncOf({ tenant, syncs }: Config, sync: string): StoredSync['id'] {
  return syncIdOf(tenant, syncs[sync]?.id ?? sync);
}

/** How one member's items are mapped: what a field is, from the sync; where it stands, from the member. */
export function mappingOf(sync: SyncConfig, member: MemberConfig): MappingConfig {
  const fields = Object.entries(member.fields).map(([name, at]) => {
    const field = sync.fields[name];
    const { kind = 'text', ...rest } = field === undefined ? {} : inFull(field);
    const options = optionsOf({ kind, ...rest });
    const place = typeof at === 'string' ? { path: at } : at;
    return [name, { ...place, kind, ...(options === undefined ? {} : { options }) }];
  });
  return {
    ...(member.absent === undefined ? {} : { absent: member.absent }),
    ...(member.replacedWhole === undefined ? {} : { replacedWhole: member.replacedWhole }),
    fields: Object.fromEntries(fields) as MappingConfig['fields'],
  };
}

/** A set without options is one of texts. */
function optionsOf({ kind, options }: Pick<FieldConfig, 'kind' | 'options'>): unknown {
  return kind === 'set' && options === undefined ? { element: { kind: 'text' } } : options;
}

export const LATENCIES = { immediate: 0, batched: 1, relaxed: 2, daily: 3 } as const;

function storedSync(config: Config, title: string, sync: SyncConfig): StoredSync {
  const members = Object.entries(sync.members).map(([account, member]) => [
    endpointOf(config, account),
    { collection: member.collection, mapping: mappingOf(sync, member) },
  ]);
  const fields = Object.entries(sync.fields).map(([name, field]) => [name, inFull(field)] as const);
  const references = fields.flatMap(([name, { to }]) =>
    to === undefined ? [] : [[name, syncOf(config, to)] as const],
  );
  const settings = {
    members: Object.fromEntries(members) as object,
    match: fields.flatMap(([field, { kind, match }]) =>
      match === false ? [] : [{ field, kind: match === true ? keyKindOf(kind) : match }],
    ),
    matching: sync.matching,
    identity: sync.identity,
    references: Object.fromEntries(references) as object,
    onRemoteMerge: sync.merges,
    latency: LATENCIES[sync.latency],
    brakes: sync.brakes,
    ...(sync.placeholderDomain === undefined ? {} : { placeholderDomain: sync.placeholderDomain }),
  };
  const { status } = sync;
  const policy = policyOf(config, sync);
  // Through JSON, as it will be stored: settings that are not set are not there.
  const stored = JSON.parse(JSON.stringify(settings)) as Values;
  return { id: syncOf(config, title), title, status, policy, settings: stored };
}

/** What kind of key the values of a field make, where the file only says that they are keys. */
function keyKindOf(kind: string): 'email' | 'phone' | 'domain' | 'xid' {
  return kind === 'email' || kind === 'phone' || kind === 'domain' ? kind : 'xid';
}

function policyOf(config: Config, sync: SyncConfig): Policy {
  const { authority, elsewhere, edited, restored } = sync.deletes;
  return {
    version: 1,
    members: Object.entries(sync.members).map(([account, member]) =>
      memberOf(endpointOf(config, account), member),
    ),
    fields: Object.keys(sync.fields).map((name) => fieldOf(config, sync, name)),
    deleteAuthority: authority.map((account) => endpointOf(config, account)),
    onRemoteDelete: elsewhere,
    onDeleteAndEdit: edited,
    onRemoteRestore: restored,
  };
}

function memberOf(endpoint: EndpointId, member: MemberConfig): Member {
  const filter: Filter = Object.entries(member.filter).map(([field, accepted]) => ({
    field,
    in: Array.isArray(accepted) ? accepted : [accepted],
  }));
  return {
    endpoint,
    create: member.create,
    delete: member.delete,
    ...(filter.length > 0 ? { filter } : {}),
    onFilterLeft: member.onFilterLeft,
  };
}

function fieldOf(config: Config, sync: SyncConfig, name: string): FieldPolicy {
  const field = inFull(sync.fields[name]!);
  const { kind, order, initialMerge } = field;
  const parts = kind === 'set' ? 'set' : kind === 'composite' ? 'record' : undefined;
  const strategy = field.strategy ?? (parts ? 'fieldLevelMerge' : 'lastWriteWins');
  const directions = Object.entries(sync.members).flatMap(([account, { fields }]) => {
    const direction = directionAt(fields[name]);
    return direction === 'both' ? [] : [[endpointOf(config, account), direction] as const];
  });
  return {
    name,
    strategy,
    ...(parts ? { parts } : {}),
    ...(kind === 'reference' ? { reference: true } : {}),
    ...(directions.length > 0 ? { direction: Object.fromEntries(directions) } : {}),
    ...(order ? { order: order.map((account) => endpointOf(config, account)) } : {}),
    ...(initialMerge ? { initialMerge } : {}),
    ...(field.default === undefined ? {} : { default: field.default }),
  };
}

/** A field that an account does not map is not kept there. */
function directionAt(at: MemberConfig['fields'][string] | undefined): Direction {
  if (at === undefined) return 'off';
  return typeof at === 'string' ? 'both' : (at.direction ?? 'both');
}
