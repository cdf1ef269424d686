/**
 * Reads a configuration file, or tells everything that is wrong with it at once: file, line, column,
 * what it is and what to do. What a variable of the environment holds is never repeated.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { connectors } from '../../connectors/index.ts';
import { TributaryError } from '../../core/errors.ts';
import { problemsWith } from './check.ts';
import { fillInSecrets } from './fill-in-secrets.ts';
import { plainIssues, problemsIn } from './issues.ts';
import { configSchema, type Config } from './schema.ts';
import { readSource, type Mistake, type Path, type Place, type Source } from './source.ts';

export type { Config } from './schema.ts';

export interface ReadConfig {
  readonly config: Config;
  /** Absolute; what the file names is found from its folder. */
  readonly file: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export async function readConfig(file: string, environment: Environment): Promise<ReadConfig> {
  const source = readSource(await textOf(file), environment);
  await fillInSecrets(source.value, { connectors, environment });
  return { config: configIn(source, file, environment), file: path.resolve(file) };
}

/** @internal The text may come from anywhere. */
export function parseConfig(
  text: string,
  { file, environment }: { file: string; environment: Environment },
): Config {
  return configIn(readSource(text, environment), file, environment);
}

function configIn(source: Source, file: string, environment: Environment): Config {
  if (source.value === undefined) throw refusal(file, source.mistakes);
  const { data, error } = checkForm(source);
  const isProduction = environment['NODE_ENV'] === 'production';
  const problems = data ? problemsWith(data, { connectors, isProduction }) : problemsIn(error);
  // Where a variable is missing, what else is wrong follows from that.
  const isTold = ({ line, column }: Place): boolean =>
    source.mistakes.some(({ place }) => place.line === line && place.column === column);
  const mistakes = [
    ...source.mistakes,
    ...problems
      .map((each) => ({ ...each, place: source.placeOf(each.path), at: each.path }))
      .filter(({ place }) => !isTold(place)),
  ];
  if (!data || mistakes.length > 0) throw refusal(file, mistakes);
  return data;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new TributaryError('config-unreadable', {
      what: isMissing
        ? `There is no ${file}.`
        : `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      next: isMissing
        ? 'Name the configuration with --config, or write one to start from with "tributary init".'
        : 'Give this user access to it.',
      cause: error,
    });
  }
}

/** From the environment everything is text; where a number is meant, a text that is one is taken. */
function checkForm(source: Source): z.ZodSafeParseResult<Config> {
  const first = configSchema.safeParse(source.value);
  if (first.success) return first;
  let isChanged = false;
  for (const issue of plainIssues(first.error)) {
    if (issue.code !== 'invalid_type' || !source.isFromEnvironment(issue.path)) continue;
    isChanged = replaceText(source.value, issue.path, issue.expected) || isChanged;
  }
  return isChanged ? configSchema.safeParse(source.value) : first;
}

function replaceText(value: unknown, at: Path, expected: string): boolean {
  const [holder, name] = [at.slice(0, -1).reduce(memberOf, value), at.at(-1)!];
  const text = memberOf(holder, name) as string;
  const meant = expected === 'boolean' ? BOOLEANS[text] : text.trim() === '' ? NaN : Number(text);
  if (meant === undefined || Number.isNaN(meant)) return false;
  (holder as Record<PropertyKey, unknown>)[name] = meant;
  return true;
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };

function memberOf(value: unknown, name: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown>)[name];
}

function refusal(
  file: string,
  mistakes: readonly (Mistake & { readonly at?: Path })[],
): TributaryError {
  const lines = mistakes
    .toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
    .map(({ place: { line, column }, at, what, next }) => {
      const where = at && at.length > 0 ? `${at.join('.')}: ` : '';
      return `  ${file}:${line}:${column}  ${where}${what}. ${next}`;
    });
  return new TributaryError('config-invalid', {
    what: `${file} cannot be used:\n${lines.join('\n')}\n`,
    next: 'Nothing was read or written.',
  });
}
