/** A change of an item, in words. */
import type { Change } from '../../runtime/emulators/grumpy/grumpy.ts';
import { codeOf } from './system.ts';

export function told({ collection, id, kind, by, before, after }: Change): string {
  const code = codeOf(after ?? before);
  const fields = Object.entries(after?.fields ?? {}).filter(
    ([path, value]) => JSON.stringify(value) !== JSON.stringify(before?.fields[path] ?? null),
  );
  const what =
    kind === 'updated' ? ` to ${JSON.stringify(Object.fromEntries(fields)).slice(0, 200)}` : '';
  return `${by} ${kind} ${code} (${collection} ${id})${what}`;
}
