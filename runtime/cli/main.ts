#!/usr/bin/env node
/**
 * `tributary`: everything that the engine does, without a browser. Exit code 0 says that all is well, 2
 * that something waits for a person, 1 that it failed; then one sentence says what to do.
 */
import { TributaryError } from '../core/errors.ts';
import { projectVersion } from '../server/settings.ts';
import { stackTrace } from '../server/stack-trace.ts';
import { EXIT, helpOf, understand } from './command.ts';
import { commands } from './commands.ts';
import { outputTo } from './output.ts';

// Whoever reads our output may go away, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exit(await main(process.argv.slice(2)));

async function main([name = '--help', ...argv]: readonly string[]): Promise<number> {
  const isJson = argv.includes('--json');
  const output = outputTo(process.stdout, { isJson });
  try {
    if (['--help', '-h', 'help'].includes(name)) return (print(overview()), EXIT.good);
    if (name === '--version') return (print(projectVersion()), EXIT.good);
    const command = commands.find((each) => each.name === name);
    if (!command) throw unknown(name);
    if (argv.includes('--help') || argv.includes('-h')) return (print(helpOf(command)), EXIT.good);
    const given = understand(command, argv);
    // oxlint-disable-next-line node/no-process-env -- where the process starts; it is handed on
    return await command.run({ ...given, environment: process.env, output });
  } catch (error) {
    output.progress('');
    complain(error, { isJson, verbose: argv.includes('--verbose') });
    return EXIT.failed;
  }
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return [
    'Tributary keeps customer data the same in many systems.',
    '',
    '  tributary <command> [options]',
    '',
    ...list,
    '',
    'tributary <command> --help tells more about one of them.',
  ].join('\n');
}

function unknown(name: string): TributaryError {
  const list = commands.map((each) => each.name).join(', ');
  return new TributaryError('command-unknown', {
    what: `There is no command "${name}".`,
    next: `There are: ${list}.`,
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(
  error: unknown,
  { isJson, verbose }: { isJson: boolean; verbose: boolean },
): void {
  const isExpected = error instanceof TributaryError;
  const message = error instanceof Error ? error.message : String(error);
  const code = isExpected ? error.code : 'unforeseen';
  if (isJson) print(JSON.stringify({ event: 'failed', code, message }));
  const remark = isExpected || verbose ? '' : ' (this was not foreseen; --verbose shows where)';
  process.stderr.write(`${message}${remark}\n`);
  if (verbose) process.stderr.write(`${stackTrace(error)}\n`);
}
