/** The webhooks of a workspace as its API keeps them: by ids of its own, to be changed and taken away. */
import type { World } from '../../world/world.ts';
import { iso } from '../crm/item.ts';
import type { Webhooks } from '../webhooks.ts';
import type { Account } from './account.ts';
import type { Hook, HookEntity } from './hooks.ts';
import { randomId } from './ids.ts';

export interface HookInput {
  readonly targetUrl: string;
  readonly operations: readonly string[];
  readonly description: string | null;
  readonly secret: string;
}

export class HookBook {
  readonly #account: Account;
  readonly #webhooks: Webhooks<Hook>;
  readonly #chance;
  readonly #kept = new Map<string, { entity: HookEntity; handle: string }>();

  constructor(account: Account, webhooks: Webhooks<Hook>, world: World) {
    this.#account = account;
    this.#webhooks = webhooks;
    this.#chance = world.random(`twenty:${account.name}:hooks`);
  }

  get all(): readonly HookEntity[] {
    return [...this.#kept.values()].map(({ entity }) => entity);
  }

  get(id: string): HookEntity | undefined {
    return this.#kept.get(id)?.entity;
  }

  add(input: HookInput): HookEntity {
    const { workspaceId, nowMs, ids } = this.#account;
    const [id, at] = [randomId(ids), iso(nowMs)];
    const times = { createdAt: at, updatedAt: at, deletedAt: null };
    const kept = { entity: { id, ...input, workspaceId, ...times }, handle: '' };
    kept.handle = this.#webhooks.add({
      account: this.#account,
      chance: this.#chance,
      get about() {
        return kept.entity;
      },
      get url() {
        return kept.entity.targetUrl;
      },
    });
    this.#kept.set(id, kept);
    return kept.entity;
  }

  change(id: string, differences: Partial<HookInput>): HookEntity {
    const kept = this.#kept.get(id)!;
    const updatedAt = iso(this.#account.nowMs);
    kept.entity = { ...kept.entity, ...differences, updatedAt };
    return kept.entity;
  }

  remove(id: string): boolean {
    const kept = this.#kept.get(id);
    if (kept === undefined) return false;
    this.#webhooks.remove(kept.handle);
    return this.#kept.delete(id);
  }
}
