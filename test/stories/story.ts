/**
 * A story from the life of a sync: these systems, these people, this happens; then what has to be true
 * when all is quiet. It runs in the simulation, so it is over in milliseconds and the same every time,
 * and the oracle watches: a story in which anything is lost, twice or out of step fails by itself.
 */
import assert from 'node:assert/strict';
import type { Change } from '../../runtime/emulators/grumpy/grumpy.ts';
import type { StoredConflict, StoredDeadLetter, StoredReview } from '../../runtime/store/store.ts';
import { scenarioOf, type Deed, type Sketch } from '../sim/build.ts';
import type { FieldName } from '../sim/scenario.ts';
import { codeOf } from '../sim/system.ts';
import { simulate, START_MS } from '../sim/simulation.ts';
import { taleOf } from '../sim/tale.ts';
import { told } from '../sim/told.ts';

export interface Ending {
  /** The people that a system has, each as `c0001`, in the order of their ids. */
  readonly people: (system: string) => readonly string[];
  /** The field of the only item with this code in a system. */
  readonly value: (system: string, code: string, field: string) => unknown;
  /** How many seconds after the start we did this in a system, one by one. */
  readonly when: (system: string, kind: Change['kind']) => readonly number[];
  /** What we have written into a system, in words. */
  readonly writes: (system: string) => readonly string[];
  /** Values that did not win and are on record, by field. */
  readonly conflicts: readonly StoredConflict[];
  readonly reviews: readonly StoredReview[];
  /** Questions that were ever asked, and what was ever given up, whatever became of it. */
  readonly asked: readonly StoredReview[];
  readonly givenUp: readonly StoredDeadLetter[];
}

/** Fails when the oracle sees a violation, and then tells all that happened. */
export async function story(sketch: Sketch): Promise<Ending> {
  const { rest, violations } = await simulate(scenarioOf(sketch));
  assert.ok(violations.length === 0, `\n${taleOf(rest, violations)}`);
  const rows = rest.rowsOf(0);

  function hands(name: string): ReturnType<typeof rest.handsOf> {
    return rest.handsOf(rest.systems.find(({ scene }) => scene.name === name)!);
  }

  return {
    people: (system) => hands(system).items('people').map(codeOf),
    value(system, code, field) {
      const items = hands(system)
        .items('people')
        .filter((item) => codeOf(item) === code);
      assert.equal(items.length, 1, `${code} is ${items.length} times at ${system}`);
      return items[0]!.fields[field] ?? null;
    },
    when: (system, kind) =>
      hands(system)
        .log.filter((change) => change.via === 'api' && change.kind === kind)
        .map(({ at }) => (at - START_MS) / 1000),
    writes: (system) =>
      hands(system)
        .log.filter(({ via }) => via === 'api')
        .map(told),
    conflicts: [...rows.records.values()].flatMap(({ conflicts }) => [...conflicts.values()]),
    reviews: [...rows.reviews.values()].filter(({ state }) => state !== 'closed'),
    asked: [...rows.reviews.values()],
    givenUp: [...rows.deadLetters.values()],
  };
}

export function edit(system: string, code: string, field: FieldName): Deed {
  return { kind: 'edit', system, collection: 'people', code, field, how: 'type' };
}

export function remove(system: string, code: string): Deed {
  return { kind: 'delete', system, collection: 'people', code };
}

export function enter(system: string, code: string): Deed {
  return { kind: 'create', system, collection: 'people', code };
}
