/**
 * The whole of a small space: every value of ours, base and read at every member. Each state is settled
 * in one pass or reported, never both and never neither; and once everything has been read, whoever may
 * be written agrees with us, or a conflict or hold says why not.
 */
import assert from 'node:assert/strict';
import type {
  Direction,
  EndpointId,
  Link,
  PlanInput,
} from '../../../runtime/core/planner/model.ts';
import { plan } from '../../../runtime/core/planner/plan.ts';
import { same } from '../../../runtime/core/value.ts';
import { directionOf, mergeRows, runUntilQuiet, type Items } from './laws/harness.ts';
import { laws } from './laws/laws.ts';
import { Choices } from './laws/choices.ts';
import { asked, type Table } from './table.ts';

/** One plan for what was read at first, three rounds, and one to see that nothing is left. */
const PLANS_MAX = 5;

/** The laws that a single plan can break. */
const LAWS = laws.filter(({ name }) => ['L4', 'L5', 'L6', 'L7', 'L10', 'L11'].includes(name));

export function checkEvery({
  table,
  ours = ['-', '.', 'A'],
  bases = ['-', '.', 'A', 'Z'],
  reads = ['?', '_', 'x', '.', 'A', 'B', 'C'],
}: {
  readonly table: Table;
  readonly ours?: readonly string[];
  readonly bases?: readonly string[];
  readonly reads?: readonly string[];
}): number {
  let states = 0;
  const everyBase = tuples(bases, table.members.length);
  const everyRead = tuples(reads, table.members.length);
  for (const own of ours) {
    for (const base of everyBase) {
      // Whatever was read anywhere has become ours; only emptiness has not.
      if (own === '-' && /[A-Z]/.test(base)) continue;
      for (const read of everyRead) {
        const question = `${own} : ${base} : ${read}`;
        try {
          checkState(table, question);
        } catch (error) {
          const shown = JSON.stringify(table);
          throw new Error(`${question}\nwith ${shown}\n${String(error)}`, { cause: error });
        }
        states += 1;
      }
    }
  }
  return states;
}

/** The directions that some members may have, all combinations of them. */
export function directions(
  members: readonly string[],
  ways: readonly Direction[],
): Record<string, Direction>[] {
  return members.reduce<Record<string, Direction>[]>(
    (all, member) => all.flatMap((some) => ways.map((way) => ({ ...some, [member]: way }))),
    [{}],
  );
}

function tuples(values: readonly string[], length: number): string[] {
  return Array.from({ length }).reduce<string[]>(
    (all) => all.flatMap((some) => values.map((value) => `${some} ${value}`.trim())),
    [''],
  );
}

function checkState(table: Table, question: string): void {
  const scenario = asked(table, question);
  for (const law of LAWS) law.check(plan, scenario, new Choices([]));
  const { input, items, quiet } = runUntilQuiet(plan, scenario, PLANS_MAX);
  assert.ok(quiet, 'it does not come to rest');
  const last = plan(input);
  const apart = input.links.filter((link) => differs(input, link, items));
  const written = apart.filter(({ endpoint }) => wayTo(input, endpoint) !== 'in');
  const open = mergeRows(input.conflicts, last.conflicts).filter(({ state }) => state === 'open');
  const told = (link: Link): boolean => {
    return last.holds.some(({ endpoint }) => endpoint === link.endpoint);
  };
  for (const link of written) {
    assert.ok(open.length > 0 || told(link), `${link.endpoint} differs, and nothing says why`);
  }
  if (agree(input, items)) assert.deepEqual(open, [], 'all agree, and still a person is asked');
}

/** Whether a member shows something else than we have; where we have nothing, it cannot. */
function differs(input: PlanInput, link: Link, items: Items): boolean {
  const item = items.get(link.id);
  if (link.state !== 'live' || wayTo(input, link.endpoint) === 'off') return false;
  if (input.entity.life === 'dead') return item !== undefined;
  const ours = input.entity.cells.f;
  return ours !== undefined && !same(item?.fields.f ?? null, ours.value);
}

function agree(input: PlanInput, items: Items): boolean {
  const links = input.links.filter(
    ({ state, endpoint }) => state === 'live' && wayTo(input, endpoint) !== 'off',
  );
  const ours = input.entity.cells.f?.value;
  const shown = links.map(({ id }) => items.get(id)?.fields.f ?? null);
  const [first, ...rest] = [...shown, ...(ours === undefined ? [] : [ours])];
  return rest.every((value) => same(value, first ?? null));
}

function wayTo({ policy }: PlanInput, endpoint: EndpointId): string {
  const [field] = policy.fields;
  return field ? directionOf(field, endpoint) : 'off';
}
