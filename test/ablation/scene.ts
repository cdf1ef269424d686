/**
 * A small world in which a rule of the engine is needed. It is lived through twice: without the rule
 * something has to go wrong, and with it nothing may. So what is caught is caught because of the rule.
 */
import { openEngine, type Engine, type EngineOptions } from '../../runtime/engine/engine.ts';
import { scenarioOf, type Sketch } from '../sim/build.ts';
import type { Scenario } from '../sim/scenario.ts';
import { simulate, type Outcome } from '../sim/simulation.ts';

export interface Scene {
  readonly sketch: Sketch;
  /** The moments or chances at which to look for it, one after the other until one shows it. */
  readonly tries?: readonly Partial<Sketch>[];
  /** How often everything is compared; else every two minutes. */
  readonly sweepMinutes?: number;
  /** What the engine is given besides the simulation, with the rule and without. */
  readonly around?: Change;
  /** Looks on while it happens; a new one for each run. */
  readonly watch?: () => Watch;
  /** What is wrong in the end; the oracle says it where nobody else does. */
  readonly judge?: (outcome: Outcome) => readonly string[];
}

export type Change = (options: EngineOptions) => EngineOptions;

export interface Watch {
  readonly change: Change;
  /** What it has seen that must not be. */
  seen(): readonly string[];
}

/** The violation that shows that the rule is needed; undefined when none does. */
export async function violationWithout(rule: Change, scene: Scene): Promise<string | undefined> {
  const { sketch, tries = [{}], sweepMinutes = 2 } = scene;
  for (const variant of tries) {
    const scenario = { ...scenarioOf({ ...sketch, ...variant }), sweepMinutes };
    const [violation] = await violationsIn(scene, scenario, rule);
    if (violation === undefined) continue;
    const withRule = await violationsIn(scene, scenario, (options) => options);
    if (withRule.length === 0) return violation;
  }
  return undefined;
}

async function violationsIn(
  { around = (options) => options, watch, judge = oracle }: Scene,
  scenario: Scenario,
  rule: Change,
): Promise<readonly string[]> {
  const watching = watch?.();
  const open = (options: EngineOptions): Engine => {
    const given = around(options);
    return openEngine(rule(watching ? watching.change(given) : given));
  };
  const violations = judge(await simulate(scenario, open));
  return [...violations, ...(watching?.seen() ?? [])];
}

function oracle({ violations }: Outcome): readonly string[] {
  return violations;
}

/** The same story with other luck. */
export function seeds(count: number): readonly Partial<Sketch>[] {
  return Array.from({ length: count }, (_, index) => ({ seed: index + 1 }));
}
