import assert from 'node:assert/strict';
import { z } from 'zod';
import { connectors } from '../../runtime/connectors/index.ts';

describe('the list of connectors', () => {
  it('has every vendor once, by a name that fits into a path', () => {
    const names = connectors.map(({ vendor }) => vendor);
    assert.ok(names.includes('grumpy'));
    assert.deepEqual(names, [...new Set(names)]);
    for (const name of names) assert.match(name, /^[a-z][a-z0-9-]*$/);
  });

  for (const { vendor, title, config, secrets } of connectors) {
    it(`says of ${vendor} what a person fills in, and which of it is secret`, () => {
      const form = z.toJSONSchema(config, { io: 'input' });
      const members = Object.keys(form.properties ?? {});
      assert.ok(title !== '' && members.length > 0);
      assert.deepEqual(
        secrets.filter((name) => !members.includes(name)),
        [],
      );
    });
  }
});
