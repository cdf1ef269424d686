/**
 * What a vendor does by itself a while after a change: values that it works out, a time of last change
 * that moves once more, and the end of what was archived for too long.
 */
import type { World } from '../../world/world.ts';
import type { Account } from './account.ts';
import { latest } from './item.ts';
import type { Change, Given } from './model.ts';
import { Refused } from './refused.ts';

export function startAfterwards(account: Account, world: World): void {
  const { afterwards, purgeAfterMs } = account.habits;
  const { schedule, log } = world;
  const chance = world.random(`${account.vendor}:${account.name}:afterwards`);
  if (afterwards !== undefined) account.onChanges((changes) => changes.forEach(follow));
  if (Number.isFinite(purgeAfterMs)) account.onChanges((changes) => changes.forEach(forgetInTime));

  function follow(change: Change): void {
    if (change.via === 'vendor' || change.via === 'backup') return;
    for (const { delayMs, fields } of afterwards!(change)) {
      const [atLeastMs, belowMs] = delayMs;
      schedule.after(atLeastMs + chance.below(belowMs - atLeastMs), () => {
        write(change, fields);
      });
    }
  }

  /** What was deleted or merged away in the meantime has nothing to follow it. */
  function write({ collection: name, id, by }: Change, fields: Given | undefined): void {
    const collection = account.collections.get(name)!;
    if (collection.live(id) === undefined) return;
    try {
      account.atomically(() => {
        if (fields === undefined) account.touch(collection, id);
        else account.update(collection, id, fields, { by, via: 'vendor' });
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const details = { account: account.name, collection: name, id, code: error.code };
      log.write('debug', `${account.title} could not do by itself what follows.`, details);
    }
  }

  function forgetInTime({ collection, id, after }: Change): void {
    if (after?.archived) schedule.after(purgeAfterMs, () => purge(collection, id));
  }

  /** Unless it was restored, and perhaps archived anew, in the meantime. */
  function purge(name: string, id: string): void {
    const collection = account.collections.get(name)!;
    const entry = collection.entry(id);
    const state = entry && latest(entry);
    if (state?.life !== 'archived' || account.worldMs - state.sinceMs < purgeAfterMs) return;
    account.atomically(() => {
      account.destroy(collection, id, { by: state.updatedBy, via: 'vendor' });
    });
  }
}
