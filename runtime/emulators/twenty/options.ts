/**
 * What an account of Twenty can be set to: which line of versions its server is of, what the role of the
 * API key allows, and the points on which versions differ or nobody could say. What is left out is as in
 * README.md.
 */
import type { FieldOptions } from '../crm/model.ts';

export interface AccountOptions {
  readonly name: string;
  /** The API key. */
  readonly token: string;
  /** Decides the following ones, as far as they are not named. */
  readonly line?: '1.x' | '2.x';
  /** How notes and tasks name what they are about: `personId`, or `targetPersonId`. */
  readonly targets?: 'plain' | 'morph';
  /** Where restoring is: `/rest/restore/people`, where one record alone never worked, or `/rest/people/restore`. */
  readonly restoring?: 'before' | 'after';
  /** What a text without anything in it is shown as. */
  readonly emptyTexts?: 'text' | 'null';
  /** How the metadata API answers. */
  readonly metadataAnswers?: 'wrapped' | 'bare';
  /** Without the right one a delete is for good. */
  readonly softDeleteParameter?: 'soft_delete' | 'softDelete';
  /** Deleting and restoring move the time of the last change. */
  readonly deletingMovesTime?: boolean;
  /** The name of the API key, and when it ends. */
  readonly keyName?: string;
  readonly keyExpiresAtMs?: number;
  readonly role?: Partial<Role>;
  readonly limits?: Partial<Rates>;
  /** So many records may be created in one request. */
  readonly batchMax?: number;
  /** Webhooks to private addresses are never sent. */
  readonly blocksPrivateTargets?: boolean;
  readonly stages?: readonly string[];
  /** Custom ones by the plural name of the object, as `customField` makes them. */
  readonly fields?: Readonly<Record<string, readonly FieldOptions[]>>;
  readonly horizonMs?: number;
}

/** What the key may do. */
export interface Role {
  readonly dataModel: boolean;
  readonly webhooks: boolean;
  /** By the plural name of the object; what is not named may be done. */
  readonly denied: Readonly<Record<string, readonly Permission[]>>;
  /** These fields are not there for it. */
  readonly hiddenFields: Readonly<Record<string, readonly string[]>>;
}

export type Permission = 'read' | 'update' | 'softDelete' | 'destroy';

/** Calls in a second, and in a minute. */
export interface Rates {
  readonly short: number;
  readonly long: number;
}

export interface Settings extends Required<Omit<AccountOptions, 'name' | 'token'>> {
  readonly role: Role;
  readonly limits: Rates;
}

export function settingsOf(options: AccountOptions): Settings {
  const { line = '2.x' } = options;
  const { name: _name, token: _token, ...given } = options;
  return {
    ...(line === '2.x' ? NEWER : OLDER),
    line,
    softDeleteParameter: 'soft_delete',
    deletingMovesTime: false,
    keyName: 'sync key',
    keyExpiresAtMs: Infinity,
    batchMax: 200,
    blocksPrivateTargets: false,
    stages: ['NEW', 'SCREENING', 'MEETING', 'PROPOSAL', 'CUSTOMER'],
    fields: {},
    horizonMs: 60_000,
    ...given,
    role: { dataModel: true, webhooks: true, denied: {}, hiddenFields: {}, ...options.role },
    limits: { short: 100, long: 100, ...options.limits },
  };
}

const OLDER = {
  targets: 'plain',
  restoring: 'before',
  emptyTexts: 'text',
  metadataAnswers: 'wrapped',
} as const;
const NEWER = {
  targets: 'morph',
  restoring: 'after',
  emptyTexts: 'null',
  metadataAnswers: 'wrapped',
} as const;

export const LIMIT_MS = { short: 1000, long: 60_000 } as const;

export function limitText({ limits }: Settings, name: string): string {
  const its = name === 'short' ? 'short' : 'long';
  return `Limit reached (${limits[its]} tokens per ${LIMIT_MS[its]} ms)`;
}
