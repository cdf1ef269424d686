/**
 * An answer may be older than a write of ours that came before it. Where nothing tells which of the two came
 * first, what stood there before the write and is read again is nobody's edit.
 */
import type { Value } from '../value.ts';
import type { EndpointFacts, FieldPolicy, Intent, Present } from './model.ts';
import { isCellValue } from './parts.ts';

/** What was read of an item, and what we wrote to it of which not all has been seen. */
interface Reading {
  readonly seen: Present | undefined;
  readonly intents: readonly Intent[];
  readonly facts: EndpointFacts;
}

export function isFormer(
  reading: Reading,
  field: FieldPolicy,
  cell: string,
  value: Value,
): boolean {
  const { name } = field;
  const ours = reading.intents.filter((intent) => mayBeAfter(intent, reading, name));
  const sent = ours.at(-1)?.patch[name];
  if (sent === undefined) return false;
  const holds = (whole: Value): boolean => isCellValue(field, cell, whole, value);
  if (holds(sent) || holds(reading.facts.normalize(name, sent))) return false;
  return ours.some(({ before }) => before?.[name] !== undefined && holds(before[name]));
}

/** A write to the field that landed, when what was read may be older. */
function mayBeAfter(intent: Intent, { seen, facts }: Reading, name: string): boolean {
  const { state, observed, resultVersion, patch, sentAt } = intent;
  if (state !== 'applied' || observed || patch[name] === undefined) return false;
  if (seen === undefined || sentAt === undefined) return false;
  if (resultVersion !== undefined && seen.version !== undefined) return false;
  return seen.takenAt < sentAt + facts.answersLagMs;
}
