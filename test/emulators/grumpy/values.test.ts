import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Abilities, FieldOptions } from '../../../runtime/emulators/grumpy/grumpy.ts';
import { practice, type Json } from './practice.ts';

type Field = Omit<FieldOptions, 'path'>;

const one = { options: ['new', 'old'] };

/** A field, a value, and what is stored; `!` and a code when it is refused. */
const stored: readonly [field: Field, given: unknown, kept: unknown][] = [
  [{ type: 'text' }, 'Anna', 'Anna'],
  [{ type: 'text' }, ' Anna ', ' Anna '],
  [{ type: 'text' }, '', null],
  [{ type: 'text' }, null, null],
  [{ type: 'text' }, 7, '!invalid'],
  [{ type: 'text' }, true, '!invalid'],
  [{ type: 'text' }, ['Anna'], '!invalid'],
  [{ type: 'text' }, {}, '!invalid'],
  [{ type: 'text', maxLength: 4 }, 'Anna', 'Anna'],
  [{ type: 'text', maxLength: 3 }, 'Anna', '!invalid'],
  [{ type: 'text', maxLength: 1 }, '😀', '😀'],
  [{ type: 'email' }, 'Anna@Example.com', 'Anna@Example.com'],
  [{ type: 'email' }, '', null],
  [{ type: 'email' }, 'anna', '!invalid'],
  [{ type: 'email' }, 'anna@example', '!invalid'],
  [{ type: 'email' }, 'an na@example.com', '!invalid'],
  [{ type: 'email' }, 'a@b@example.com', '!invalid'],
  [{ type: 'phone' }, 'ask Anna', 'ask Anna'],
  [{ type: 'phone' }, 36301234567, '!invalid'],
  [{ type: 'number' }, 7.5, 7.5],
  [{ type: 'number' }, 0, 0],
  [{ type: 'number' }, '7', '!invalid'],
  [{ type: 'boolean' }, false, false],
  [{ type: 'boolean' }, 'false', '!invalid'],
  [{ type: 'boolean' }, 0, '!invalid'],
  [{ type: 'date' }, '2024-02-29', '2024-02-29'],
  [{ type: 'date' }, '2026-02-29', '!invalid'],
  [{ type: 'date' }, '2026-01-31T00:00:00.000Z', '!invalid'],
  [{ type: 'date' }, '31.01.2026', '!invalid'],
  [{ type: 'enum', ...one }, 'old', 'old'],
  [{ type: 'enum', ...one }, 'Old', '!invalid'],
  [{ type: 'enum', ...one }, null, null],
  [{ type: 'set', ...one }, ['old', 'new', 'old'], ['old', 'new']],
  [{ type: 'set', ...one }, ['older'], '!invalid'],
  [{ type: 'set', ...one }, [], null],
  [{ type: 'set', ...one }, 'old', '!invalid'],
  [{ type: 'set' }, ['anything'], ['anything']],
  [{ type: 'set' }, [7], '!invalid'],
  [{ type: 'object' }, { city: 'Pécs' }, { city: 'Pécs' }],
  [{ type: 'object' }, ['Pécs'], '!invalid'],
  [{ type: 'object' }, 'Pécs', '!invalid'],
  [{ type: 'reference' }, '3', '3'],
  [{ type: 'reference' }, 3, '!invalid'],
  [{ type: 'text', readOnly: true }, 'Anna', '!read_only'],
];

/** A spelling, a text, and how it is kept. */
const spelled: readonly [spelling: Abilities['spelling'][string], given: string, kept: unknown][] =
  [
    ['lower', 'ÁRVÍZtűrő', 'árvíztűrő'],
    ['trim', '  Anna\t', 'Anna'],
    ['trim', '   ', null],
    ['phone', '+36301234567', '+363 012 345 67'],
    ['phone', '(06-30) 123-4567', '063 012 345 67'],
    ['phone', '123456', '123 456'],
    ['phone', '1', '1'],
    ['phone', 'ask Anna (30)', 'ask Anna (30)'],
    ['phone', '30/123', '30/123'],
    ['cut:3', 'Anna', 'Ann'],
    ['cut:2', '😀😀😀', '😀😀'],
  ];

describe('a value in Grumpy', () => {
  for (const [field, given, kept] of stored) {
    const name = `${JSON.stringify(given)} in ${JSON.stringify(field)}`;
    it(`${name} becomes ${JSON.stringify(kept)}`, async () => {
      assert.deepEqual(await keptOf(field, {}, given), kept);
    });
  }

  for (const [spelling, given, kept] of spelled) {
    it(`"${given}" is spelled ${JSON.stringify(kept)} (${spelling})`, async () => {
      assert.deepEqual(await keptOf({ type: 'text' }, { x: spelling }, given), kept);
    });
  }

  it('is spelled before it is measured', async () => {
    assert.equal(await keptOf({ type: 'text', maxLength: 4 }, { x: 'cut:4' }, 'Annamari'), 'Anna');
  });

  it('does not change when it is written back', async () => {
    const spelling = fc.constantFrom('lower', 'trim', 'phone', 'cut:5');
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...Array.from('+() -.0123456789')) }),
    );
    await fc.assert(
      fc.asyncProperty(spelling, text, async (how, given) => {
        const once = await keptOf({ type: 'text' }, { x: how }, given);
        assert.deepEqual(await keptOf({ type: 'text' }, { x: how }, once), once);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('belongs to a field of the schema', async () => {
    const { post } = practice();
    const items = [{ fields: { phone: '1' } }, { fields: { ['__proto__']: '1' } }];
    const { results } = await post('contacts/create', { items });
    assert.deepEqual(results.map(({ status, code, path }: Json) => ({ status, code, path }))[0], {
      status: 'error',
      code: 'unknown_field',
      path: 'phone',
    });
  });
});

/** The value that is read back, or the code of the refusal. */
async function keptOf(
  field: Field,
  spelling: Abilities['spelling'],
  given: unknown,
): Promise<unknown> {
  const { post } = practice({
    abilities: { spelling },
    collections: { things: [{ path: 'x', ...field }] },
  });
  const { results } = await post('things/create', { items: [{ fields: { x: given } }] });
  const [result] = results;
  if (result.status === 'ok') return result.item.fields.x;
  assert.equal(result.path, 'x');
  return `!${result.code}`;
}
