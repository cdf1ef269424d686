/**
 * The only door into the runtime. Nodes and programs that use Tributary as a library come in here; what
 * is not named here may change without notice.
 */
export { TributaryError } from './core/errors.ts';

// What is the same, and who is who
export { canonicalText, same } from './core/value.ts';
export type { Value, Values } from './core/value.ts';
export { kinds, parse } from './core/values/kinds.ts';
export { compileMapping, meaningOf } from './core/mapping/mapping.ts';
export type { Mapping } from './core/mapping/mapping.ts';
export { matchKeys } from './core/match-keys.ts';
export { decideIdentity } from './core/identity.ts';
export type { Discovery, Identity, IdentityPolicy } from './core/identity.ts';
export { readMarker, writeMarker } from './core/marker.ts';

// What has to happen, and why
export { plan } from './core/planner/plan.ts';
export { settle } from './core/planner/settle.ts';
export type * from './core/planner/model.ts';
export * as reasons from './core/reasons.ts';

// The engine: looks, plans, writes; previews, applies, takes back, explains
export { openEngine } from './engine/engine.ts';
export type { Engine, EngineOptions, Work } from './engine/engine.ts';
export type { Explanation } from './engine/explaining.ts';
export type { Certificate } from './engine/sweeping.ts';
export { openQueue } from './queue/queue.ts';
export type { Drain, Queue, WorkOptions } from './queue/queue.ts';

// What is to be kept the same, as the command reads it
export { readConfig } from './cli/config/config.ts';
export { vendorConfigOf } from './cli/config/check.ts';
export { setupOf } from './cli/config/setup.ts';

// Vendors
export { connectors } from './connectors/index.ts';
export { VendorError } from './connectors/connector.ts';
export type { Connector } from './connectors/connector.ts';

// What is remembered
export { MemoryStore } from './store/memory.ts';
export { openPostgresStore } from './store/postgres.ts';
export { openEmbeddedDatabase } from './store/embedded/embedded.ts';
export type {
  Ref,
  Run,
  RunItem,
  Setup,
  Store,
  StoredEndpoint,
  StoredSync,
  SyncId,
  TenantId,
  WorkKey,
} from './store/store.ts';

// Time, chance and the network
export { systemWorld } from './world/system.ts';
export type { World } from './world/world.ts';
