import { no } from './vector.ts';
import type { VectorTable } from './vector.ts';

/** What JSON.parse makes of 9007199254740993: another number, off by one. */
const BEYOND_2_53 = 9007199254740992;

const address = {
  kind: 'composite',
  options: { parts: { street: { kind: 'text' }, city: { kind: 'text' } } },
};

export const structures: readonly VectorTable[] = [
  {
    title: 'a yes or no',
    spec: { kind: 'boolean' },
    vectors: [
      [true, true, 'JSON'],
      ['true', true, 'HubSpot writes text'],
      ['FALSE', false, 'in any case'],
      [1, true, 'Pipedrive v1 writes 1'],
      ['0', false, 'and 0'],
      ['', null, 'blank is cleared, not no'],
      ['yes', no('boolean-invalid'), 'words need a value table'],
      [2, no('boolean-invalid'), 'two is neither'],
    ],
  },
  {
    title: 'an option',
    spec: { kind: 'enum', options: { values: ['NEW', 'WON'], aliases: { Gewonnen: 'WON' } } },
    vectors: [
      ['NEW', 'NEW', 'known'],
      ['Gewonnen', 'WON', 'another name of it'],
      ['new', no('option-unknown'), 'options are compared to the letter'],
      ['constructor', no('option-unknown'), 'a name that every object has'],
      [null, null, 'cleared stays cleared'],
    ],
  },
  {
    title: 'an option of an open list',
    spec: { kind: 'enum' },
    vectors: [
      ['Anything', 'Anything', 'no list to check against'],
      [123, '123', 'an id of an option'],
    ],
  },
  {
    title: 'a set of e-mail addresses',
    spec: { kind: 'set', options: { element: { kind: 'email' } } },
    vectors: [
      [['b@x.hu', 'a@x.hu'], ['a@x.hu', 'b@x.hu'], 'a set has no order'],
      [['A@x.hu', 'a@X.hu'], ['a@x.hu'], 'nor repetition, by canonical element'],
      [['a@x.hu', '', null], ['a@x.hu'], 'blank elements are none'],
      [[], null, 'no elements, cleared'],
      [[''], null, 'only blank elements, the same'],
      [['a@x.hu', 'nobody'], no('email-invalid'), 'leaving one out would read as a removal'],
      ['a@x.hu', no('wrong-type'), 'one text is no list'],
    ],
  },
  {
    title: 'an address in parts',
    spec: address,
    vectors: [
      [
        { street: ' Fő utca 1. ', city: 'Győr' },
        { street: 'Fő utca 1.', city: 'Győr' },
        'part by part',
      ],
      [{ street: '', city: 'Győr' }, { street: null, city: 'Győr' }, 'a blank part is cleared'],
      [{ street: null, city: '' }, null, 'nothing left, cleared'],
      [
        { street: 'Fő utca 1.', city: 'Győr', geo: 1 },
        { street: 'Fő utca 1.', city: 'Győr' },
        'members that are no parts are not mapped',
      ],
      [
        { street: 'Fő utca 1.' },
        no('absent'),
        'the city was not in the read, which is not cleared',
      ],
      ['Fő utca 1.', no('wrong-type'), 'one text is not in parts'],
    ],
  },
  {
    title: 'an id of another record',
    spec: { kind: 'reference' },
    vectors: [
      ['0b9e-17', '0b9e-17', 'text'],
      [7, '7', 'Pipedrive has numbers'],
      ['', null, 'blank is cleared'],
      [BEYOND_2_53, no('wrong-type'), 'an id beyond 2^53 is another id by now'],
      ['two words', no('reference-invalid'), 'a name is no id'],
    ],
  },
  {
    title: 'an opaque structure',
    spec: { kind: 'json' },
    vectors: [
      [{ b: 1, a: [true, null] }, { a: [true, null], b: 1 }, 'the order of members means nothing'],
      [{}, {}, 'an empty object is a value, unless the mapping says otherwise'],
      [[], [], 'so is an empty list'],
      ['', null, 'blank text is cleared'],
      [{ a: 1, b: undefined }, { a: 1 }, 'what JSON leaves out'],
      [{ a: ' x ' }, { a: ' x ' }, 'text inside is not touched'],
      [-0, 0, 'RFC 8785 has no minus zero'],
      [{ id: BEYOND_2_53 }, no('number-unsafe'), 'a mangled id'],
      [
        JSON.parse('{"__proto__": {"admin": true}}'),
        no('json-refused'),
        'a member that poisons copies',
      ],
      [{ a: 'x\0' }, no('not-well-formed'), 'PostgreSQL has no NUL in jsonb'],
      [nested(33), no('json-refused'), 'deeper than anybody means'],
      [new Map([['a', 1]]), no('json-refused'), 'not JSON'],
    ],
  },
];

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}
