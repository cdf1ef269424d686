import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { schemaText } from '../../../runtime/cli/commands/schema.ts';

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly additionalProperties: Schema;
  readonly enum: readonly string[];
  readonly required?: readonly string[];
  readonly allOf: readonly { readonly if: unknown; readonly then: Schema }[];
}

describe('the JSON Schema of the configuration', () => {
  const schema = JSON.parse(schemaText()) as Schema;

  it('is the one in docs', () => {
    const file = path.resolve(import.meta.dirname, '../../../docs/config.schema.json');
    const next = 'run: node runtime/cli/main.ts schema > docs/config.schema.json, and format it';
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), schema, next);
  });

  it('knows the vendors, and what each of them is told', () => {
    const account = schema.properties['accounts']!.additionalProperties;
    assert.ok(account.properties['vendor']!.enum.includes('grumpy'));
    const own = account.allOf.find(({ if: when }) => JSON.stringify(when).includes('"grumpy"'));
    assert.ok('token' in own!.then.properties);
  });

  it('lets a secret be left out that is looked for elsewhere', () => {
    const account = schema.properties['accounts']!.additionalProperties;
    const own = account.allOf.find(({ if: when }) => JSON.stringify(when).includes('"twenty"'));
    assert.ok('apiKey' in own!.then.properties);
    assert.ok(!own!.then.required?.includes('apiKey'));
  });

  it('lets variables stand where numbers are meant', () => {
    const sync = schema.properties['syncs']!.additionalProperties;
    const { least } = sync.properties['brakes']!.properties['delete']!.properties;
    assert.match(JSON.stringify(least), /"type":"integer".*"pattern":/);
  });
});
