import assert from 'node:assert/strict';
import { runReal } from './real.ts';

describe('several workers on one database', function () {
  this.timeout(120_000);

  it('lose nothing and do nothing twice, though they are killed and cut off all the time', async function () {
    if (process.platform === 'win32') {
      console.warn('SKIPPED: processes cannot be killed and frozen by signals on Windows.');
      this.skip();
    }
    const { violations, kills, edits, directory } = await runReal({
      seconds: 8,
      workers: 2,
      seed: 1,
      people: 8,
      isHarsh: false,
    });
    assert.deepEqual(violations, [], `The logs are in ${directory}.`);
    assert.ok(kills > 0 && edits > 30, `${kills} kills and ${edits} edits are too few to count`);
  });
});
