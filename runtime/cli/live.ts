/** A command that goes on until it is stopped, or fails as others do: with its error. */
import { TributaryError } from '../core/errors.ts';
import { liveUntilStopped, type Lifetime } from '../server/lifetime.ts';
import type { World } from '../world/world.ts';
import { EXIT } from './command.ts';

export async function live(
  world: World,
  start: (lifetime: Lifetime) => Promise<void>,
): Promise<number> {
  let failure: Error | undefined;
  const code = await liveUntilStopped(start, {
    world,
    underNpm: false,
    failed(error) {
      failure = error instanceof Error ? error : unknownFailure(error);
    },
  });
  if (failure) throw failure;
  return code === 0 ? EXIT.good : EXIT.failed;
}

function unknownFailure(cause: unknown): TributaryError {
  const what = `It failed (${String(cause)}).`;
  return new TributaryError('unforeseen', { what, next: 'Please report it.', cause });
}
