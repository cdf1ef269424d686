/** What people configured, and what accounts keep, as a store takes and gives it. */
import type { EndpointId, Policy } from '../core/planner/model.ts';
import type { Values } from '../core/value.ts';

export type TenantId = string & { readonly brand: 'TenantId' };
export type SyncId = string & { readonly brand: 'SyncId' };

export interface Setup {
  readonly tenant: Tenant;
  readonly endpoints: readonly StoredEndpoint[];
  readonly syncs: readonly StoredSync[];
}

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly createdAt: number;
}

export interface StoredEndpoint {
  readonly id: EndpointId;
  readonly vendor: string;
  readonly title: string;
  readonly status: 'ok' | 'paused' | 'unauthorized';
  /** What was declared and what was learnt, such as how far its clock is off. Never secrets. */
  readonly settings: Values;
}

/** What an account has to know when the process has died. It is sealed before a store gets it. */
export interface Keepsake {
  readonly endpoint: EndpointId;
  readonly name: string;
  readonly sealed: string;
}

export interface StoredSync {
  readonly id: SyncId;
  readonly title: string;
  readonly status: 'preview' | 'enabled' | 'paused';
  readonly policy: Policy;
  readonly settings: Values;
}
