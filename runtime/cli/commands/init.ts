/** `tributary init`: a configuration to start from, and beside it the schema that editors read. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TributaryError } from '../../core/errors.ts';
import { EXIT, textOption, type Command } from '../command.ts';
import { template } from '../template.ts';
import { schemaText } from './schema.ts';

export const init: Command = {
  name: 'init',
  summary: 'write a configuration to start from',
  about: 'It works as it is with "tributary emulate grumpy". A file that is there is left alone.\n',
  options: { file: { value: '<file>', about: 'where to; tributary.yaml' } },
  async run(given) {
    const file = textOption(given, 'file') ?? 'tributary.yaml';
    try {
      await writeFile(file, template, { flag: 'wx' });
      await writeFile(path.join(path.dirname(file), 'tributary.schema.json'), schemaText());
    } catch (error) {
      throw notWritten(file, error as NodeJS.ErrnoException);
    }
    given.output.say(`Wrote ${file}. It tells what to do next.`);
    return EXIT.good;
  },
};

function notWritten(file: string, error: NodeJS.ErrnoException): TributaryError {
  if (error.code === 'EEXIST') {
    return new TributaryError('config-exists', {
      what: `${file} is there already and was left alone.`,
      next: 'Choose another name with --file.',
    });
  }
  return new TributaryError('cannot-write', {
    what: `${file} cannot be written (${error.code}).`,
    next: 'Choose another place with --file, or give this user access.',
    cause: error,
  });
}
