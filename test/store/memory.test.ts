import assert from 'node:assert/strict';
import { MemoryStore } from '../../runtime/store/memory.ts';
import type { Waiting } from '../../runtime/store/store.ts';
import { virtualWorld } from '../sim/virtual-world.ts';
import { keepsTheContract } from './contract.ts';
import { clockSetByHand, sceneIn } from './scene.ts';

function open() {
  const world = virtualWorld({ seed: 'memory' });
  const announced: Waiting[] = [];
  const announce = (due: readonly Waiting[]) => void announced.push(...due);
  const clock = clockSetByHand();
  const store = new MemoryStore({
    world: { newId: () => world.newId(), clock },
    auditKey: 'a key',
    announce,
  });
  return { store, newId: () => world.newId(), clock, announced, close: () => store.close() };
}

describe('the store in memory', () => {
  keepsTheContract(async () => open());

  it('refuses a commit that is wrong about what is stored, which a database would believe', async () => {
    const { record, commit, loadOne } = await sceneIn(open());
    const from = await record();
    const [link] = from.links;
    const imagined = { ...from, links: [{ ...link!, version: 99 }] };
    const change = { entity: from.entity, links: imagined.links };
    await assert.rejects(commit({ ...change, from: imagined }), { code: 'commit-from-elsewhere' });
    assert.deepEqual(await loadOne(from.entity.id), from);
  });

  it('gives out nothing that can be changed', async () => {
    const { record } = await sceneIn(open());
    const { entity, links } = await record();
    assert.throws(() => Object.assign(entity.cells['name']!, { value: 'Eve' }), TypeError);
    assert.throws(() => Object.assign(links[0]!, { state: 'gone' }), TypeError);
  });
});
