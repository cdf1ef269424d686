/**
 * Opens an account with its connector: the configuration is checked, and what the account has to know
 * when the process has died is kept in the store, sealed. Whoever has the database without the secret of
 * the installation cannot read it, nor give one account what another one keeps: that counts as nothing kept.
 */
import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import type { Account, Connector, Memory } from '../connectors/connector.ts';
import { TributaryError } from '../core/errors.ts';
import { keyedDigest } from '../core/hash.ts';
import type { Value } from '../core/value.ts';
import type { Store, StoredEndpoint, TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';

export interface Opening {
  readonly connectors: readonly Connector[];
  readonly world: World;
  readonly store: Pick<Store, 'saveKeepsake' | 'readKeepsake'>;
  /** What a connector is opened with, secrets included. */
  readonly configOf: (endpoint: StoredEndpoint) => unknown;
  /** Of the installation; what was kept under another one cannot be read. */
  readonly secret: string;
}

export async function openAccount(
  opening: Opening,
  tenant: TenantId,
  endpoint: StoredEndpoint,
): Promise<Account> {
  const { connectors, world, configOf } = opening;
  const connector = connectors.find(({ vendor }) => vendor === endpoint.vendor);
  if (!connector) {
    throw new TributaryError('vendor-unknown', {
      what: `The account "${endpoint.title}" is of the vendor "${endpoint.vendor}", which is not known here.`,
      next: `Known are ${connectors.map(({ vendor }) => vendor).join(', ')}. Correct the account.`,
    });
  }
  const config = connector.config.safeParse(configOf(endpoint));
  if (!config.success) {
    const list = config.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new TributaryError('account-config', {
      what: `The account "${endpoint.title}" cannot be opened: ${list.join('; ')}.`,
      next: 'Correct the account.',
    });
  }
  return connector.open(config.data, world, memoryOf(opening, tenant, endpoint));
}

/** What an account keeps. */
export function memoryOf(
  { store, world, secret }: Pick<Opening, 'store' | 'world' | 'secret'>,
  tenant: TenantId,
  { id: endpoint, title }: StoredEndpoint,
): Memory {
  const key = hash('sha256', keyedDigest(secret, 'what accounts keep'), 'buffer');
  const owner = (name: string): Buffer => Buffer.from(JSON.stringify([tenant, endpoint, name]));
  return {
    async load(name) {
      const sealed = await store.readKeepsake(tenant, { endpoint, name });
      if (sealed === undefined) return undefined;
      try {
        return unsealed(key, owner(name), sealed);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        world.log.write(
          'error',
          `What the account "${title}" keeps cannot be read, so it begins with what the configuration says: it was changed in the database, or sealed with another secret.`,
          { name, why },
        );
        return undefined;
      }
    },
    async save(name, value) {
      const sealed = sealedBy(key, owner(name), world.secretBytes(NONCE_BYTES), value);
      await store.saveKeepsake(tenant, { endpoint, name, sealed });
    },
  };
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function sealedBy(key: Buffer, owner: Buffer, nonce: Uint8Array, value: Value): string {
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(owner);
  const text = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()];
  return Buffer.concat([nonce, ...text, cipher.getAuthTag()]).toString('base64');
}

function unsealed(key: Buffer, owner: Buffer, sealed: string): Value {
  const bytes = Buffer.from(sealed, 'base64');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(-TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(owner).setAuthTag(tag);
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  return JSON.parse(Buffer.concat([text, decipher.final()]).toString('utf8')) as Value;
}
