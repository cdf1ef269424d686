/**
 * What a command is, and how the words behind its name are understood. Whatever cannot be meant is
 * refused in one line that says what there is instead.
 */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { TributaryError } from '../core/errors.ts';
import type { Environment } from './config/config.ts';
import type { Output } from './output.ts';

export interface Command {
  readonly name: string;
  /** One line, for the list. */
  readonly summary: string;
  /** More, for its own help. */
  readonly about?: string;
  /** Words without a dash in front, such as `<id>`, or `[field]` where it may be left out. */
  readonly words?: readonly string[];
  readonly options?: Options;
  /** The exit code. */
  run(given: Given): Promise<number>;
}

export type Options = Readonly<Record<string, Option>>;

export interface Option {
  readonly about: string;
  /** What is written behind it, `<file>` for example; without one it is on or off. */
  readonly value?: string;
}

export interface Given {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly environment: Environment;
  readonly output: Output;
}

/** In sync, failed, and waiting for a person. */
export const EXIT = { good: 0, failed: 1, waiting: 2 } as const;

/** For all commands that work with a configuration. */
export const CONFIG_OPTIONS: Options = {
  config: { value: '<file>', about: 'the configuration; tributary.yaml' },
  data: {
    value: '<folder>',
    about: 'keys and the database of its own; .tributary beside the file',
  },
  json: { about: 'one JSON object per line, for programs' },
  verbose: { about: 'log more, and show where errors came from' },
};

export function understand(
  { name, words = [], options = {} }: Command,
  argv: readonly string[],
): Pick<Given, 'words' | 'options'> {
  const parsed = parse(name, argv, options);
  const least = words.filter((word) => word.startsWith('<')).length;
  const { positionals } = parsed;
  if (positionals.length < least) {
    throw misused(name, `It needs ${words.slice(positionals.length, least).join(' and ')}.`);
  }
  if (positionals.length > words.length) {
    throw misused(name, `There is no use for "${positionals[words.length]}".`);
  }
  return { words: positionals, options: parsed.values };
}

function parse(name: string, argv: readonly string[], options: Options) {
  const config: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const [option, { value }] of Object.entries(options)) {
    config[option] = { type: value === undefined ? 'boolean' : 'string' };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: config,
      allowPositionals: true,
    });
    return { values: values as Given['options'], positionals };
  } catch (error) {
    const known = Object.keys(options).map((option) => `--${option}`);
    // The first sentence names the option; the platform's hints after it speak of other programs.
    const [what] = (error as Error).message.split(/\. |\n/);
    throw misused(name, `${what?.replace(/\.$/, '')}.`, `Options: ${known.join(', ') || 'none'}.`);
  }
}

export function misused(name: string, what: string, more = ''): TributaryError {
  return new TributaryError('misused', {
    what: `tributary ${name}: ${what}`,
    next: `${more === '' ? '' : `${more} `}See tributary ${name} --help.`,
  });
}

export function textOption({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function isOn({ options }: Given, name: string): boolean {
  return options[name] === true;
}

export function numberOption(
  command: string,
  given: Given,
  { name, otherwise, max }: { name: string; otherwise: number; max: number },
): number {
  const text = textOption(given, name);
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= max) return number;
  throw misused(command, `--${name} is a number from 0 to ${max}, not "${text}".`);
}

export function helpOf({ name, summary, about, words = [], options = {} }: Command): string {
  const usage = ['tributary', name, ...words, '[options]'].join(' ');
  const rows = Object.entries(options).map(
    ([option, { value = '', about: what }]) => [`--${option} ${value}`.trim(), what] as const,
  );
  const width = Math.max(...rows.map(([option]) => option.length), 0) + 2;
  const list = rows.map(([option, what]) => `  ${option.padEnd(width)}${what}`);
  return [summary, '', `  ${usage}`, '', ...(about ? [about, ''] : []), ...list].join('\n');
}
