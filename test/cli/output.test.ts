import assert from 'node:assert/strict';
import { outputTo, type Terminal } from '../../runtime/cli/output.ts';

describe('the output', () => {
  function written(
    { isTTY = false, isJson = false },
    use: (output: ReturnType<typeof outputTo>) => void,
  ): string {
    let text = '';
    const terminal: Terminal = { isTTY, columns: 20, write: (more) => (text += more) };
    use(outputTo(terminal, { isJson }));
    return text;
  }
  const all = (output: ReturnType<typeof outputTo>): void => {
    output.progress('1 of 2');
    output.progress('2 of 2');
    output.tell({ event: 'done' });
    output.say('Done.');
    output.say('Bye.');
  };

  it('writes progress over on a terminal, and what is said in its place', () => {
    const clear = '\r\u001b[2K';
    assert.equal(
      written({ isTTY: true }, all),
      `${clear}1 of 2${clear}2 of 2${clear}Done.\nBye.\n`,
    );
  });

  it('says nothing of progress where nobody is watching', () => {
    assert.equal(written({}, all), 'Done.\nBye.\n');
  });

  it('speaks to programs in JSON and in nothing else', () => {
    assert.equal(written({ isJson: true, isTTY: true }, all), '{"event":"done"}\n');
  });

  it('keeps progress within the line', () => {
    const text = written({ isTTY: true }, (output) => output.progress('x'.repeat(50)));
    assert.equal(text.length, '\r\u001b[2K'.length + 19);
  });

  it('shows signs that would move the cursor', () => {
    const text = written({}, (output) => output.say('a\u001b[2Jb\r\nc'));
    assert.equal(text, 'a\\u001b[2Jb\\u000d\nc\n');
  });
});
