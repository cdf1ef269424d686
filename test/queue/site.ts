/** Processes on one database: each a store and a queue that hears from it, as a server has them. */
import { openQueue, type Drain, type Queue } from '../../runtime/queue/queue.ts';
import { openPostgresStore, type PostgresStore } from '../../runtime/store/postgres.ts';
import type { Announce, Waiting } from '../../runtime/store/store.ts';
import { quietWorld, type TestDatabase } from '../support/test-database.ts';
import { sceneIn } from '../store/scene.ts';

export async function open(connection: TestDatabase['connection'], around?: Around) {
  const announce: Announce = async (due, sql) => {
    await queue.announce(due, sql);
    await around?.(due);
  };
  const world = quietWorld;
  const store = await openPostgresStore({ connection, world, auditKey: 'a key', announce });
  const queue: Queue = await openQueue({ connection, world });
  return {
    store,
    queue,
    async close() {
      await queue.close();
      await store.close();
    },
  };
}

/** What happens after the announcement and before its transaction ends. */
export type Around = (due: readonly Waiting[]) => Promise<void>;

/** Things that happen, to wait for: `next` gives each once, in order, as soon as there is one. */
export function happenings<T>() {
  const seen: T[] = [];
  let wake = (): void => {};
  return {
    seen: seen as readonly T[],
    add: (each: T): void => {
      seen.push(each);
      wake();
    },
    /** Resolves once this holds of all that was seen. */
    until: async (holds: (all: readonly T[]) => boolean): Promise<void> => {
      while (!holds(seen)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** A promise with its resolve. */
export function gate() {
  return Promise.withResolvers<void>();
}

/** A tenant whose keys can be marked with a window. */
export async function tenantIn(store: PostgresStore) {
  const scene = await sceneIn({ store, newId: () => quietWorld.newId() });
  const { tenant, item } = scene;
  return {
    ...scene,
    markAt: async (
      windowMs: number,
      priority: Waiting['priority'] = 1,
      name = 'x',
    ): Promise<number> => {
      const now = quietWorld.clock.now();
      await store.mark(tenant, { now, marks: [{ key: item(name), priority, windowMs }] });
      return now + windowMs;
    },
  };
}

/** Works off what is due, of whichever tenant, and tells of it. */
export function drainOn(store: PostgresStore, tell: (work: Waiting) => void): Drain {
  return async (work) => {
    const { tenant, sync } = work;
    const request = { tenant, sync, now: quietWorld.clock.now(), leaseMs: 15_000, limit: 1000 };
    const leases = await store.claim(request);
    await store.finish(
      tenant,
      leases.map((lease) => ({ lease, ending: 'done' })),
    );
    tell(work);
  };
}
