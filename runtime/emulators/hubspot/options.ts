/**
 * What an account of HubSpot can be set to: its app, its plan, its settings, and the points on which
 * nobody could say how HubSpot behaves. What is left out is as in README.md.
 */
import type { FieldOptions } from '../crm/model.ts';
import type { Limit } from '../limits.ts';
import type { ObjectName } from './objects.ts';

export interface AccountOptions {
  readonly name: string;
  /** The access token; of an OAuth app, the refresh token. */
  readonly token: string;
  readonly portalId?: number;
  readonly app?: Partial<AppOptions>;
  /** Granted to the app; all there are when left out. */
  readonly scopes?: readonly string[];
  readonly plan?: Plan;
  /** Requests a day, where the plan's are too many; 0 for those of the plan. */
  readonly dailyMax?: number;
  /** Custom ones, beside those that every account has. */
  readonly properties?: Partial<Readonly<Record<ObjectName, readonly FieldOptions[]>>>;
  readonly pipelines?: readonly PipelineOptions[];
  /** By object, what an admin wants in every new record. */
  readonly required?: Partial<Readonly<Record<ObjectName, readonly string[]>>>;
  /** How long until the index of searches knows of a change: usually, and at most. */
  readonly searchLagMs?: { readonly usual: number; readonly most: number };
  /** A life cycle stage that goes back: accepted and ignored, or refused. */
  readonly lifecycleBack?: 'ignored' | 'refused';
  /** Phone numbers are stored in E.164, and wrong ones are refused. */
  readonly phoneValidation?: boolean;
  /** A new contact makes the company of its e-mail domain. */
  readonly createsCompanies?: boolean;
  /** New settings and subscriptions of webhooks count after so long at most. */
  readonly webhookCacheMs?: number;
  /** Which signature stands beside the one of version 3. */
  readonly olderSignature?: 'v1' | 'v2';
  readonly utcOffsetMinutes?: number;
  readonly horizonMs?: number;
}

export interface AppOptions {
  /** An app for one account, its replacement without webhooks, or an app with OAuth for many. */
  readonly kind: 'private' | 'serviceKey' | 'oauth';
  readonly id: number;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Opens the management of webhooks, and nothing else. */
  readonly developerKey: string;
  /** Codes that a user's consent has brought, each for one exchange. */
  readonly codes: readonly string[];
}

export type Plan = 'free' | 'professional' | 'enterprise';

export interface PipelineOptions {
  readonly id: string;
  readonly label: string;
  readonly stages: readonly {
    readonly id: string;
    readonly label: string;
    readonly probability: number;
  }[];
}

export type Settings = Required<AccountOptions> & { readonly app: AppOptions };

export function settingsOf(options: AccountOptions): Settings {
  return { ...USUAL, ...options, app: { ...APP, ...options.app } };
}

/** The three that roll and those of a day, by plan; an OAuth app has no daily one. */
export function limitsOf({ app, plan, dailyMax, utcOffsetMinutes }: Settings): readonly Limit[] {
  const { burst, daily, associations } = PLANS[plan];
  const day = { perMs: DAY_MS, refills: 'atOnce', beginsAtMs: -utcOffsetMinutes * 60_000 } as const;
  const isPublic = app.kind === 'oauth';
  return [
    {
      name: 'burst',
      capacity: isPublic ? 110 : burst,
      perMs: BURST_MS,
      refills: 'rolling',
    },
    ...(isPublic ? [] : [{ ...day, name: 'daily', capacity: dailyMax || daily }]),
    { name: 'search', capacity: 5, perMs: 1000, refills: 'rolling' },
    { name: 'associations', capacity: associations, perMs: BURST_MS, refills: 'rolling' },
    { ...day, name: 'associationsDaily', capacity: 500_000 },
  ];
}

export const BURST_MS = 10_000;
const DAY_MS = 86_400_000;

const PLANS: Readonly<Record<Plan, { burst: number; daily: number; associations: number }>> = {
  free: { burst: 100, daily: 250_000, associations: 100 },
  professional: { burst: 190, daily: 625_000, associations: 150 },
  enterprise: { burst: 190, daily: 1_000_000, associations: 150 },
};

const APP: AppOptions = {
  kind: 'private',
  id: 54_321,
  clientId: '00000000-0000-4000-8000-000000054321',
  clientSecret: 'demo-client-secret',
  developerKey: 'demo-developer-key',
  codes: [],
};

const SCOPES: readonly string[] = [
  'oauth',
  'crm.objects.owners.read',
  ...['contacts', 'companies', 'deals'].flatMap((name) =>
    ['objects', 'schemas'].flatMap((part) =>
      ['read', 'write'].map((right) => `crm.${part}.${name}.${right}`),
    ),
  ),
];

const USUAL: Omit<Settings, 'name' | 'token' | 'app'> = {
  portalId: 62_515,
  scopes: SCOPES,
  plan: 'free',
  dailyMax: 0,
  properties: {},
  pipelines: [
    {
      id: 'default',
      label: 'Sales Pipeline',
      stages: [
        { id: 'appointmentscheduled', label: 'Appointment Scheduled', probability: 0.2 },
        { id: 'qualifiedtobuy', label: 'Qualified To Buy', probability: 0.4 },
        { id: 'contractsent', label: 'Contract Sent', probability: 0.9 },
        { id: 'closedwon', label: 'Closed Won', probability: 1 },
        { id: 'closedlost', label: 'Closed Lost', probability: 0 },
      ],
    },
  ],
  required: {},
  searchLagMs: { usual: 3000, most: 30_000 },
  lifecycleBack: 'ignored',
  phoneValidation: false,
  createsCompanies: false,
  webhookCacheMs: 300_000,
  olderSignature: 'v1',
  utcOffsetMinutes: 0,
  horizonMs: 60_000,
};
