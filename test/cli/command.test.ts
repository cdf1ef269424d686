import assert from 'node:assert/strict';
import { helpOf, numberOption, understand, type Command } from '../../runtime/cli/command.ts';
import { outputTo } from '../../runtime/cli/output.ts';

const command: Command = {
  name: 'water',
  summary: 'water a plant',
  about: 'Not too much.\n',
  words: ['<plant>', '[where]'],
  options: {
    litres: { value: '<number>', about: 'how much; 1' },
    often: { about: 'every day' },
  },
  run: async () => 0,
};

describe('a command', () => {
  it('understands its words and options, in any order', () => {
    assert.deepEqual(understand(command, ['--litres', '2', 'fern', '--often', 'hall']), {
      words: ['fern', 'hall'],
      options: Object.assign(Object.create(null), { litres: '2', often: true }) as object,
    });
    assert.deepEqual(understand(command, ['fern']).words, ['fern']);
  });

  for (const [argv, said] of [
    [[], 'tributary water: It needs <plant>. See tributary water --help.'],
    [['a', 'b', 'c'], 'tributary water: There is no use for "c". See tributary water --help.'],
    [
      ['a', '--much'],
      "tributary water: Unknown option '--much'. Options: --litres, --often. See tributary water --help.",
    ],
    [
      ['a', '--litres'],
      "tributary water: Option '--litres <value>' argument missing. Options: --litres, --often. See tributary water --help.",
    ],
  ] as const) {
    it(`refuses ${JSON.stringify(argv)} in one line that says what there is`, () => {
      assert.throws(() => understand(command, argv), { code: 'misused', message: said });
    });
  }

  it('takes whole numbers within bounds only', () => {
    const output = outputTo({ write: () => true }, { isJson: false });
    const litres = (text?: string): number =>
      numberOption(
        'water',
        { words: [], options: { litres: text }, environment: {}, output },
        { name: 'litres', otherwise: 1, max: 10 },
      );
    assert.deepEqual([litres(), litres('0'), litres('10')], [1, 0, 10]);
    for (const text of ['11', '-1', '1.5', 'much', '', '1e1']) {
      const message = `tributary water: --litres is a number from 0 to 10, not "${text}". See tributary water --help.`;
      assert.throws(() => litres(text), { message });
    }
  });

  it('helps with everything that it takes', () => {
    assert.equal(
      helpOf(command),
      [
        'water a plant',
        '',
        '  tributary water <plant> [where] [options]',
        '',
        'Not too much.',
        '',
        '',
        '  --litres <number>  how much; 1',
        '  --often            every day',
      ].join('\n'),
    );
  });
});
