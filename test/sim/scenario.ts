/**
 * One run of the simulation as data: which systems there are and what they are like, who does what and
 * when, what goes wrong and how often. A scenario with its seed repeats a run to the letter, can be
 * written by hand, saved as JSON, and made smaller by leaving things out.
 *
 * Records are named by a code (`c0001`) that people never edit. It is a field like any other to the
 * engine, but it tells god which items are about the same person.
 */
import type { Direction, Policy, Strategy } from '../../runtime/core/planner/model.ts';
import type { Abilities } from '../../runtime/emulators/grumpy/grumpy.ts';

export interface Scenario {
  /** Decides all that chance decides while the scenario runs. */
  readonly seed: number;
  /** How long people and faults are at it. */
  readonly minutes: number;
  readonly workers: number;
  /** How often changes are asked for, and everything is compared. */
  readonly pollMinutes: number;
  readonly sweepMinutes: number;
  readonly tenants: readonly TenantScene[];
  /** In any order. */
  readonly actions: readonly Action[];
  readonly faults: Faults;
  /** The first process of the first worker dies at the first of these kill points, and so on. */
  readonly kills: readonly number[];
}

export interface TenantScene {
  /** Each is a member of the syncs of people and of companies; the first is the most trusted. */
  readonly systems: readonly SystemScene[];
  readonly records: readonly RecordScene[];
  readonly policy: PolicyScene;
}

export interface SystemScene {
  readonly name: string;
  readonly abilities: Partial<Omit<Abilities, 'uniqueFields'>>;
  readonly emailIsUnique: boolean;
  readonly webhooks: boolean;
  /** A workflow of its own: writes names in capitals, or puts each status back to the first one. */
  readonly workflow?: 'shout' | 'reset';
  /** Whether the mapping says how the system spells; if not, the engine has to work it out. */
  readonly spellingIsDeclared: boolean;
  /** A vendor that exists; without one, the system is what its abilities say. */
  readonly vendor?: VendorName;
  /** Of that vendor: in which of the ways it can be this one is. Its emulator knows them. */
  readonly habits?: Readonly<Record<string, unknown>>;
}

export type VendorName = 'hubspot' | 'pipedrive' | 'rest' | 'twenty';

export type CollectionName = 'people' | 'companies';

/** A record that is there before the first sync. */
export interface RecordScene {
  readonly collection: CollectionName;
  readonly code: string;
  readonly systems: readonly string[];
  /** In each system somebody has typed the name and the telephone number anew. */
  readonly differs: boolean;
  /** The code of the company that a person belongs to. */
  readonly company?: string;
}

export type FieldName = 'name' | 'email' | 'phone' | 'tags' | 'address' | 'status' | 'company';

export interface PolicyScene extends Pick<
  Policy,
  'onRemoteDelete' | 'onDeleteAndEdit' | 'onRemoteRestore'
> {
  readonly strategies: Partial<Record<FieldName, Strategy>>;
  readonly directions: Partial<Record<FieldName, Readonly<Record<string, Direction>>>>;
  /** Names of systems. */
  readonly deleteAuthority: readonly string[];
  readonly onRemoteMerge: 'ask' | 'follow';
  readonly onTombstoneMatch: 'ask' | 'ignore' | 'revive' | 'new';
  readonly latency: 0 | 1 | 2;
  readonly initialMerge: 'rank' | 'newest';
  /** So many in an hour, and no more before a person is asked; what is not named is not braked. */
  readonly brakes?: Partial<Record<'delete' | 'blank', number>>;
}

/** What people, admins, vendors and operators do. Whatever is not possible just then is left out. */
export type Action = { readonly at: number; readonly tenant: number } & Deed;

type Deed =
  | OfItem<'edit', { readonly field: FieldName; readonly how: How; readonly by?: 'integration' }>
  | OfItem<'create', { readonly company?: string }>
  | OfItem<'delete' | 'restore'>
  /** The items of these records are merged into the item of this one. */
  | OfItem<'merge', { readonly other: string }>
  /** Somebody copies an item; the copy gets another code some seconds later. */
  | OfItem<'clone', { readonly newCode: string }>
  /** The e-mail addresses of these records go round. */
  | OfSystem<'rotate', { readonly codes: readonly string[] }>
  | OfSystem<'forbid', { readonly collection: CollectionName; readonly forMs: number }>
  /** Nobody else's items are shown to us for a while: those of these records, or all that are there. */
  | OfSystem<
      'hide',
      {
        readonly collection: CollectionName;
        readonly codes?: readonly string[];
        readonly forMs: number;
      }
    >
  | OfSystem<'expireToken', { readonly forMs: number }>
  | OfSystem<
      'dropOption' | 'removeField' | 'renameField' | 'retypeField',
      { readonly field: FieldName }
    >
  | OfSystem<'restoreBackup', { readonly ofMsAgo: number }>
  | OfSystem<'forgeWebhook', { readonly code: string }>
  /** Somebody sends again what came from this system. */
  | OfSystem<'replayWebhooks'>
  /** The vendor fails whenever the item is read, or written. */
  | OfItem<'poison', { readonly action: 'read' | 'update'; readonly forMs: number }>
  /** Our own database is put back to what it was, for all tenants. */
  | { readonly kind: 'restoreStore'; readonly ofMsAgo: number }
  /** An operator answers what is open; `pick` chooses among the choices. `all`: not deletions alone. */
  | { readonly kind: 'decide'; readonly pick: number; readonly all?: true }
  | { readonly kind: 'replayDeadLetters' }
  | { readonly kind: 'changePolicy'; readonly policy: Partial<PolicyScene> }
  | OfWorker<'kill', { readonly afterPoints: number }>
  | OfWorker<'pause', { readonly forMs: number }>
  | OfWorker<'setClock', { readonly aheadMs: number }>
  | OfWorker<'redeploy'>;

type OfItem<Kind, More = object> = {
  readonly kind: Kind;
  readonly system: string;
  readonly collection: CollectionName;
  readonly code: string;
} & More;

type OfSystem<Kind, More = object> = { readonly kind: Kind; readonly system: string } & More;

type OfWorker<Kind, More = object> = { readonly kind: Kind; readonly worker: number } & More;

/** Types something new, empties the field, takes what another record has, or spells it differently. */
export type How = 'type' | 'clear' | 'copy' | 'respell' | 'huge';

/** How often each goes wrong, between 0 and 1; what is not named never does. */
export type Faults = Partial<Record<FaultName, number>>;

export const FAULTS = [
  'lost',
  'answerLost',
  'late',
  'slow',
  'serverError',
  'unavailable',
  'throttled',
  'busy',
  'webhookLost',
  'webhookDoubled',
  'webhookLate',
  'databaseLost',
] as const;

export type FaultName = (typeof FAULTS)[number];
