/**
 * How a vendor spells what it was sent: the declared part, which predicts the read-back, and the part
 * nobody declared, which a read-back can still be explained by. The engine uses both to tell the echo
 * of its own write from a person's edit, so neither may ever explain a different meaning.
 */
import { z } from 'zod';

import { isList, same } from '../value.ts';
import type { Value } from '../value.ts';
import { epochOf, isoOf } from './dates.ts';
import { parse } from './kinds.ts';
import type { SetOptions, CompositeOptions, KindSpec } from './structures.ts';
import { roundings, scaleOf } from './numbers.ts';
import type { Explanation } from '../reasons.ts';

/** What a vendor does to a field, as declared or as learnt. What does not fit the kind is ignored. */
export interface VendorText {
  readonly trim?: boolean | undefined;
  readonly nfc?: boolean | undefined;
  /** Any run of blanks, line breaks too, becomes one space. */
  readonly collapseSpaces?: boolean | undefined;
  readonly lowerCase?: boolean | undefined;
  /** `encode` escapes what is not escaped yet; `decode` undoes escapes, however often repeated. */
  readonly htmlEntities?: 'encode' | 'decode' | undefined;
  /** In code points. */
  readonly maxLength?: number | undefined;
  /** Decimal places kept; halves are rounded away from zero. */
  readonly scale?: number | undefined;
  /** What is finer is cut off. */
  readonly granularity?: Granularity | undefined;
}

export type Granularity = 'second' | 'minute' | 'day';

export const vendorText: z.ZodType<VendorText> = z.strictObject({
  trim: z.boolean().optional(),
  nfc: z.boolean().optional(),
  collapseSpaces: z.boolean().optional(),
  lowerCase: z.boolean().optional(),
  htmlEntities: z.enum(['encode', 'decode']).optional(),
  maxLength: z.int().min(1).optional(),
  scale: z.int().min(0).max(12).optional(),
  granularity: z.enum(['second', 'minute', 'day']).optional(),
});

/** The canonical value that will be read back after writing this one. Idempotent. */
export function predictReadBack(value: Value, rules: VendorText, spec: KindSpec): Value {
  let settled = value;
  // A web address is encoded anew after it was respelled, so a second round may have more to do.
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const spelled = respell(settled, rules, spec);
    if (spelled === settled) return settled;
    const parsed = parse(spec, spelled);
    // A vendor that would make nonsense of the value is not predicted; the read-back will tell.
    if (!parsed.ok) return value;
    if (same(parsed.value, settled)) return settled;
    settled = parsed.value;
  }
  return settled;
}

const ROUNDS_MAX = 5;

/**
 * Why the read-back may be the vendor's spelling of what was sent; undefined when only an edit explains
 * it. A text that merely got shorter is never explained without a declared limit, nor is another day.
 * For a composite, both may also be the same one of its parts.
 */
export function explains(
  sent: Value,
  readBack: Value,
  spec: KindSpec,
  rules: VendorText = {},
): Explanation | undefined {
  if (same(sent, readBack)) return 'same';
  if (same(predictReadBack(sent, rules, spec), readBack)) return 'predicted';
  if (typeof sent === 'string' && typeof readBack === 'string') {
    return explainString(sent, readBack, spec, rules);
  }
  switch (spec.kind) {
    case 'money':
      return explainMember('amount', explainDecimal, sent, readBack);
    case 'zonedDateTime':
      return explainMember('instant', explainInstant, sent, readBack);
    case 'set':
      return explainSet(sent, readBack, (spec.options as SetOptions).element, rules);
    case 'composite':
      return explainComposite(sent, readBack, (spec.options as CompositeOptions).parts, rules);
    default:
      return undefined;
  }
}

const TEXTUAL = new Set(['text', 'email', 'phone', 'domain', 'url', 'enum', 'reference']);
const STEP_MS: Record<Granularity, number> = { second: 1000, minute: 60_000, day: 86_400_000 };

function respell(value: Value, rules: VendorText, spec: KindSpec): Value {
  if (typeof value === 'string') {
    if (TEXTUAL.has(spec.kind)) return respellText(value, rules);
    if (spec.kind === 'number') return respellDecimal(value, rules);
    return spec.kind === 'dateTime' ? coarser(value, rules.granularity) : value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) {
    if (spec.kind !== 'set') return value;
    const { element } = spec.options as SetOptions;
    return value.map((one) => predictReadBack(one, rules, element));
  }
  switch (spec.kind) {
    case 'money':
      return mapMembers(value, { amount: (amount) => respellDecimal(amount, rules) });
    case 'zonedDateTime':
      return mapMembers(value, { instant: (instant) => coarser(instant, rules.granularity) });
    case 'composite': {
      const { parts } = spec.options as CompositeOptions;
      const respelled = Object.entries(parts).map(([name, part]): [string, Value] => {
        return [name, predictReadBack(value[name] ?? null, rules, part)];
      });
      return Object.fromEntries(respelled);
    }
    default:
      return value;
  }
}

function mapMembers(
  value: { readonly [key: string]: Value },
  changes: Readonly<Record<string, (member: string) => string>>,
): Value {
  const changed = Object.entries(value).map(([name, member]): [string, Value] => {
    const change = Object.hasOwn(changes, name) ? changes[name] : undefined;
    return [name, change !== undefined && typeof member === 'string' ? change(member) : member];
  });
  return Object.fromEntries(changed);
}

/** The order makes it idempotent: no step brings back what an earlier one removed. */
function respellText(sent: string, rules: VendorText): string {
  let text = rules.lowerCase ? sent.toLowerCase() : sent;
  if (rules.htmlEntities === 'encode') text = encodeHtml(text);
  if (rules.htmlEntities === 'decode') text = decodeHtml(text);
  if (rules.nfc) text = text.normalize('NFC');
  if (rules.lowerCase) text = text.toLowerCase().normalize('NFC');
  if (rules.collapseSpaces) text = text.replace(/\s+/g, ' ');
  if (rules.trim) text = text.trim();
  if (rules.maxLength === undefined) return text;
  const cut = truncate(text, rules.maxLength);
  // Half an entity would be escaped anew the next time, so none is left behind.
  const whole = cut !== text && rules.htmlEntities === 'encode' ? cut.replace(CUT_ENTITY, '') : cut;
  return whole.trimEnd();
}

function respellDecimal(sent: string, rules: VendorText): string {
  return rules.scale === undefined ? sent : (roundings(sent, rules.scale)[1] ?? sent);
}

function coarser(sent: string, granularity: Granularity | undefined): string {
  if (granularity === undefined) return sent;
  const ms = epochOf(sent);
  if (Number.isNaN(ms)) return sent;
  return isoOf(ms - mod(ms, STEP_MS[granularity]));
}

/** By code points: half a surrogate pair is no text. */
function truncate(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : Array.from(text).slice(0, maxLength).join('');
}

/** A limit cuts inside an entity or before a blank, so a read-back may be this much shorter. */
const CUT_SLACK = 10;
const CUT_ENTITY = /&#?[a-z0-9]{0,8}$/i;
const ENTITY = /&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[\da-f]{1,6});/gi;
const BARE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[\da-f]{1,6});)/gi;

function encodeHtml(text: string): string {
  return text
    .replace(BARE_AMPERSAND, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function decodeHtml(text: string): string {
  let decoded = text;
  // Each round that changes something makes the text shorter, so this ends.
  for (let before = ''; before !== decoded;) {
    before = decoded;
    decoded = decoded.replace(ENTITY, (entity) => characterOf(entity.slice(1, -1).toLowerCase()));
  }
  return decoded;
}

function characterOf(name: string): string {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }[name];
  if (named !== undefined) return named;
  const code = name.startsWith('#x') ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : '';
}

/** Each step forgives one more thing; the first under which both texts are equal is the explanation. */
const FORGIVING: readonly (readonly [Explanation, (text: string) => string])[] = [
  ['unicode', (text) => text.normalize('NFC')],
  ['trim', (text) => text.trim()],
  ['whitespace', (text) => text.replace(/\s+/g, ' ')],
  ['case', (text) => text.toLowerCase().normalize('NFC')],
  ['html', (text) => decodeHtml(text).toLowerCase().replace(/\s+/g, ' ').trim()],
];

function explainString(
  sent: string,
  readBack: string,
  spec: KindSpec,
  rules: VendorText,
): Explanation | undefined {
  switch (spec.kind) {
    case 'text':
    case 'email':
      return explainText(sent, readBack, rules);
    case 'url':
      return explainUrl(sent, readBack) ?? explainText(sent, readBack, rules);
    case 'phone':
      return explainPhone(sent, readBack);
    case 'number':
      return explainDecimal(sent, readBack);
    case 'dateTime':
      return explainInstant(sent, readBack);
    case 'enum':
      return explainOption(sent, readBack, spec);
    case 'composite':
      return explainPart(sent, readBack, (spec.options as CompositeOptions).parts, rules);
    default:
      return undefined;
  }
}

function explainText(sent: string, readBack: string, rules: VendorText): Explanation | undefined {
  let [ours, theirs] = [sent, readBack];
  for (const [explanation, forgive] of FORGIVING) {
    [ours, theirs] = [forgive(ours), forgive(theirs)];
    if (ours === theirs) return explanation;
  }
  const length = Array.from(readBack).length;
  const cutHere =
    rules.maxLength !== undefined &&
    length <= rules.maxLength &&
    length > rules.maxLength - CUT_SLACK;
  return cutHere && ours.startsWith(theirs.replace(CUT_ENTITY, '')) ? 'truncation' : undefined;
}

function explainUrl(sent: string, readBack: string): Explanation | undefined {
  const bare = (address: string): string => address.replace(/^https?:\/\//, '').replace(/\/$/, '');
  return bare(sent) === bare(readBack) ? 'url-form' : undefined;
}

function explainPhone(sent: string, readBack: string): Explanation | undefined {
  const [ours = '', ourExtension] = sent.split(';ext=');
  const [theirs = '', theirExtension] = readBack.split(';ext=');
  if (ourExtension !== theirExtension || !ours.startsWith('+')) return undefined;
  // What a vendor shows without the calling code ends in the same digits, after its trunk zeros.
  const digits = theirs.replace(/\D/g, '').replace(/^0+/, '');
  const onlyDialled = /^[+\d\s()./-]+$/.test(theirs);
  return onlyDialled && digits.length >= 7 && ours.endsWith(digits) ? 'phone-format' : undefined;
}

function explainDecimal(sent: string, readBack: string): Explanation | undefined {
  // Zeros at the end are not shown, so how many places the vendor keeps cannot be seen.
  const coarserScales = [0, 1, 2, 3, 4, 5, 6].filter((places) => places < scaleOf(sent));
  const explained = coarserScales.some((places) => roundings(sent, places).includes(readBack));
  return explained ? 'scale' : undefined;
}

function explainInstant(sent: string, readBack: string): Explanation | undefined {
  const [ours, theirs] = [epochOf(sent), epochOf(readBack)];
  const explained = Object.values(STEP_MS).some((step) => {
    if (mod(theirs, step) !== 0) return false;
    return ours - mod(ours, step) === theirs || (step === 1000 && Math.abs(ours - theirs) <= 500);
  });
  return explained ? 'granularity' : undefined;
}

function explainOption(sent: string, readBack: string, spec: KindSpec): Explanation | undefined {
  const [ours, theirs] = [parse(spec, sent), parse(spec, readBack)];
  const aliases = ours.ok && theirs.ok && same(ours.value, theirs.value);
  return aliases || sent.toLowerCase() === readBack.toLowerCase() ? 'option-alias' : undefined;
}

/** One member may be respelled; the others have to be the same. */
function explainMember(
  name: string,
  explain: (sent: string, readBack: string) => Explanation | undefined,
  sent: Value,
  readBack: Value,
): Explanation | undefined {
  if (!isMembers(sent) || !isMembers(readBack)) return undefined;
  const [ours, theirs] = [sent[name], readBack[name]];
  if (typeof ours !== 'string' || typeof theirs !== 'string') return undefined;
  return same({ ...sent, [name]: theirs }, readBack) ? explain(ours, theirs) : undefined;
}

/** Every element of one side must be explained by one of the other; the order of a set means nothing. */
function explainSet(
  sent: Value,
  readBack: Value,
  element: KindSpec,
  rules: VendorText,
): Explanation | undefined {
  if (!isList(sent) || !isList(readBack) || sent.length !== readBack.length) return undefined;
  const left = [...readBack];
  const found: Explanation[] = [];
  for (const one of sent) {
    const at = left.findIndex((other) => explains(one, other, element, rules) !== undefined);
    const other = left[at];
    const explanation = other === undefined ? undefined : explains(one, other, element, rules);
    if (explanation === undefined) return undefined;
    found.push(explanation);
    left.splice(at, 1);
  }
  return found.find((explanation) => explanation !== 'same');
}

function explainComposite(
  sent: Value,
  readBack: Value,
  parts: CompositeOptions['parts'],
  rules: VendorText,
): Explanation | undefined {
  if (!isMembers(sent) || !isMembers(readBack)) return undefined;
  const found: Explanation[] = [];
  for (const [name, spec] of Object.entries(parts)) {
    const explanation = explains(sent[name] ?? null, readBack[name] ?? null, spec, rules);
    if (explanation === undefined) return undefined;
    found.push(explanation);
  }
  return found.find((explanation) => explanation !== 'same');
}

/** Texts where parts are expected are one of the parts, and any of them may explain the difference. */
function explainPart(
  sent: string,
  readBack: string,
  parts: CompositeOptions['parts'],
  rules: VendorText,
): Explanation | undefined {
  for (const spec of Object.values(parts)) {
    const explanation = explains(sent, readBack, spec, rules);
    if (explanation !== undefined) return explanation;
  }
  return undefined;
}

function isMembers(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !isList(value);
}

function mod(value: number, step: number): number {
  return ((value % step) + step) % step;
}
