/**
 * The way in for apps: a person lets an app in, the app trades the code for tokens, and trades its
 * refresh token for new ones before they end. A person of the emulator always lets it in.
 */
import type { World } from '../../world/world.ts';
import type { OAuthApp } from './options.ts';

const CODE_MS = 5 * 60_000;
const ACCESS_MS = 3_600_000;
/** Told a little shorter than it is. */
const EXPIRES_IN_S = 3599;
const REFRESH_MS = 60 * 86_400_000;

export class Grants {
  readonly #app: OAuthApp;
  readonly #domain: string;
  readonly #world: World;
  readonly #codes = new Map<string, number>();
  readonly #access = new Map<string, number>();
  readonly #refresh = new Map<string, number>();

  constructor(app: OAuthApp, domain: string, world: World) {
    this.#app = app;
    this.#domain = domain;
    this.#world = world;
  }

  get scopes(): readonly string[] {
    return ['base', ...this.#app.scopes.filter((scope) => scope !== 'base')];
  }

  isOf(clientId: string | null): boolean {
    return clientId === this.#app.clientId;
  }

  isBy(authorization: string | null): boolean {
    const { clientId, clientSecret } = this.#app;
    return authorization === `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
  }

  isAt(redirectUri: string | null): boolean {
    return redirectUri === this.#app.redirectUri;
  }

  /** Whether an app may do what somebody with this access token asks for. */
  admits(accessToken: string): boolean {
    return isAlive(this.#access, accessToken, this.#nowMs);
  }

  hasGiven(form: URLSearchParams): boolean {
    const [code, refresh] = [form.get('code') ?? '', form.get('refresh_token') ?? ''];
    return this.#codes.has(code) || this.#refresh.has(refresh);
  }

  /** Where the person is sent who has let the app in. */
  authorize(state: string | null): string {
    const code = this.#secret();
    this.#codes.set(code, this.#nowMs + CODE_MS);
    const url = new URL(this.#app.redirectUri);
    url.searchParams.set('code', code);
    if (state !== null) url.searchParams.set('state', state);
    return url.href;
  }

  /** Tokens for what the form has; undefined when it has nothing that is worth any. */
  trade(form: URLSearchParams): object | undefined {
    const kind = form.get('grant_type');
    if (kind === 'authorization_code') {
      const code = form.get('code') ?? '';
      const isRight =
        isAlive(this.#codes, code, this.#nowMs) && this.isAt(form.get('redirect_uri'));
      this.#codes.delete(code);
      return isRight ? this.#tokens(this.#secret()) : undefined;
    }
    const former = form.get('refresh_token') ?? '';
    if (kind !== 'refresh_token' || !isAlive(this.#refresh, former, this.#nowMs)) return undefined;
    if (this.#app.rotates === false) return this.#tokens(former);
    this.#refresh.delete(former);
    return this.#tokens(this.#secret());
  }

  #tokens(refreshToken: string): object {
    const accessToken = `v1u:${this.#secret()}`;
    this.#access.set(accessToken, this.#nowMs + ACCESS_MS);
    this.#refresh.set(refreshToken, this.#nowMs + REFRESH_MS);
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      refresh_token: refreshToken,
      scope: this.scopes.join(','),
      expires_in: EXPIRES_IN_S,
      api_domain: this.#domain,
    };
  }

  get #nowMs(): number {
    return this.#world.clock.now();
  }

  #secret(): string {
    return Buffer.from(this.#world.secretBytes(24)).toString('hex');
  }
}

function isAlive(tokens: ReadonlyMap<string, number>, token: string, nowMs: number): boolean {
  return nowMs < (tokens.get(token) ?? -Infinity);
}
