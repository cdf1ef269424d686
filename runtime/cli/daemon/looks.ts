/**
 * Looks for changes from time to time, because webhooks get lost; and once a day compares everything,
 * because lists of changes have gaps as well. A system that was never compared is compared at once.
 */
import type { StoredSync } from '../../store/store.ts';
import type { LATENCIES } from '../config/setup.ts';
import type { Site } from '../installation.ts';

const EVERY_MS: Readonly<Record<keyof typeof LATENCIES, number>> = {
  immediate: 30_000,
  batched: 60_000,
  relaxed: 300_000,
  daily: 86_400_000,
};
const SWEEP_MS = 86_400_000;
/** A comparison that is under way, or failed, is not begun again before. */
const SWEEP_AGAIN_MS = 3_600_000;

/** Returns the way to stop. */
export function keepLooking(site: Site): () => void {
  const { config, setup, world } = site;
  const sweptAt = new Map<string, number>();
  const stops = new Set<() => void>();
  for (const sync of setup.syncs) {
    const { latency, status } = config.syncs[sync.title]!;
    if (status === 'paused') continue;
    let stop = world.schedule.after(0, tick);
    stops.add(() => stop());
    function tick(): void {
      stop = world.schedule.after(EVERY_MS[latency], tick);
      void lookOnce(site, sync, sweptAt).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        world.log.write('warn', `Looking for changes in ${sync.title} failed; later again.`, {
          reason,
        });
      });
    }
  }
  return () => {
    for (const stop of stops) stop();
  };
}

async function lookOnce(
  { engine, tenant, world }: Site,
  { id, policy }: StoredSync,
  sweptAt: Map<string, number>,
): Promise<void> {
  const now = world.clock.now();
  const isBegun = now - (sweptAt.get(id) ?? -Infinity) < SWEEP_AGAIN_MS;
  const certificates = await engine.certificates(tenant, id);
  const isFresh = policy.members.every(({ endpoint }) =>
    certificates.some((each) => each.endpoint === endpoint && now - each.endedAt < SWEEP_MS),
  );
  const full = !isFresh && !isBegun;
  if (full) sweptAt.set(id, now);
  await engine.look(tenant, id, { full });
}
