/**
 * Places in the life of a worker at which it can be told to die: right before or right after it stores,
 * claims, marks or finishes something, inside a transaction that is about to end, and right before a
 * request leaves or right after its answer has arrived. Dying means SIGKILL: nothing is tidied up.
 *
 * `commit.after:3` names the third time that a worker has committed something.
 */
import type { Announce, Store } from '../../runtime/store/store.ts';
import type { World } from '../../runtime/world/world.ts';

const STEPS = ['claim', 'load', 'commit', 'mark', 'finish', 'renew', 'saveRuns'] as const;
const MOMENTS = ['before', 'after'] as const;

export const KILL_POINTS: readonly string[] = [
  ...[...STEPS, 'write', 'read'].flatMap((step) => MOMENTS.map((moment) => `${step}.${moment}`)),
  'announce.after',
];

export interface KillPoints {
  readonly world: World;
  wrap(store: Store): Store;
  announce(inner: Announce): Announce;
}

/** `order` is a kill point with a count, or nothing. */
export function killPoints(order: string | undefined, world: World): KillPoints {
  const [wanted, count = '1'] = order?.split(':') ?? [];
  let left = Number(count);

  function pass(point: string): void {
    if (point !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  }

  function around<Args extends unknown[], Result>(
    step: string,
    work: (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result> {
    return async (...args) => {
      pass(`${step}.before`);
      const result = await work(...args);
      pass(`${step}.after`);
      return result;
    };
  }

  return {
    world: {
      ...world,
      network: {
        fetch: (request) =>
          around(isWrite(request) ? 'write' : 'read', (one: Request) => world.network.fetch(one))(
            request,
          ),
      },
    },
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const member = Reflect.get(target, name) as unknown;
          if (typeof member !== 'function') return member;
          const bound = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
          return STEPS.some((step) => step === name) ? around(String(name), bound) : bound;
        },
      }),
    announce: (inner) => around('announce', inner),
  };
}

function isWrite({ url }: Request): boolean {
  return /\/(?:create|update|delete|restore)$/.test(new URL(url).pathname);
}
