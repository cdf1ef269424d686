/**
 * What one run did, and deliberately did not do. Its row is written before the first thing it reports,
 * so that nothing is reported for a run that nobody can find.
 */
import type { Run, RunItem, Store, SyncId, TenantId } from '../store/store.ts';
import type { World } from '../world/world.ts';

export class RunLog {
  readonly #store: Store;
  readonly #world: World;
  readonly #tenant: TenantId;
  #run: Run;
  #saved = false;
  readonly #counts: Record<string, number> = {};

  constructor(store: Store, world: World, tenant: TenantId, sync: SyncId, trigger: string) {
    this.#store = store;
    this.#world = world;
    this.#tenant = tenant;
    const startedAt = world.clock.now();
    this.#run = { id: world.newId(), sync, trigger, startedAt, counts: {} };
  }

  get id(): string {
    return this.#run.id;
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  count(what: string, by = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + by;
  }

  item(what: Omit<RunItem, 'run' | 'id' | 'at'>): RunItem {
    return { ...what, id: this.#world.newId(), run: this.#run.id, at: this.#world.clock.now() };
  }

  /** To be called before the first items of the run are stored. */
  async begin(): Promise<void> {
    if (this.#saved) return;
    this.#saved = true;
    await this.#store.saveRuns(this.#tenant, [this.#run]);
  }

  /** A run that had nothing to report leaves no row. */
  async end(): Promise<Run> {
    this.#run = { ...this.#run, endedAt: this.#world.clock.now(), counts: { ...this.#counts } };
    if (this.#saved) await this.#store.saveRuns(this.#tenant, [this.#run]);
    return this.#run;
  }
}
