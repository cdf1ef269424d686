/**
 * Tells those who asked what has changed, as badly as webhooks do: a moment later, in an order of
 * their own, and as often as it takes until somebody accepts it, unless all tries were in vain. What a
 * message says, and how often it is tried, is the vendor's dialect.
 */
import type { Random, World } from '../world/world.ts';
import type { Account } from './crm/account.ts';
import type { Change } from './crm/model.ts';

export interface WebhookDialect<Hook extends { readonly url: string }, Message = unknown> {
  /** What this hook is to be told about these changes, one delivery per message. */
  messages(hook: Hook, changes: readonly Change[]): readonly Message[];
  /** What is posted; the content type is JSON unless the headers have another. */
  letter(hook: Hook, message: Message, sending: Sending): Letter;
  /** How long an answer may take. */
  readonly answerMsMax: number;
  /** How long after a try that was in vain comes the next one; none after the last of them. */
  readonly retriesAfterMs: readonly number[];
  /** A 2xx, unless the vendor thinks otherwise. */
  isAccepted?(response: Response): boolean;
  /** Hears how each try went; the status is undefined when nobody answered. */
  heard?(hook: Hook, outcome: Outcome): void;
}

export interface Sending {
  /** The id of the hook. */
  readonly hook: string;
  /** Which is the same for all tries. */
  readonly delivery: string;
  /** From 0. */
  readonly attempt: number;
  /** By the clock of the vendor. */
  readonly nowMs: number;
}

export interface Letter {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Outcome extends Sending {
  readonly isAccepted: boolean;
  readonly status: number | undefined;
}

export interface Delivery {
  readonly account: string;
  readonly hook: string;
  readonly delivery: string;
  /** As the dialect has made it. */
  readonly message: unknown;
}

/** Late ones are overtaken by those that come after them. */
export type WebhookTrouble =
  | { readonly kind: 'lost' }
  | { readonly kind: 'doubled' }
  | { readonly kind: 'late'; readonly ms: number };

const FIRST_MS_BELOW = 1000;

export class Webhooks<Hook extends { readonly url: string }> {
  readonly #account: Account;
  readonly #world: World;
  readonly #dialect: WebhookDialect<Hook>;
  readonly #chance: Random;
  readonly #trouble: (delivery: Delivery) => WebhookTrouble | undefined;
  readonly #hooks = new Map<string, Hook>();
  #added = 0;
  #delivered = 0;

  constructor({
    account,
    world,
    dialect,
    trouble = () => undefined,
  }: {
    account: Account;
    world: World;
    dialect: WebhookDialect<Hook>;
    trouble?: ((delivery: Delivery) => WebhookTrouble | undefined) | undefined;
  }) {
    this.#account = account;
    this.#world = world;
    this.#dialect = dialect;
    this.#chance = world.random(`${account.vendor}:${account.name}:webhooks`);
    this.#trouble = trouble;
    account.onChanges((changes) => this.#tell(changes));
  }

  /** By id, in the order in which they came. */
  get hooks(): ReadonlyMap<string, Hook> {
    return this.#hooks;
  }

  add(hook: Hook): string {
    this.#added += 1;
    this.#hooks.set(String(this.#added), hook);
    return String(this.#added);
  }

  remove(id: string): boolean {
    return this.#hooks.delete(id);
  }

  /** Restoring a backup happens below all this. */
  #tell(all: readonly Change[]): void {
    const changes = all.filter(({ via }) => via !== 'backup');
    if (changes.length === 0) return;
    for (const [id, hook] of this.#hooks) {
      for (const message of this.#dialect.messages(hook, changes)) {
        this.#delivered += 1;
        const delivery = `${this.#account.name}-${this.#delivered}`;
        this.#send(hook, { account: this.#account.name, hook: id, delivery, message });
      }
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

  async #try(hook: Hook, delivery: Delivery, attempt: number): Promise<void> {
    if (!this.#hooks.has(delivery.hook)) return;
    const sending = {
      hook: delivery.hook,
      delivery: delivery.delivery,
      attempt,
      nowMs: this.#account.nowMs,
    };
    const response = await this.#post(
      hook.url,
      this.#dialect.letter(hook, delivery.message, sending),
    );
    const isAccepted = response !== undefined && this.#isAccepted(response);
    this.#dialect.heard?.(hook, { ...sending, isAccepted, status: response?.status });
    const delayMs = this.#dialect.retriesAfterMs[attempt];
    if (isAccepted || delayMs === undefined) return;
    this.#world.schedule.after(delayMs, () => void this.#try(hook, delivery, attempt + 1));
  }

  #isAccepted(response: Response): boolean {
    return this.#dialect.isAccepted?.(response) ?? response.ok;
  }

  /** Undefined when nobody answered in time. */
  async #post(url: string, { headers, body }: Letter): Promise<Response | undefined> {
    const tooLate = new AbortController();
    const callOff = this.#world.schedule.after(this.#dialect.answerMsMax, () => tooLate.abort());
    const request = new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      signal: tooLate.signal,
    });
    try {
      const response = await this.#world.network.fetch(request);
      await response.body?.cancel();
      return response;
    } catch {
      // Whatever kept it from arriving, another try is the answer.
      return undefined;
    } finally {
      callOff();
    }
  }
}
