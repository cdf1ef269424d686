/** Grumpy with habits that it does not have by itself: a test says what its collections do instead. */
import {
  VendorError,
  type Collection,
  type Connector,
} from '../../runtime/connectors/connector.ts';
import { grumpy } from '../../runtime/connectors/grumpy/grumpy.ts';

/** `habits` gets each collection, and the account it is in; what it answers replaces what is there. */
export function grumpier(
  habits: (collection: Collection, account: string) => Partial<Collection>,
): Connector {
  return {
    ...(grumpy as Connector),
    async open(config, world) {
      const account = await (grumpy as Connector).open(config, world);
      const { token } = config as { readonly token: string };
      return {
        title: account.title,
        limits: account.limits,
        close: () => account.close(),
        async collection(name) {
          const collection = await account.collection(name);
          return { ...collection, ...habits(collection, token.replace('token-of-', '')) };
        },
      };
    },
  };
}

/** Loses the answer to a write at the account, each time it is told to: the write has landed. */
export function losingAnswersAt(account: string): { connector: Connector; loseNext: () => void } {
  let isLost = false;
  const connector = grumpier((collection, name) => ({
    async write(changes, signal) {
      const outcomes = await collection.write(changes, signal);
      if (!isLost || name !== account) return outcomes;
      isLost = false;
      const about = { what: 'The connection broke.', next: 'Try again.' };
      throw new VendorError('transient', about, { mayHaveLanded: true });
    },
  }));
  return {
    connector,
    loseNext: () => {
      isLost = true;
    },
  };
}
