import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { commandFloor, configOf, SECRET } from './cli/floor.ts';
import { databaseUrlOf } from './server/spawned-server.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

describe('The library', () => {
  const floor = commandFloor();

  it('does what the example of its documentation says', async () => {
    const [, example] = /```ts\n(import .*?)```/s.exec(
      readFileSync(path.join(ROOT, 'docs/library.md'), 'utf8'),
    )!;
    const door = pathToFileURL(path.join(ROOT, 'runtime/index.ts')).href;
    floor.write('example.ts', example!.replace('@tributary/node-red-crm', door));
    floor.write('tributary.yaml', configOf({ tenant: 'library' }));
    floor.grumpy.account('crm').create('people', { email: 'anna@example.com', name: 'Anna' });
    floor.grumpy.account('crm').create('people', { email: 'bela@example.com', name: 'Béla' });

    const child = spawn(process.execPath, ['example.ts'], {
      cwd: floor.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        DATABASE_URL: databaseUrlOf(floor.database.connection),
        TRIBUTARY_SECRET: SECRET,
        GRUMPY: floor.url,
      },
    });
    const [said, complained, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    assert.equal(
      said,
      'people: 2 writes planned\npeople: 2 created\npeople: 2 removed again\n',
      complained,
    );
    assert.equal(code, 0);
    assert.deepEqual(floor.grumpy.account('desk').items('people'), []);
  });
});
