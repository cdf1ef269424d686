/** Which records look like one and the same: people by name, profile or address, companies by name or site. */
import { valueAt, type Place } from './conditions.ts';
import { rowsOf } from './rows.ts';
import type { Shown } from './showing.ts';

const FOUND_MAX = 200;
const LETTERS_MIN = 3;

const CRITERIA: Readonly<Record<string, readonly (readonly string[])[]>> = {
  people: [
    ['name.firstName', 'name.lastName'],
    ['linkedinLink.primaryLinkUrl'],
    ['emails.primaryEmail'],
  ],
  companies: [['name'], ['domainName.primaryLinkUrl']],
};

/** Of a record that is there, or of one that might be. */
export function duplicatesOf(place: Place, shown: Shown): readonly Shown[] {
  const criteria = (CRITERIA[place.collection.name] ?? [])
    .map((paths) => paths.map((path) => path.split('.')))
    .map((paths) => ({ paths, values: paths.map((path) => valueAt(shown, path)) }))
    .filter(({ values }) =>
      values.every((value) => typeof value === 'string' && value.length >= LETTERS_MIN),
    );
  return rowsOf(place, undefined)
    .filter(
      (row) =>
        row['id'] !== shown['id'] &&
        criteria.some(({ paths, values }) =>
          paths.every((path, index) => valueAt(row, path) === values[index]),
        ),
    )
    .slice(0, FOUND_MAX);
}
