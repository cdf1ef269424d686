/**
 * What goes wrong between us and the systems: for each call chance decides by the rates of the
 * scenario, each fault from a stream of its own, so that leaving one out does not move the others.
 */
import type { Call, Trouble, WebhookTrouble } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { World } from '../../runtime/world/world.ts';
import type { DatabaseTrouble } from './process.ts';
import type { FaultName, Faults } from './scenario.ts';

export interface Weather {
  readonly trouble: (call: Call) => Trouble | undefined;
  readonly webhook: () => WebhookTrouble | undefined;
  readonly database: DatabaseTrouble;
  strikes(fault: FaultName): boolean;
  /** `crm-1/people/update/7`: these fail until they are taken out again. */
  readonly poisoned: Set<string>;
  /** From then on nothing goes wrong any more. */
  clear(): void;
  /** What went wrong so far. */
  readonly struck: readonly Struck[];
}

export interface Struck {
  readonly at: number;
  readonly fault: FaultName;
  readonly call?: Call;
  /** How long what is late or slow takes. */
  readonly ms?: number;
}

export function weatherOf(faults: Faults, world: Pick<World, 'clock' | 'random'>): Weather {
  let isClear = false;
  const struck: Struck[] = [];
  const poisoned = new Set<string>();

  function strikes(fault: FaultName, call?: Call): boolean {
    const rate = faults[fault];
    if (isClear || rate === undefined || rate === 0) return false;
    if (world.random(`fault:${fault}`).next() >= rate) return false;
    struck.push({ at: world.clock.now(), fault, ...(call ? { call } : {}) });
    return true;
  }

  function below(bound: number): number {
    return world.random('fault:size').below(bound);
  }

  /** How long what was struck last takes. */
  function lasting(bound: number): number {
    const ms = 1 + below(bound);
    struck.push({ ...struck.pop()!, ms });
    return ms;
  }

  function isPoisoned({ account, collection, action, ids = [] }: Call): boolean {
    return ids.some((id) => poisoned.has(`${account}/${collection}/${action}/${id}`));
  }

  return {
    struck,
    strikes,
    poisoned,
    clear: () => {
      isClear = true;
      poisoned.clear();
    },
    database: () => {
      if (!strikes('databaseLost')) return undefined;
      return below(2) === 0 ? 'before' : 'after';
    },
    webhook() {
      if (strikes('webhookLost')) return { kind: 'lost' };
      if (strikes('webhookDoubled')) return { kind: 'doubled' };
      return strikes('webhookLate') ? { kind: 'late', ms: 1 + below(600_000) } : undefined;
    },
    trouble(call) {
      if (call.action === 'hooks') return undefined;
      if (isPoisoned(call)) return { kind: 'status', status: 500 };
      if (strikes('lost', call)) return { kind: 'lost' };
      if (strikes('answerLost', call)) return { kind: 'answerLost' };
      if (strikes('late', call)) return { kind: 'late', ms: lasting(120_000) };
      if (strikes('slow', call)) return { kind: 'slow', ms: lasting(40_000) };
      if (strikes('serverError', call)) {
        const carriedOut = below(2) === 0;
        return { kind: 'status', status: [500, 502, 504][below(3)]!, carriedOut };
      }
      if (strikes('unavailable', call)) {
        return { kind: 'status', status: 503, retryAfterS: 1 + below(30) };
      }
      if (strikes('throttled', call)) {
        const wait = below(2) === 0 ? { retryAfterS: 1 + below(60) } : {};
        return { kind: 'status', status: 429, ...wait };
      }
      if (call.items > 0 && strikes('busy', call)) {
        return { kind: 'busy', items: [below(call.items)] };
      }
      return undefined;
    },
  };
}
