/**
 * Conditions as they stand in an address: `and(name[eq]:"x",or(...))`. Parentheses count wherever they
 * stand, also in quotes; nothing can be escaped; and a value in quotes that has both parentheses in it
 * keeps the conditions around it from being taken apart.
 */
import { kindAt, OPERATORS, type Condition, type Operator, type Place } from './conditions.ts';
import { badRequest } from './refused.ts';

export function conditionOf(place: Place, text: string): Condition {
  assertBrackets(text);
  return parsed(place, /\(.*\)/s.test(text) ? text : `and(${text})`);
}

function assertBrackets(text: string): void {
  const [opened, closed] = [text.split('(').length, text.split(')').length];
  if (opened === closed) return;
  const missing = Math.abs(opened - closed);
  const kind = opened > closed ? 'close' : 'open';
  const [bracket, is] = missing === 1 ? ['bracket', 'is'] : ['brackets', 'are'];
  throw badRequest(`'filter' invalid. ${missing} ${kind} ${bracket} ${is} missing in the query`);
}

function parsed(place: Place, text: string): Condition {
  const [, kind, inner] = /^(and|or|not)\((.*)\)$/s.exec(text) ?? [];
  if (kind === undefined) return base(place, text);
  const parts = partsOf(inner!);
  if (kind === 'not') {
    const [only, ...more] = parts;
    if (only === undefined || more.length > 0) {
      throw badRequest(
        "'filter' invalid. 'not' conjunction should contain only 1 condition. eg: not(field[eq]:1)",
      );
    }
    return { kind: 'not', of: parsed(place, only) };
  }
  return { kind: kind as 'and' | 'or', of: parts.map((part) => parsed(place, part)) };
}

/** At commas, unless they stand in parentheses, in brackets or in quotes. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let [depth, brackets, quoted, part] = [0, 0, false, ''];
  for (const letter of text) {
    if (letter === '(') depth += 1;
    else if (letter === ')') depth -= 1;
    else if (letter === '"') quoted = !quoted;
    else if (letter === '[' && !quoted) brackets += 1;
    else if (letter === ']' && !quoted) brackets -= 1;
    if (letter === ',' && depth === 0 && brackets === 0 && !quoted) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part].filter((one) => one !== '');
}

function base(place: Place, text: string): Condition {
  const [, field, name, given] = /^([^[]+)\[([^\]]*)\]:(.*)$/s.exec(text) ?? [];
  if (field === undefined || name === undefined || given === undefined) {
    throw badRequest(`'filter' invalid for '${text}'. eg: price[gte]:10`);
  }
  const operator = OPERATORS.find((one) => one === name);
  if (operator === undefined) {
    throw badRequest(
      `'filter' invalid for '${text}', comparator ${name} not in ${OPERATORS.join(',')}`,
    );
  }
  const path = field.split('.');
  kindAt(place, path);
  return { kind: 'is', path, operator, value: valueOf(operator, given) };
}

function valueOf(operator: Operator, given: string): unknown {
  if (operator !== 'in' && operator !== 'containsAny') {
    return operator === 'is' ? given : unquoted(given);
  }
  if (!given.startsWith('[') || !given.endsWith(']')) {
    throw badRequest(
      `'filter' invalid for '${operator}' operator. Received '${given}' but array value expected eg: 'field[${operator}]:[value_1,value_2]'`,
    );
  }
  const inner = given.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map((one) => unquoted(one.trim()));
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}
