/**
 * Every rule that keeps a promise, with what shows that it is needed: the rule is switched off, and
 * something goes wrong that does not go wrong while it is in force.
 *
 * Rules live in three places. The engine has switches of its own; what has none is falsified from
 * outside; and rules of the planner are broken planners, which a law has to catch.
 */
import { ruleNames, rulesWithout, ruleTexts } from '../../runtime/engine/rules.ts';
import { engineScenes } from './engine-rules.ts';
import { plannerRules, violatedLaw } from './planner-rules.ts';
import { violationWithout } from './scene.ts';
import { outerRules } from './outer-rules.ts';

export interface Ablation {
  readonly rule: string;
  readonly says: string;
  readonly keptBy: 'engine' | 'outer' | 'planner';
  /** What goes wrong without the rule; undefined when nothing does. */
  readonly violation: () => Promise<string | undefined>;
}

export const ablations: readonly Ablation[] = [
  ...ruleNames.map((rule): Ablation => ({
    rule,
    says: ruleTexts[rule],
    keptBy: 'engine',
    violation: () =>
      violationWithout(
        (options) => ({ ...options, rules: rulesWithout(rule) }),
        engineScenes[rule],
      ),
  })),
  ...Object.entries(outerRules).map(([rule, { says, without, ...scene }]): Ablation => ({
    rule,
    says,
    keptBy: 'outer',
    violation: () => violationWithout(without, scene),
  })),
  ...plannerRules.map(({ rule, says, law, planner }): Ablation => ({
    rule,
    says,
    keptBy: 'planner',
    violation: async () => violatedLaw(law, planner),
  })),
];
