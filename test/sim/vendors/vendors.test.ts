import assert from 'node:assert/strict';
import { connectors } from '../../../runtime/connectors/index.ts';
import { compileMapping } from '../../../runtime/core/mapping/mapping.ts';
import { openEngine, type Engine, type EngineOptions } from '../../../runtime/engine/engine.ts';
import { scenarioOf } from '../build.ts';
import { inWorld } from '../../connectors/in-world.ts';
import { scenarioFrom } from '../generate.ts';
import type { Scenario, SystemScene, VendorName } from '../scenario.ts';
import { simulate } from '../simulation.ts';
import { codeOf, COLLECTIONS, tokenOf } from '../system.ts';
import { virtualWorld } from '../virtual-world.ts';
import { vendorOf } from './vendors.ts';

/** A taste of `npm run test:sim -- --vendors`. */
const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);
const VENDORS: readonly VendorName[] = ['hubspot', 'pipedrive', 'rest', 'twenty'];

const PERSON = {
  code: 'c0001',
  name: 'e0001 Anna',
  email: 'e0002@example.com',
  phone: '+36205550003',
  tags: ['e0004', 'e0005'],
  address: { city: 'e0006', street: null },
  status: 'customer',
} as const;

describe('A vendor in the simulator', () => {
  for (const vendor of VENDORS) {
    it(`keeps what people type, and is read as the same by our connector: ${vendor}`, async () => {
      const { world, inside, open, member } = siteOf(vendor);
      const companyId = inside.create('companies', { code: 'c0009', name: 'e0007 Kft.' });
      const id = inside.create('people', { ...PERSON, companyId });
      assert.deepEqual(inside.item('people', id)?.fields, { ...PERSON, companyId });
      assert.deepEqual(
        inside.log.map((change) => codeOf(change.after)),
        ['c0009', 'c0001'],
      );
      await inWorld(world, async () => {
        const collection = await (await open()).collection(member.collection);
        const [read] = await collection.read([id]);
        assert.ok(read?.kind === 'present');
        const { fields, problems } = compileMapping(member.mapping).read(read.item.raw);
        assert.deepEqual(problems, []);
        const { company, ...others } = fields;
        assert.deepEqual(others, PERSON);
        assert.equal(company, companyId);
      });
    });
  }
});

describe('A world of vendors that exist', () => {
  it('comes to rest in agreement, with nothing lost and nothing twice, whatever the seed', async () => {
    const broken: string[] = [];
    for (const seed of SEEDS) {
      const { violations } = await simulate(scenarioFrom(seed, { vendors: true }));
      broken.push(...violations.map((line) => `seed ${seed}: ${line}`));
    }
    assert.deepEqual(broken, []);
  });

  it('is the same world when the seed is the same', async () => {
    const scenario = scenarioFrom(1, { vendors: true });
    assert.equal((await simulate(scenario)).trace, (await simulate(scenario)).trace);
  });

  for (const vendor of VENDORS) {
    it(`is one in which a witness sees what we read and whom we make: ${vendor}`, async () => {
      const { rest, violations } = await simulate(sketchOf(vendor));
      assert.deepEqual(violations, []);
      assert.ok(rest.witness.asked.has('other-1/people/c0001'));
      assert.ok([...rest.witness.read.keys()].some((name) => name.startsWith('other-1 ')));
    });
  }

  it('is one in which an engine that never looks is noticed', async () => {
    const idle = (options: EngineOptions): Engine => ({
      ...openEngine(options),
      look: async () => {},
    });
    const { violations } = await simulate(sketchOf('hubspot'), idle);
    assert.deepEqual(violations, [
      'c0001 at app-1 belongs to no record, and nobody is asked why',
      'c0002 at other-1 belongs to no record, and nobody is asked why',
    ]);
  });
});

function sceneOf(name: string, vendor: VendorName): SystemScene {
  const spelling = { spellingIsDeclared: true, emailIsUnique: false, webhooks: false };
  return { name, vendor, abilities: {}, ...spelling };
}

/** Anna is known to an app and Béla to another system, and each becomes known to the other one; Anna marries. */
function sketchOf(vendor: VendorName): Scenario {
  const systems = { app: sceneOf('app', 'rest'), other: sceneOf('other', vendor) };
  const anna = { collection: 'people', code: 'c0001' } as const;
  const marries = { kind: 'edit', system: 'app', ...anna, field: 'name', how: 'type' } as const;
  const people = { c0001: ['app'], c0002: ['other'] };
  return scenarioOf({ systems, people, happens: [[60, marries]] });
}

function siteOf(vendor: VendorName) {
  const world = virtualWorld({ seed: vendor });
  const scene = sceneOf('other', vendor);
  const its = vendorOf(scene);
  const system = { account: 'other-1', scene };
  const site = its.start(system, { world });
  world.serve(site.origin, (request) => site.handle(request));
  const connector = connectors.find((one) => one.vendor === its.name)!;
  return {
    world,
    inside: site.inside,
    member: its.memberOf(COLLECTIONS[1]!, scene),
    open: () => connector.open(connector.config.parse(site.configOf(tokenOf(system))), world),
  };
}
