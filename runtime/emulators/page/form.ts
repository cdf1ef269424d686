/**
 * Between fields and form controls. Each control is accompanied by what it showed at first, under
 * `was.<path>`; only controls that differ from it count.
 */
import type { FieldOptions } from '../crm/model.ts';
import { Refused } from '../crm/refused.ts';

/** What a browser sends: several values where several options are chosen. */
export type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What was changed in a form, as values for an item. */
export function changedFields(
  fields: readonly FieldOptions[],
  form: Form,
): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  for (const field of fields) {
    const now = textOf(form[`field.${field.path}`]);
    if (now === textOf(form[`was.${field.path}`])) continue;
    changed[field.path] = valueOf(field, now);
  }
  return changed;
}

/** How a value stands in its control; a set has one option per line, a list of objects is JSON. */
export function shownIn(value: unknown): string {
  if (value === null || value === undefined) return '';
  const isList = Array.isArray(value) && value.some((one) => typeof one === 'object');
  if (Array.isArray(value) && !isList) return value.join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}

/** Browsers send line breaks as CR LF, and several chosen options as several values. */
function textOf(given: string | readonly string[] | undefined): string {
  const text = typeof given === 'object' ? given.join('\n') : (given ?? '');
  return text.replaceAll('\r\n', '\n').trim();
}

function valueOf({ path, type }: FieldOptions, text: string): unknown {
  if (text === '') return null;
  if (type === 'number') return Number(text);
  if (type === 'boolean') return text === 'true';
  if (type === 'set' || type === 'references')
    return text.split('\n').map((option) => option.trim());
  if (type !== 'object' && type !== 'list') return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refused(
      'invalid',
      `${path} takes ${type === 'list' ? 'a JSON array' : 'a JSON object'}.`,
      { path },
    );
  }
}
