/**
 * Whether the server does its work, for load balancers and people: each part brings a check, and the
 * report names the parts that fail it. A report never repeats what an error said, since anybody may
 * ask; the log does, once each time a part stops or starts to work.
 */
import type { World } from '../world/world.ts';
import { withTimeLimit } from './time-limit.ts';

export interface Report {
  readonly ready: boolean;
  /** What is not ready, and in which way. */
  readonly waiting: Readonly<Partial<Record<Part, string>>>;
}

export interface Readiness {
  /** A check resolves when the part works. */
  watch(part: Part, check: () => Promise<void>): void;
  report(): Promise<Report>;
}

export type Part = 'database' | 'flows';

const CHECK_MS_MAX = 2000;

export function trackReadiness({ log, schedule }: World): Readiness {
  const parts: Part[] = ['database', 'flows'];
  const checks = new Map<Part, () => Promise<void>>();
  const broken = new Set<Part>();
  let underWay: Promise<Report> | undefined;

  async function report(): Promise<Report> {
    const entries = await Promise.all(
      parts.map(async (part) => [part, await state(part)] as const),
    );
    const waiting = Object.fromEntries(entries.filter(([, text]) => text !== undefined));
    return { ready: Object.keys(waiting).length === 0, waiting };
  }

  async function state(part: Part): Promise<string | undefined> {
    const check = checks.get(part);
    if (check === undefined) return 'starting';
    try {
      await withTimeLimit(check, { limitMs: CHECK_MS_MAX, schedule });
      if (broken.delete(part)) log.write('info', `Works again: ${part}.`);
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!broken.has(part)) log.write('warn', `Does not work: ${part}.`, { reason });
      broken.add(part);
      return 'not working';
    }
  }

  return {
    watch: (part, check) => void checks.set(part, check),
    // However many ask at once, the database is asked once.
    report: () => (underWay ??= report().finally(() => (underWay = undefined))),
  };
}
