import { MemoryStore } from '../../runtime/store/memory.ts';
import { virtualWorld } from '../sim/virtual-world.ts';
import { keepsTheContract } from './contract.ts';

describe('the store in memory', () => {
  keepsTheContract(async () => {
    const world = virtualWorld({ seed: 'memory' });
    return {
      store: new MemoryStore({ world, auditKey: 'a key' }),
      newId: () => world.newId(),
      close: async () => {},
    };
  });
});
