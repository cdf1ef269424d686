/**
 * Where a secret comes from that is not in the configuration itself: from Google's Secret Manager, then
 * from the environment, by names that are tried one after the other.
 *
 * Promises: the first place that has it is taken, in the order given. Where nobody has it, one error
 * lists every place that was tried, and why there was nothing; it never tells a value. Secret Manager is
 * not asked unless one is given.
 */
import { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import type { World } from '../world/world.ts';
import { VendorError, type SecretPlaces } from './connector.ts';
import { restClient } from './http.ts';

export interface SecretManager {
  /** As errors call it. */
  readonly title: string;
  /** The latest version; undefined where there is no such secret. */
  read(name: string): Promise<string | undefined>;
}

export interface WantedSecret extends SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secretManager?: SecretManager | undefined;
}

export async function resolveSecret(wanted: WantedSecret): Promise<string> {
  const { title, names, variables, env, secretManager } = wanted;
  const tried: string[] = [];
  for (const name of secretManager === undefined ? [] : names) {
    const place = `'${name}' in ${secretManager?.title}`;
    try {
      const secret = (await secretManager?.read(name))?.trim();
      if (secret) return secret;
      tried.push(`${place} (${secret === undefined ? 'not there' : 'empty'})`);
    } catch (error) {
      if (!(error instanceof TributaryError)) throw error;
      tried.push(`${place} (${error.message.replace(` ${error.next}`, '')})`);
    }
  }
  for (const variable of variables) {
    const secret = env[variable]?.trim();
    if (secret) return secret;
    tried.push(`the variable ${variable} (${secret === undefined ? 'not set' : 'empty'})`);
  }
  if (secretManager === undefined) tried.push('Secret Manager (not configured)');
  throw new TributaryError('secret-missing', {
    what: `There is no ${title}. Tried: ${tried.join('; ')}.`,
    next: 'Put it in one of these places.',
  });
}

/**
 * Google's Secret Manager, as the service account of the machine or with a token. The world that asks
 * the machine has to allow `metadata.google.internal`, which no account of a vendor may be allowed to
 * call; so it is a world of its own.
 */
export function googleSecretManager({
  world,
  project,
  token,
}: {
  readonly world: World;
  readonly project: string;
  /** Asked once, before the first secret. */
  readonly token: () => Promise<string>;
}): SecretManager {
  const title = `Secret Manager of ${project}`;
  let asked: Promise<string> | undefined;
  return {
    title,
    async read(name) {
      const bearer = await (asked ??= token());
      const rest = restClient({
        world,
        vendor: 'Google Secret Manager',
        account: project,
        baseUrl: 'https://secretmanager.googleapis.com',
        headers: { authorization: `Bearer ${bearer}` },
        secrets: [bearer],
        complaint: (body) => googleError.safeParse(body).data?.error.message,
      });
      try {
        const version = ['v1', 'projects', project, 'secrets', name, 'versions', 'latest:access'];
        const { payload } = await rest.send({ method: 'GET', path: version, answer: accessed });
        return Buffer.from(payload.data, 'base64').toString('utf8');
      } catch (error) {
        if (error instanceof VendorError && error.kind === 'missing') return undefined;
        throw error;
      }
    },
  };
}

const accessed = z.object({ payload: z.object({ data: z.base64() }) });
const googleError = z.object({ error: z.object({ message: z.string() }) });

/** The token of the service account that this machine of Google's runs as. */
export function machineToken(world: World): () => Promise<string> {
  const rest = restClient({
    world,
    vendor: 'the metadata server',
    account: 'default',
    baseUrl: 'http://metadata.google.internal',
    headers: { 'metadata-flavor': 'Google' },
    // It is on the same machine, or nowhere.
    timeoutMs: 3_000,
  });
  const path = 'computeMetadata/v1/instance/service-accounts/default/token'.split('/');
  return async () => {
    const { access_token: token } = await rest.send({ method: 'GET', path, answer: machine });
    return token;
  };
}

const machine = z.object({ access_token: z.string().min(1) });
