/**
 * A system as the simulator sees it, whatever vendor it is of: what it is like, what people do in it and
 * what is true in it, and how it is reached. All of it is told in the simulator's own words: people and
 * companies, with the fields that `PATHS` names. What a vendor calls them is known in vendors/ alone.
 */
import type { MappingConfig } from '../../runtime/core/mapping/config.ts';
import type { EndpointId } from '../../runtime/core/planner/model.ts';
import type { Values } from '../../runtime/core/value.ts';
import type { Circumstances } from '../../runtime/emulators/emulator.ts';
import type { Hands, Item } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { Action, CollectionName, FieldName, SystemScene } from './scenario.ts';

/** One system of one tenant. */
export interface System {
  readonly tenant: number;
  readonly scene: SystemScene;
  /** As the emulator knows it; unique among all tenants. */
  readonly account: string;
  readonly endpoint: EndpointId;
  readonly vendor: Vendor;
  readonly nature: Nature;
}

export interface Vendor {
  /** Of the connector. */
  readonly name: string;
  natureOf(scene: SystemScene): Nature;
  /** What a sync has to know of a member that is one of its systems. */
  memberOf(collection: CollectionName, scene: SystemScene): MemberScene;
  /** Whether people, operators and mischief can do this in it; what cannot be done is left out. */
  can(deed: Action, scene: SystemScene): boolean;
  /** Begins a new one, with nobody in it. */
  start(system: Pick<System, 'account' | 'scene'>, circumstances: Circumstances): Site;
}

export interface MemberScene {
  readonly collection: string;
  readonly mapping: MappingConfig & Values;
}

/** What a system is like, as far as it decides what an engine could have known or done. */
export interface Nature {
  readonly readLagMs: number;
  readonly searchLagMs: number;
  readonly changesLagMs: number;
  /** A write can look before it overwrites, or what was overwritten can be looked up. */
  readonly isGuarded: boolean;
  /** Nothing tells whom we have made an item for but its e-mail address. */
  readonly hasOnlyKeys: boolean;
  readonly hasArchive: boolean;
  readonly tellsMerges: boolean;
  readonly mergeGivesNewId: boolean;
}

/** A system that runs. */
export interface Site {
  readonly inside: Inside;
  /** Where it answers. */
  readonly origin: string;
  handle(request: Request): Promise<Response>;
  /** Of all that answer there; `token` is the one it takes just now. */
  isCalled(request: Request, token: string): boolean;
  /** What a witness has to know of a request; undefined for everything else. */
  aboutOf(request: Request): About | undefined;
  /** What its connector is opened with. */
  configOf(token: string): unknown;
  /** The simulator's word for a collection of the connector. */
  collectionNamed(name: string): CollectionName | undefined;
  /** Whoever runs it has all changes told to this address. Missing where nobody can be told. */
  subscribe?(url: string, token: string): Promise<void>;
  /** A delivery that it has never sent. */
  forged?(nowMs: number): { readonly headers: Record<string, string>; readonly body: string };
}

export type About =
  /** Items are read by their ids. */
  { readonly kind: 'read' } | { readonly kind: 'create'; readonly collection: CollectionName };

/** What people and operators do in a system, and what is true in it: at once, and without an API. */
export type Inside = Pick<Hands, keyof Hands>;

/** By its account. */
export type InsideOf = (system: Pick<System, 'account'>) => Inside;

export const COLLECTIONS: readonly CollectionName[] = ['companies', 'people'];
export const STATUSES = ['lead', 'customer', 'lost'] as const;

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

/** Whom an item is about. */
export function codeOf(item: Pick<Item, 'fields'> | undefined): string {
  const code = item?.fields.code;
  return typeof code === 'string' ? code : '?';
}

/** The token that it takes at first. */
export function tokenOf({ account }: Pick<System, 'account'>): string {
  return `token-of-${account}`;
}

/** What deliveries are signed with. */
export function hookSecretOf({ account }: Pick<System, 'account'>): string {
  return `hooks of ${account}`;
}
