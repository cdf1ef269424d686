/** What people do to a field: mostly type something new, now and then clear, remove or copy. */
import type { FieldPolicy } from '../../../runtime/core/planner/model.ts';
import { canonicalText, isList, type Value } from '../../../runtime/core/value.ts';
import type { Random } from '../../../runtime/world/world.ts';
import type { Ledger } from './ledger.ts';

/** The value that a person leaves where `before` stood; `shown` is what stands anywhere. */
export function typed(
  chance: Random,
  ledger: Ledger,
  field: FieldPolicy,
  before: Value,
  shown: readonly Value[],
): Value {
  const kind = chance.below(10);
  if (field.parts === 'set') {
    const elements = before !== null && isList(before) ? [...before] : [];
    if (kind < 4 && elements.length > 0) elements.splice(chance.below(elements.length), 1);
    else elements.push(ledger.type().trim());
    return sorted(elements);
  }
  if (field.parts === 'record') {
    const whole = before as Readonly<Record<string, Value>> | null;
    const part = chance.below(2) === 0 ? 'city' : 'street';
    return { ...whole, [part]: ledger.type() };
  }
  if (kind === 0) return null;
  // Two people type the same.
  if (kind === 1) return shown[chance.below(shown.length)] ?? null;
  return ledger.type();
}

function sorted(elements: readonly Value[]): Value {
  if (elements.length === 0) return null;
  return elements.toSorted((a, b) => (canonicalText(a) < canonicalText(b) ? -1 : 1));
}
