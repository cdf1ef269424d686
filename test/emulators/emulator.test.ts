import assert from 'node:assert/strict';
import { directoryOf, type Emulator } from '../../runtime/emulators/emulator.ts';
import { openGrumpy } from '../../runtime/emulators/grumpy/grumpy.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

describe('the accounts of several emulators', () => {
  it('are one list, in which each is found by its name', () => {
    const directory = directoryOf([named('one', '/a'), named('two', '/b')]);
    assert.deepEqual(directory.accounts, ['one', 'two']);
    assert.equal(directory.account('two').name, 'two');
    assert.equal(directory.titleOf('one'), 'one by Grumpy');
    assert.throws(() => directory.account('three'), { code: 'emulator-account' });
  });

  it('are refused when two would have the same name, or the same path', () => {
    const code = 'emulators-clash';
    assert.throws(() => directoryOf([named('one', '/a'), named('one', '/b')]), { code });
    assert.throws(() => directoryOf([named('one', '/a'), named('two', '/a')]), { code });
  });
});

function named(name: string, path: string): Emulator {
  const accounts = [{ name, token: name, collections: { people: [] } }];
  const grumpy = openGrumpy({ world: virtualWorld({ seed: 1 }), accounts });
  return {
    vendor: name,
    title: `${name} by Grumpy`,
    paths: [path],
    accounts: grumpy.accounts,
    account: (account) => grumpy.account(account),
    handle: (request) => grumpy.handle(request),
    seed: (count) => grumpy.seed(count),
  };
}
