/**
 * Who asks: the token of a private app, which lasts, or one that an OAuth app has got for its refresh
 * token, which does not. Tokens are known to everybody who has one; what they may do is the app's.
 */
import { z } from 'zod';
import { RequestRefused } from '../desk.ts';
import type { World } from '../../world/world.ts';
import type { Account } from './account.ts';
import { notFound, refusal } from './refused.ts';

/** An account, and the world it is in. */
interface Host {
  readonly account: Account;
  readonly world: World;
}

/** Of an access token. It ends with the refresh token that it was given for. */
interface Life {
  readonly host: Host;
  readonly untilMs: number;
  readonly refreshToken: string;
}

const LIFE_MS = 1_800_000;

export class Tokens {
  readonly #lives = new Map<string, Life>();
  readonly #revoked = new Set<string>();
  readonly #codes = new Set<string>();

  /** A token that was given and is too old is refused here; one that nobody has is nobody's. */
  owner<Place extends Host>(token: string, hosts: readonly Place[]): Place | undefined {
    const life = this.#lives.get(token);
    if (life === undefined) {
      return hosts.find(({ account }) => !isPublic(account) && account.token === token);
    }
    const { host, untilMs, refreshToken } = life;
    const isRevoked = this.#revoked.has(refreshToken) || host.account.token !== refreshToken;
    if (!isRevoked && host.account.worldMs < untilMs) {
      return hosts.find(({ account }) => account === host.account);
    }
    throw refusal(
      401,
      'EXPIRED_AUTHENTICATION',
      'The OAuth token used to make this call has expired. Use the refresh token to get a new one.',
    );
  }

  /** Answers a new access token for a code, or for a refresh token. */
  exchange(form: Readonly<Record<string, string>>, host: Host, dated: boolean): object {
    const { settings, token: refreshToken } = host.account;
    const { clientId, clientSecret, codes } = settings.app;
    const bad = (status: string, message: string): RequestRefused =>
      new RequestRefused(400, {
        status,
        message,
        ...(dated ? { error: 'invalid_grant', error_description: message } : {}),
      });
    const isClient = form['client_id'] === clientId && form['client_secret'] === clientSecret;
    if (!isClient) throw bad('BAD_CLIENT_ID', 'missing or unknown client id');
    if (form['grant_type'] === 'authorization_code') {
      const code = form['code'] ?? '';
      if (!codes.includes(code) || this.#codes.has(code)) {
        throw bad('BAD_AUTH_CODE', 'missing or unknown auth code');
      }
      if ((form['redirect_uri'] ?? '') === '') {
        throw bad('BAD_REDIRECT_URI', 'missing or invalid redirect uri');
      }
      this.#codes.add(code);
    } else if (form['grant_type'] === 'refresh_token') {
      const isRefreshToken = form['refresh_token'] === refreshToken;
      if (!isRefreshToken || this.#revoked.has(refreshToken)) {
        throw bad('BAD_REFRESH_TOKEN', 'missing or invalid refresh token');
      }
    } else throw bad('BAD_GRANT_TYPE', 'missing or unknown grant type');
    return this.#issue(host);
  }

  info(token: string, dated: boolean): object {
    const life = this.#lives.get(token);
    if (life === undefined) throw notFound('The token does not exist.');
    const { host, untilMs } = life;
    const leftMs = untilMs - host.account.worldMs;
    const { settings } = host.account;
    return {
      ...(dated ? { active: leftMs > 0, token_use: 'access_token' } : {}),
      token,
      user: 'ada@example.test',
      hub_domain: 'example.test',
      scopes: settings.scopes,
      hub_id: settings.portalId,
      app_id: settings.app.id,
      client_id: settings.app.clientId,
      expires_in: Math.max(0, Math.floor(leftMs / 1000)),
      user_id: 9001,
      token_type: 'access',
    };
  }

  refreshInfo(host: Host): object {
    const { settings, token } = host.account;
    if (this.#revoked.has(token)) throw notFound('The token does not exist.');
    return {
      token,
      user: 'ada@example.test',
      hub_domain: 'example.test',
      scopes: settings.scopes,
      hub_id: settings.portalId,
      client_id: settings.app.clientId,
      user_id: 9001,
      token_type: 'refresh',
    };
  }

  /** A refresh token takes its access tokens with it. */
  revoke(token: string): void {
    this.#revoked.add(token);
    this.#lives.delete(token);
  }

  #issue(host: Host): object {
    const { account, world } = host;
    const accessToken = Buffer.from(world.secretBytes(96)).toString('base64url');
    const untilMs = account.worldMs + LIFE_MS;
    this.#lives.set(accessToken, { host, untilMs, refreshToken: account.token });
    return {
      token_type: 'bearer',
      refresh_token: account.token,
      access_token: accessToken,
      hub_id: account.settings.portalId,
      scopes: account.settings.scopes,
      expires_in: LIFE_MS / 1000,
    };
  }
}

function isPublic({ settings }: Host['account']): boolean {
  return settings.app.kind === 'oauth';
}

/** Whose account a form is about: by its refresh token, its code, or its client. */
export function ownerOfForm<Place extends Host>(
  form: Readonly<Record<string, string>>,
  hosts: readonly Place[],
): Place | undefined {
  const all = hosts.filter(({ account }) => isPublic(account));
  const { refresh_token: refresh, code, token, client_id: client } = form;
  return (
    all.find(({ account }) => [refresh, token].includes(account.token)) ??
    all.find(({ account }) => code !== undefined && account.settings.app.codes.includes(code)) ??
    all.find(({ account }) => account.settings.app.clientId === client) ??
    all[0]
  );
}

export const formShape = z.record(z.string(), z.string());
