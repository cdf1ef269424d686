/**
 * API keys: made through the metadata API, shown once as a token, and good until they end or are revoked.
 * The account's own token is one that a person made in the settings.
 */
import { createHmac } from 'node:crypto';
import type { Random } from '../../world/world.ts';
import { iso } from '../crm/item.ts';
import { namedId, randomId } from './ids.ts';
import type { Settings } from './options.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly roleId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What keys are good for. */
export interface Workspace {
  readonly name: string;
  readonly token: string;
  readonly workspaceId: string;
  readonly settings: Settings;
  readonly ids: Random;
  readonly nowMs: number;
}

export class ApiKeys {
  readonly #account: Workspace;
  readonly #keys = new Map<string, ApiKey>();
  readonly #owners = new Map<string, string>();

  constructor(account: Workspace) {
    this.#account = account;
  }

  get all(): readonly ApiKey[] {
    return [...this.#keys.values()];
  }

  key(id: string): ApiKey | undefined {
    return this.#keys.get(id);
  }

  /** Which role keys have here. */
  get roleId(): string {
    return namedId(`role ${this.#account.name}`);
  }

  add({ name, expiresAt }: Pick<ApiKey, 'name' | 'expiresAt'>): ApiKey {
    const at = iso(this.#account.nowMs);
    const id = randomId(this.#account.ids);
    const { roleId } = this;
    const key = { id, name, expiresAt, revokedAt: null, roleId, createdAt: at, updatedAt: at };
    this.#keys.set(id, key);
    return key;
  }

  change(
    id: string,
    differences: Partial<Pick<ApiKey, 'name' | 'expiresAt' | 'revokedAt'>>,
  ): ApiKey {
    const key = { ...this.#keys.get(id)!, ...differences, updatedAt: iso(this.#account.nowMs) };
    this.#keys.set(id, key);
    return key;
  }

  /** A new token for a key; those before it stay good. */
  tokenOf(id: string, expiresAt: string): string {
    const { workspaceId, nowMs } = this.#account;
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      sub: workspaceId,
      type: 'API_KEY',
      workspaceId,
      iat: Math.floor(nowMs / 1000),
      exp: Math.floor(Date.parse(expiresAt) / 1000),
      jti: id,
    };
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    const secret = `twenty ${workspaceId}`;
    const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    this.#owners.set(token, id);
    return token;
  }

  /** `ended` tells that it was good once; undefined that nobody knows it. */
  standing(token: string): 'good' | 'ended' | undefined {
    const { token: own, settings, nowMs } = this.#account;
    if (token === own) return nowMs < settings.keyExpiresAtMs ? 'good' : 'ended';
    const owner = this.#owners.get(token);
    const key = owner === undefined ? undefined : this.#keys.get(owner);
    if (key === undefined || key.revokedAt !== null) return undefined;
    return nowMs < Date.parse(key.expiresAt) ? 'good' : 'ended';
  }
}
