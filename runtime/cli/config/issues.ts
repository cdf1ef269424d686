/** What a schema finds wrong, in the words of this program. */
import type { z } from 'zod';
import type { Path } from './source.ts';

export interface Problem {
  readonly path: Path;
  readonly what: string;
  readonly next: string;
}

type Issue = z.core.$ZodIssue;

export function problemsIn(error: z.ZodError): Problem[] {
  return plainIssues(error).map(problemOf);
}

/** Where several forms were possible: what is wrong in the form that was meant. */
export function plainIssues({ issues }: Pick<z.ZodError, 'issues'>): Issue[] {
  return issues.flatMap(plainly);
}

function plainly(issue: Issue): Issue[] {
  if (issue.code === 'invalid_key') {
    return issue.issues.map((each) => ({ ...each, path: issue.path }));
  }
  if (issue.code !== 'invalid_union') return [issue];
  const forms = issue.errors.filter((form) => !form.some(isOfAnotherForm));
  const [meant] = forms.length > 0 ? forms : issue.errors;
  return (meant ?? []).flatMap((each) => plainly({ ...each, path: [...issue.path, ...each.path] }));
}

function isOfAnotherForm({ code, path }: Issue): boolean {
  return path.length === 0 && code === 'invalid_type';
}

function problemOf(issue: Issue): Problem {
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const names = issue.keys.map((name) => `"${name}"`).join(', ');
    const next = 'Remove it, or correct its name.';
    return { path: [...issue.path, key], what: `Nothing is known about ${names}`, next };
  }
  const what = issue.message.replace(/^Invalid (?:input|option): /, '');
  const isMissing = issue.code === 'invalid_type' && what.endsWith('received undefined');
  return isMissing
    ? { path: issue.path, what: `"${String(issue.path.at(-1))}" is missing`, next: 'Add it.' }
    : { path: issue.path, what, next: 'Correct it.' };
}
