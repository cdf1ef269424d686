import assert from 'node:assert/strict';
import { openGrumpy, type Abilities } from '../../../runtime/emulators/grumpy/grumpy.ts';
import type { PolicyScene, Scenario, SystemScene } from '../scenario.ts';
import { systemsOf } from '../setting.ts';
import { accountOf } from '../vendors/grumpy.ts';
import { virtualWorld } from '../virtual-world.ts';
import { couldBeTwo } from './explanations.ts';
import type { Rest } from './rest.ts';

const UNTOLD = { mergeVisible: 'none', mergeGivesNewId: true } as const;

describe('Who was merged into a new id', () => {
  it('could be two where the vendor says nothing of it, and the address was new to us', () => {
    assert.equal(couldBeTwo(merged({}), 'c0001'), true);
  });

  it('could be two where no address is left', () => {
    assert.equal(couldBeTwo(merged({ made: { email: null } }), 'c0001'), true);
  });

  for (const [why, story] of [
    ['the vendor tells of merges', { abilities: { ...UNTOLD, mergeVisible: 'alias' } }],
    ['the id stays', { abilities: { ...UNTOLD, mergeGivesNewId: false } }],
    ['we knew the address', { stored: ['e0002'] }],
    ['we were shown the former address', { made: { email: 'e0001@example.com' } }],
    ['we made nobody of it', { made: { code: 'c0003' } }],
    ['a person made somebody of it', { via: 'hands' }],
    ['it had our marker', { marker: 'ours' }],
  ] satisfies [string, Story][]) {
    it(`is one where ${why}`, () => {
      assert.equal(couldBeTwo(merged(story), 'c0001'), false);
    });
  }

  it('is one if only another person was', () => {
    assert.equal(couldBeTwo(merged({}), 'c0002'), false);
  });
});

interface Story {
  readonly abilities?: Partial<Abilities>;
  /** Which addresses were stored before the merge. */
  readonly stored?: readonly string[];
  /** Whom somebody enters in the other system afterwards: we, unless a person did. */
  readonly made?: { readonly code?: string; readonly email?: string | null };
  readonly via?: 'api' | 'hands';
  readonly marker?: string;
}

/** Two people of the CRM are merged, the address is changed there, and somebody is entered in the app. */
function merged({ abilities = UNTOLD, stored = [], made = {}, via = 'api', marker }: Story): Rest {
  const scenario = scenarioOf(abilities);
  const systems = systemsOf(scenario);
  const grumpy = openGrumpy({ world: virtualWorld({ seed: 1 }), accounts: systems.map(accountOf) });
  const [app, crm] = systems.map(({ account }) => grumpy.account(account));
  const person = { code: 'c0001', email: 'e0001@example.com' };
  const winner = crm!.create('people', person);
  const loser = crm!.create('people', { code: 'c0002', email: 'e0003@example.com' });
  const left = crm!.merge('people', loser, winner);
  crm!.edit('people', left, { email: 'e0002@example.com' });
  app!.create('people', { ...person, email: 'e0002@example.com', ...made });
  const logs = new Map<string, unknown>([
    ['crm-1', crm!.log.map((one) => ({ ...one, after: one.after && { ...one.after, marker } }))],
    ['app-1', app!.log.map((one) => ({ ...one, via, at: one.at + 1 }))],
  ]);
  const people = { couldBeTwo: () => false, handedOn: new Set() };
  const witness = { stored: new Map([['e0001', 0], ...stored.map((mark) => [mark, 0] as const)]) };
  const handsOf = ({ account }: { account: string }) => ({ log: logs.get(account) });
  return { systems, handsOf, people, witness, forgotten: [] } as unknown as Rest;
}

function scenarioOf(abilities: Partial<Abilities>): Scenario {
  const scene = { emailIsUnique: false, webhooks: false, spellingIsDeclared: true };
  const systems: SystemScene[] = [
    { ...scene, name: 'app', abilities: {} },
    { ...scene, name: 'crm', abilities },
  ];
  const policy = { strategies: {}, directions: {} } as unknown as PolicyScene;
  const times = { minutes: 1, pollMinutes: 1, sweepMinutes: 1 };
  const tenants = [{ systems, records: [], policy }];
  return { seed: 1, workers: 1, ...times, tenants, actions: [], faults: {}, kills: [] };
}
