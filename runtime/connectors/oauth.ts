/**
 * The token of OAuth 2, which a vendor gives for a while and renews on request.
 *
 * Promises: it is renewed before it expires, and once after the vendor refused it; calls that need it at
 * the same time share one renewal. What the vendor gives is saved before it is used, so that a refresh
 * token that works once only is not lost with the process; if it cannot be saved, the calls fail, and
 * the next one tries to save it again. Another process that renews the same token is noticed: what it has
 * saved is used. When nothing helps but a person, the error is `unauthorized` and says so.
 */
import { z } from 'zod';
import { fingerprintOf } from '../core/hash.ts';
import type { World } from '../world/world.ts';
import { basicAuth, type Auth } from './auth.ts';
import { VendorError, type Memory } from './connector.ts';
import type { Meaning } from './failures.ts';
import { restClient, type Rest } from './http.ts';

export interface OAuthOptions {
  readonly world: World;
  readonly vendor: string;
  /** Names the login in errors. */
  readonly account: string;
  /** Of the vendor's token end point, such as `https://api.hubapi.com/oauth/v1/token`. */
  readonly tokenUrl: string;
  readonly hosts?: readonly string[];
  readonly client: {
    readonly id: string;
    readonly secret: string;
    /** Whether the two are sent as members of the form, or in a header. */
    readonly as: 'form' | 'basic';
  };
  /** What was saved last, or what a person got when they logged in. */
  readonly load: () => Promise<Tokens>;
  readonly save: (tokens: Tokens) => Promise<void>;
}

export interface Tokens {
  readonly refreshToken: string;
  readonly accessToken?: string;
  /** When it is time for a new one, by our clock. */
  readonly renewAt?: number;
}

export function oauth(options: OAuthOptions): Auth {
  const { world, load, save, client } = options;
  const secrets = new Set([client.secret]);
  const rest = tokenEndPoint(options, secrets);
  /** What calls are made with; it has been saved. */
  let current: Tokens | undefined;
  let unsaved: Tokens | undefined;
  let renewing: Promise<Tokens> | undefined;

  async function usable(): Promise<Tokens> {
    current ??= known(await load());
    return unsaved === undefined && isGood(current) ? current : renewed();
  }

  /** One renewal at a time; who comes meanwhile gets the same. */
  function renewed(): Promise<Tokens> {
    renewing ??= renew().finally(() => (renewing = undefined));
    return renewing;
  }

  async function renew(): Promise<Tokens> {
    if (unsaved === undefined) {
      const stored = known(await load());
      const isNews = stored.accessToken !== current?.accessToken && isGood(stored);
      if (isNews) return (current = stored);
      const given = await exchanged(stored);
      if ('saved' in given) return (current = given.saved);
      unsaved = known(given);
    }
    await save(unsaved);
    current = unsaved;
    unsaved = undefined;
    return current;
  }

  async function exchanged({ refreshToken }: Tokens): Promise<Tokens | { readonly saved: Tokens }> {
    const askedAt = world.clock.now();
    const who = client.as === 'form' ? { client_id: client.id, client_secret: client.secret } : {};
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, ...who };
    try {
      const given = await rest.send({ method: 'POST', path: [], form, answer, writes: false });
      const lifeMs = given.expires_in * 1_000;
      return {
        refreshToken: given.refresh_token ?? refreshToken,
        accessToken: given.access_token,
        renewAt: askedAt + Math.max(lifeMs - EARLY_MS, lifeMs / 2),
      };
    } catch (error) {
      if (!(error instanceof VendorError) || error.kind !== 'unauthorized') throw error;
      const saved = await savedByAnother(refreshToken);
      if (saved === undefined) throw error;
      return { saved };
    }
  }

  /**
   * A refresh token that works once only may have been used up by another process, which saves what it got,
   * though perhaps not at once.
   */
  async function savedByAnother(refreshToken: string): Promise<Tokens | undefined> {
    const until = world.clock.monotonicMs() + SAVING_MS;
    for (;;) {
      const saved = known(await load());
      if (saved.refreshToken !== refreshToken && isGood(saved)) return saved;
      if (world.clock.monotonicMs() >= until) return undefined;
      await world.schedule.sleep(SAVING_MS / 10);
    }
  }

  function isGood({ accessToken, renewAt = 0 }: Tokens): boolean {
    return accessToken !== undefined && world.clock.now() < renewAt;
  }

  function known(tokens: Tokens): Tokens {
    secrets.add(tokens.refreshToken);
    if (tokens.accessToken !== undefined) secrets.add(tokens.accessToken);
    return tokens;
  }

  return {
    headers: async () => headersWith(await usable()),
    get secrets() {
      return [...secrets];
    },
    async renew(refusedHeaders) {
      // Of the calls that were refused together, the first one renews it.
      const latest = current && headersWith(current).authorization;
      if (refusedHeaders['authorization'] === latest) await renewed();
      return true;
    },
  };
}

/** Keeps the tokens in the memory of the account; without one, for as long as the process lives. */
export function keptTokens(
  /** What a person got when they logged in. Another one means that they did so again. */
  refreshToken: string,
  memory: Memory | undefined,
): Pick<OAuthOptions, 'load' | 'save'> {
  const origin = fingerprintOf(refreshToken);
  let kept: Tokens | undefined;
  return {
    async load() {
      if (memory === undefined) return kept ?? { refreshToken };
      const { data } = remembered.safeParse(await memory.load(TOKENS));
      return data?.origin === origin ? (data.tokens as Tokens) : { refreshToken };
    },
    async save(tokens) {
      kept = tokens;
      await memory?.save(TOKENS, { origin, tokens: { ...tokens } });
    },
  };
}

/** Under which name the memory has them. */
const TOKENS = 'tokens';

const remembered = z.object({
  origin: z.string(),
  tokens: z.object({
    refreshToken: z.string(),
    accessToken: z.string().optional(),
    renewAt: z.number().optional(),
  }),
});

/** So that it does not expire on the way. */
const EARLY_MS = 60_000;
/** Within this a process has saved what the vendor gave it. */
const SAVING_MS = 5_000;

const answer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.coerce.number().positive(),
});

function headersWith({ accessToken }: Tokens): { readonly authorization: string } {
  return { authorization: `Bearer ${accessToken}` };
}

function tokenEndPoint(
  { world, vendor, account, tokenUrl, hosts, client }: OAuthOptions,
  secrets: ReadonlySet<string>,
): Rest {
  const basic = client.as === 'basic' ? basicAuth(client.id, client.secret) : undefined;
  return restClient({
    world,
    vendor,
    account,
    baseUrl: tokenUrl,
    ...(hosts && { hosts }),
    auth: {
      headers: async () => basic?.headers() ?? {},
      get secrets() {
        return [...secrets, ...(basic?.secrets ?? [])];
      },
    },
    complaint: (body) => {
      const { data } = complaint.safeParse(body);
      return data && [data.error_description, data.message, data.error, data.status].find(Boolean);
    },
    meaning: ({ status }) => MEANINGS[status],
  });
}

const text = z.string().optional().catch(undefined);

/** As the standard has it, and as some vendors do. */
const complaint = z.object({ error_description: text, message: text, error: text, status: text });

/** What is wrong with a refresh token only a person can mend; all else may pass. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  400: { kind: 'unauthorized' },
  401: { kind: 'unauthorized' },
  429: { kind: 'transient' },
};
