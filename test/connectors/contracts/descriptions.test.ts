import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descriptionOf, descriptionsIn } from './descriptions.ts';

const OPERATION = { responses: {} };

describe('the descriptions of vendors', () => {
  it('are the files of a folder whose names begin with the vendor, in JSON or YAML', () => {
    const folder = mkdtempSync(join(tmpdir(), 'descriptions-'));
    try {
      writeFileSync(join(folder, 'acme.json'), JSON.stringify({ openapi: '3.1.0', paths: {} }));
      writeFileSync(join(folder, 'umbrella-v1.yaml'), 'openapi: 3.0.1\npaths: {}\n');
      writeFileSync(join(folder, 'umbrellas.yaml'), 'openapi: 3.0.1\npaths: {}\n');
      writeFileSync(join(folder, 'third-provenance.json'), '{"note": "no description"}');
      const found = descriptionsIn(folder, ['acme', 'umbrella', 'third']);
      assert.deepEqual([...found!.keys()], ['acme', 'umbrella']);
      assert.equal(descriptionsIn(join(folder, 'no-such-folder'), ['acme']), undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are asked for the path that is named best, at any host', () => {
    const description = descriptionOf([
      {
        servers: [{ url: 'https://api.acme.example/v1' }],
        paths: { '/{kind}/{id}': { get: OPERATION }, '/people/{id}': { get: OPERATION } },
      },
      { paths: { '/v1/people/{personId}': { get: OPERATION } } },
    ]);
    const told = (method: string, path: string) =>
      description.find(method, path).map(({ operation, names }) => [operation.path, names]);
    assert.deepEqual(told('GET', '/v1/people/7'), [
      ['/v1/people/{id}', { id: '7' }],
      ['/v1/people/{personId}', { personId: '7' }],
    ]);
    assert.deepEqual(told('GET', '/api/v1/notes/a%20b'), [
      ['/api/v1/{kind}/{id}', { kind: 'notes', id: 'a b' }],
    ]);
    assert.deepEqual(told('POST', '/v1/people/7'), []);
    assert.ok(description.knows('/v1/people/7') && !description.knows('/v1/people'));
  });
});
