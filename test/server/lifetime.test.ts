import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { serverFloor, type SpawnedServer } from './spawned-server.ts';

describe('the life of the process', () => {
  const floor = serverFloor();

  it('closes in reverse order when asked to stop', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const life = live('well', 'well', 'well');
      await life.says(/^started$/m);
      life.signal(signal);
      assert.equal((await life.ended).code, 0, life.output());
      assert.match(life.output(), /Stopping \(SIG\w+\)[^]*\nclosing step 1\nclosing step 0\n$/);
    }
  });

  it('closes what was opened when the start fails', async () => {
    const life = live('fails', 'well', 'well');
    assert.equal((await life.ended).code, 1);
    assert.equal(life.output(), 'refused: the start failed\nclosing step 1\nclosing step 0\n');
  });

  it('ends while the start still waits for something', async () => {
    const life = live('waits', 'well');
    await life.says(/^started$/m);
    life.signal('SIGTERM');
    assert.equal((await life.ended).code, 0, life.output());
    assert.doesNotMatch(life.output(), /refused/);
  });

  it('ends in order, with code 1, after an error that nobody caught', async () => {
    const life = live('throws-later', 'well');
    assert.equal((await life.ended).code, 1);
    assert.match(life.output(), /nobody caught me[^]*\nclosing step 0\n$/);
  });

  it('goes on closing when a step breaks or hangs, and tells by its code', async () => {
    for (const closing of ['breaks', 'hangs']) {
      const life = live('well', 'well', closing);
      await life.says(/^started$/m);
      life.signal('SIGTERM');
      assert.equal((await life.ended).code, 1);
      assert.match(life.output(), /Closing went wrong, at: step 1[^]*\nclosing step 0\n$/);
    }
  });

  it('ends by itself when closing takes too long in all', async () => {
    const life = live('well', 'well', 'hangs', 'hangs');
    await life.says(/^started$/m);
    life.signal('SIGTERM');
    assert.equal((await life.ended).code, 1);
    assert.match(life.output(), /Closing took too long, at: step 1\. [^\n]*\n$/);
  });

  it('ends at once when asked a second time', async () => {
    const life = live('patient', 'well', 'hangs');
    await life.says(/^started$/m);
    life.signal('SIGTERM');
    await life.says(/^closing step 1$/m);
    life.signal('SIGINT');
    assert.equal((await life.ended).code, 128 + 2);
    assert.doesNotMatch(life.output(), /closing step 0/);
  });

  function live(...args: readonly string[]): SpawnedServer {
    const script = fileURLToPath(import.meta.resolve('./lifetime-process.ts'));
    return floor.spawn({ command: [process.execPath, script], args });
  }
});
