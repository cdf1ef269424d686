import assert from 'node:assert/strict';
import { serveVendors } from '../../runtime/emulators/vendors.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

describe('the vendors that can be emulated', () => {
  it('are served by name, or all of them, with their people', () => {
    for (const [names, said] of [
      [['grumpy', 'grumpy'], /^Grumpy is ready$/],
      [['grumpy', 'twenty'], /^Grumpy and Twenty are ready$/],
      [['all'], /^Grumpy, .* and Twenty are ready$/],
    ] as const) {
      const served = serveVendors(names, virtualWorld({ seed: 1 }));
      assert.match(served.areReady, said);
      assert.deepEqual(served.tokens.slice(0, 2), [
        { name: 'sales', token: 'demo-sales' },
        { name: 'support', token: 'demo-support' },
      ]);
      served.seed(3);
    }
  });

  it('are told to who asks for another one', () => {
    assert.throws(() => serveVendors(['hubsport'], virtualWorld({ seed: 1 })), /Use grumpy/);
  });
});
