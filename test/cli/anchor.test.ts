import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { anchorIn } from '../../runtime/cli/anchor.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { virtualWorld } from '../sim/virtual-world.ts';

const [ANN, BEA] = ['ann', 'bea'] as TenantId[];

describe('What is kept beside the database', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tributary-anchor-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is the last text of each tenant, and nothing before there was one', async () => {
    const data = path.join(folder, 'not', 'made yet');
    const anchor = anchorIn(data, virtualWorld({ seed: 1 }));
    assert.equal(await anchor.read(ANN!), undefined);
    await anchor.write(ANN!, '1 a');
    await anchor.write(BEA!, '9 b');
    await Promise.all([anchor.write(ANN!, '2 c'), anchor.write(ANN!, '2 c')]);
    const another = anchorIn(data, virtualWorld({ seed: 2 }));
    assert.deepEqual([await another.read(ANN!), await another.read(BEA!)], ['2 c', '9 b']);
    assert.equal(readdirSync(data).length, 2, 'nothing else is left there');
  });

  it('is not written in silence where it cannot be written', async () => {
    const anchor = anchorIn(path.join('/dev/null', 'x'), virtualWorld({ seed: 1 }));
    await assert.rejects(anchor.write(ANN!, '1 a'), { code: 'cannot-write' });
  });
});
