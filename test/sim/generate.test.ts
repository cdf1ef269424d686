import assert from 'node:assert/strict';
import { scenarioFrom } from './generate.ts';
import { FAULTS } from './scenario.ts';

const SCENARIOS = Array.from({ length: 400 }, (_, index) => scenarioFrom(index + 1));

describe('A generated scenario', () => {
  it('is the same for the same seed and another one for every other', () => {
    assert.deepEqual(scenarioFrom(7), scenarioFrom(7));
    const texts = new Set(SCENARIOS.map((scenario) => JSON.stringify(scenario)));
    assert.equal(texts.size, SCENARIOS.length);
  });

  it('survives being saved', () => {
    for (const scenario of SCENARIOS.slice(0, 50)) {
      assert.deepEqual(JSON.parse(JSON.stringify(scenario)), scenario);
    }
  });

  it('leaves out no deed and no fault', () => {
    const deeds = new Set(SCENARIOS.flatMap(({ actions }) => actions.map(({ kind }) => kind)));
    assert.deepEqual(
      [
        'edit',
        'create',
        'delete',
        'restore',
        'merge',
        'clone',
        'rotate',
        'forbid',
        'expireToken',
        'dropOption',
        'removeField',
        'forgeWebhook',
        'decide',
        'replayDeadLetters',
        'changePolicy',
        'kill',
        'pause',
        'setClock',
        'redeploy',
      ].filter((kind) => !deeds.has(kind as never)),
      [],
    );
    const faults = new Set(SCENARIOS.flatMap((scenario) => Object.keys(scenario.faults)));
    assert.deepEqual(
      FAULTS.filter((fault) => !faults.has(fault)),
      [],
    );
  });

  it('ends all deeds while people are at it', () => {
    for (const { actions, minutes } of SCENARIOS) {
      assert.ok(actions.every(({ at }) => at >= 0 && at < minutes * 60_000));
    }
  });

  it('has worlds without any fault, so that clean paths are tried as well', () => {
    const clean = SCENARIOS.filter(({ faults }) => Object.keys(faults).length === 0);
    assert.ok(clean.length > SCENARIOS.length / 10, `${clean.length} of ${SCENARIOS.length}`);
  });
});
