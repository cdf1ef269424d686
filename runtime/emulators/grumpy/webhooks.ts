/**
 * Tells those who asked what has changed, as badly as webhooks do: a moment later, in an order of
 * their own, and as often as it takes until somebody says 2xx, unless four tries were in vain.
 */
import { createHmac } from 'node:crypto';
import type { Random, World } from '../../world/world.ts';
import type { Account, Change } from './account.ts';

export interface Hook {
  readonly url: string;
  readonly secret: string;
  readonly collections: readonly string[];
}

export interface Delivery {
  readonly account: string;
  readonly hook: string;
  readonly delivery: string;
  readonly events: readonly Pick<Change, 'collection' | 'id' | 'kind'>[];
}

/** Late ones are overtaken by those that come after them. */
export type WebhookTrouble =
  | { readonly kind: 'lost' }
  | { readonly kind: 'doubled' }
  | { readonly kind: 'late'; readonly ms: number };

const ANSWER_MS_MAX = 5000;
const RETRIES_AFTER_MS: readonly number[] = [10_000, 60_000, 300_000];
const FIRST_MS_BELOW = 1000;

export class Webhooks {
  readonly #account: Account;
  readonly #world: World;
  readonly #chance: Random;
  readonly #trouble: (delivery: Delivery) => WebhookTrouble | undefined;
  readonly #hooks = new Map<string, Hook>();
  #added = 0;
  #delivered = 0;

  constructor(
    account: Account,
    {
      world,
      trouble = () => undefined,
    }: { world: World; trouble?: (delivery: Delivery) => WebhookTrouble | undefined },
  ) {
    this.#account = account;
    this.#world = world;
    this.#chance = world.random(`grumpy:${account.name}:webhooks`);
    this.#trouble = trouble;
    account.onChanges((changes) => this.#tell(changes));
  }

  add(hook: Hook): string {
    this.#added += 1;
    this.#hooks.set(String(this.#added), hook);
    return String(this.#added);
  }

  remove(id: string): boolean {
    return this.#hooks.delete(id);
  }

  /** One delivery per hook and batch of changes. Restoring a backup happens below all this. */
  #tell(changes: readonly Change[]): void {
    for (const [id, hook] of this.#hooks) {
      const events = changes
        .filter(({ collection, via }) => hook.collections.includes(collection) && via !== 'backup')
        .map(({ collection, id: item, kind }) => ({ collection, id: item, kind }));
      if (events.length === 0) continue;
      this.#delivered += 1;
      const delivery = `${this.#account.name}-${this.#delivered}`;
      this.#send(hook, { account: this.#account.name, hook: id, delivery, events });
    }
  }

  #send(hook: Hook, delivery: Delivery): void {
    const trouble = this.#trouble(delivery);
    if (trouble?.kind === 'lost') return;
    const moreMs = trouble?.kind === 'late' ? trouble.ms : 0;
    for (let copies = trouble?.kind === 'doubled' ? 2 : 1; copies > 0; copies -= 1) {
      const delayMs = moreMs + this.#chance.below(FIRST_MS_BELOW);
      this.#world.schedule.after(delayMs, () => void this.#try(hook, delivery, 0));
    }
  }

  async #try(hook: Hook, delivery: Delivery, tried: number): Promise<void> {
    if (!this.#hooks.has(delivery.hook) || (await this.#isAccepted(hook, delivery))) return;
    const delayMs = RETRIES_AFTER_MS[tried];
    if (delayMs === undefined) return;
    this.#world.schedule.after(delayMs, () => void this.#try(hook, delivery, tried + 1));
  }

  async #isAccepted(hook: Hook, { delivery, events }: Delivery): Promise<boolean> {
    const body = JSON.stringify({ delivery, events });
    const seconds = Math.floor(this.#account.nowMs / 1000);
    const signature = createHmac('sha256', hook.secret).update(`${seconds}.${body}`).digest('hex');
    const tooLate = new AbortController();
    const callOff = this.#world.schedule.after(ANSWER_MS_MAX, () => tooLate.abort());
    const request = new Request(hook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-grumpy-signature': `t=${seconds},v1=${signature}`,
      },
      body,
      signal: tooLate.signal,
    });
    try {
      const response = await this.#world.network.fetch(request);
      await response.body?.cancel();
      return response.ok;
    } catch {
      // Whatever kept it from arriving, another try is the answer.
      return false;
    } finally {
      callOff();
    }
  }
}
