/** The search over all objects that people see: each word begins a word of the record. Best ones first. */
import { placeOf, type Host } from './asking.ts';
import type { Root } from './graph-roots.ts';
import { PAGE_INFO, leaves, typeOf } from './graph-shapes.ts';
import type { ObjectMetadata } from './objects.ts';
import { parsedCursor } from './paging.ts';
import { rowsOf } from './rows.ts';
import type { Shown } from './showing.ts';

const PAGE = 10;
const PAGE_MAX = 100;

const SHAPE = typeOf('SearchResultConnection', {
  edges: typeOf('SearchResultEdge', {
    node: typeOf(
      'SearchRecord',
      leaves('recordId', 'objectNameSingular', 'label', 'imageUrl', 'tsRank', 'tsRankCD'),
    ),
    cursor: 'leaf',
  }),
  pageInfo: PAGE_INFO,
});

export function searchRoot(host: Host): Root {
  return {
    action: 'find',
    args: [
      'searchInput',
      'limit',
      'after',
      'includedObjectNameSingulars',
      'excludedObjectNameSingulars',
    ],
    required: ['searchInput', 'limit'],
    shape: SHAPE,
    resolve: ({ args }) => {
      const included = namesIn(args['includedObjectNameSingulars']);
      const excluded = namesIn(args['excludedObjectNameSingulars']) ?? [];
      const words = wordsIn(String(args['searchInput']));
      const found = [...host.account.objects.values()]
        .filter(({ isSystem, isActive }) => isActive && !isSystem)
        .filter(
          ({ nameSingular: name }) =>
            included?.includes(name) !== false && !excluded.includes(name),
        )
        .filter(({ namePlural }) => mayRead(host, namePlural))
        .flatMap((object) => foundIn(host, object, words))
        .toSorted((one, other) => other.tsRank - one.tsRank);
      const limit = Math.min(Number(args['limit']) || PAGE, PAGE_MAX);
      const start =
        typeof args['after'] === 'string' ? Number(parsedCursor(args['after'])['at']) : 0;
      const page = found.slice(start, start + limit);
      const edges = page.map((node, index) => ({ node, cursor: cursorAt(start + index + 1) }));
      const end = start + page.length;
      return {
        edges,
        pageInfo: { hasNextPage: end < found.length, endCursor: edges.at(-1)?.cursor ?? null },
      };
    },
  };
}

function mayRead({ account }: Host, plural: string): boolean {
  const denied = account.settings.role.denied[plural]?.includes('read') === true;
  return !denied && !account.forbidden.has(plural);
}

function foundIn(host: Host, object: ObjectMetadata, words: readonly string[]) {
  return rowsOf(placeOf(host, object), undefined).flatMap((row) => {
    const known = wordsIn(textOf(row));
    const isFound = words.every((word) => known.some((one) => one.startsWith(word)));
    if (!isFound) return [];
    const exact = words.filter((word) => known.includes(word)).length;
    const tsRank = words.length === 0 ? 0 : exact / words.length;
    const label = labelOf(row);
    const { nameSingular: objectNameSingular } = object;
    return [
      { recordId: row['id'], objectNameSingular, label, imageUrl: null, tsRank, tsRankCD: tsRank },
    ];
  });
}

interface Searched {
  readonly name?: string | { firstName: string | null; lastName: string | null } | null;
  readonly title?: string | null;
  readonly jobTitle?: string | null;
  readonly emails?: { primaryEmail: string | null };
  readonly phones?: { primaryPhoneNumber: string | null };
  readonly domainName?: { primaryLinkUrl: string | null };
  readonly bodyV2?: { markdown: string | null };
}

function labelOf(row: Shown): string {
  const { name, title } = row as Searched;
  if (typeof name === 'string') return name;
  if (name) return [name.firstName, name.lastName].filter(Boolean).join(' ');
  return title ?? '';
}

function textOf(row: Shown): string {
  const { jobTitle, emails, phones, domainName, bodyV2 } = row as Searched;
  return [
    labelOf(row),
    jobTitle,
    emails?.primaryEmail,
    phones?.primaryPhoneNumber,
    domainName?.primaryLinkUrl,
    bodyV2?.markdown,
  ].join(' ');
}

function wordsIn(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function namesIn(given: unknown): readonly string[] | undefined {
  return Array.isArray(given) ? given.map(String) : undefined;
}

function cursorAt(at: number): string {
  return Buffer.from(JSON.stringify({ at })).toString('base64');
}
