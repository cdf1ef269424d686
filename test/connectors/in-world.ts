/** Runs work to its end in a virtual world, in which time only passes while somebody lets it. */
import type { VirtualWorld } from '../sim/virtual-world.ts';

/** The clock stops with the last thing that happens, so what was left running shows in the time. */
export async function inWorld<T>(
  world: Pick<VirtualWorld, 'runUntilQuiet'>,
  work: () => Promise<T>,
): Promise<T> {
  let end: { value: T } | { error: unknown } | undefined;
  work().then(
    (value) => (end = { value }),
    (error: unknown) => (end = { error }),
  );
  await world.runUntilQuiet();
  if (end === undefined) throw new Error('The work waits for something that never happens.');
  if ('error' in end) throw end.error;
  return end.value;
}
