/**
 * What an emulator is to everybody who uses one: a server, the control API, the page, a simulator. Which
 * vendor it is matters only to who writes requests for it.
 */
import { TributaryError } from '../core/errors.ts';
import type { Random, World } from '../world/world.ts';
import type { Call } from './call.ts';
import type { Hands } from './crm/hands.ts';
import type { Town } from './town.ts';
import type { Trouble } from './trouble.ts';
import type { Delivery, WebhookTrouble } from './webhooks.ts';

export interface Emulator {
  readonly vendor: string;
  readonly title: string;
  /** Where its API is: every path that begins like one of these. */
  readonly paths: readonly string[];
  readonly accounts: readonly string[];
  account(name: string): Hands;
  /** Answers a request of the API. Rejects with a TypeError when the connection breaks, as `fetch` does. */
  handle(request: Request): Promise<Response>;
  /** Fills the accounts of the demonstration with so many people and their companies. */
  seed(count: number): void;
  /** What whoever looks at this account must know before all else. */
  warning?(account: string): string | undefined;
  /**
   * Sets up webhooks in the vendor's own pages, where there are apps that have no other way: these, and no
   * others from then on. Throws `Refused` for what cannot be asked for.
   */
  setWebhooks?(account: string, wanted: WantedWebhooks): WebhooksByHand;
}

/** As it is filled in, with the vendor's own words for what is subscribed to. */
export interface WantedWebhooks {
  readonly targetUrl: string;
  readonly subscriptions: readonly object[];
}

/** As the page shows it afterwards. */
export interface WebhooksByHand extends WantedWebhooks {
  /** What deliveries are signed with. */
  readonly secret: string;
}

/** What every emulator takes, beside the accounts that it is to have. */
export interface Circumstances {
  readonly world: World;
  /** Asked for every request that was understood. */
  readonly trouble?: (call: Call) => Trouble | undefined;
  readonly webhookTrouble?: (delivery: Delivery) => WebhookTrouble | undefined;
  /** Who is in the accounts of the demonstration; the same town for several vendors. */
  readonly town?: Town;
}

/** What the accounts of a demonstration are filled with. */
export interface Seeding {
  readonly count: number;
  readonly random: Random;
  readonly town: Town;
}

/** The accounts of several emulators, as if they were those of one. */
export interface Directory {
  readonly accounts: readonly string[];
  account(name: string): Hands;
  /** The vendor's. */
  titleOf(account: string): string;
  warningOf(account: string): string | undefined;
  setWebhooks(account: string, wanted: WantedWebhooks): WebhooksByHand;
}

export function directoryOf(emulators: readonly Emulator[]): Directory {
  const owners = new Map<string, Emulator>();
  for (const emulator of emulators) {
    for (const name of emulator.accounts) {
      const other = owners.get(name);
      if (other !== undefined) throw taken(`an account "${name}"`, other, emulator);
      owners.set(name, emulator);
    }
  }
  const paths = new Map<string, Emulator>();
  for (const emulator of emulators) {
    for (const path of emulator.paths) {
      const other = paths.get(path);
      if (other !== undefined) throw taken(`the path ${path}`, other, emulator);
      paths.set(path, emulator);
    }
  }
  const owner = (name: string): Emulator => {
    const found = owners.get(name);
    if (found !== undefined) return found;
    throw new TributaryError('emulator-account', {
      what: `There is no account "${name}".`,
      next: `Use one of: ${[...owners.keys()].join(', ')}.`,
    });
  };
  return {
    accounts: [...owners.keys()],
    account: (name) => owner(name).account(name),
    titleOf: (name) => owner(name).title,
    warningOf: (name) => owner(name).warning?.(name),
    setWebhooks(name, wanted) {
      const set = owner(name).setWebhooks?.(name, wanted);
      if (set !== undefined) return set;
      throw new TributaryError('emulator-webhooks', {
        what: `Webhooks of the account "${name}" are not set up by hand.`,
        next: `Use the API of ${owner(name).title}, which has calls for it.`,
      });
    },
  };
}

function taken(what: string, one: Emulator, other: Emulator): TributaryError {
  return new TributaryError('emulators-clash', {
    what: `${one.title} and ${other.title} both have ${what}.`,
    next: 'Give one of them another name, or serve them apart.',
  });
}
