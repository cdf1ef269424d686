/** Links in memory by endpoint: summed up, listed and counted. */
import type { Link } from '../../core/planner/model.ts';
import { bucketOf, digestText } from '../link-digest.ts';
import type * as Stored from '../store.ts';
import type { Rows } from './rows.ts';

export function digestIn(
  rows: Rows,
  place: Stored.Place,
  buckets?: readonly number[],
): Stored.LinkDigest[] {
  const sums = new Map<number, { count: number; digest: bigint }>();
  for (const { link } of linksAt(rows, place)) {
    if (link.state !== 'live') continue;
    const { bucket, digest } = bucketOf(link.remoteId);
    const sum = sums.get(bucket) ?? { count: 0, digest: 0n };
    sums.set(bucket, { count: sum.count + 1, digest: sum.digest ^ digest });
  }
  return [...sums]
    .filter(([bucket]) => !buckets || buckets.includes(bucket))
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, { count, digest }]) => ({ bucket, count, digest: digestText(digest) }));
}

export function listIn(rows: Rows, page: Stored.LinkPage): Stored.ListedLink[] {
  const { state, buckets, madeBy = Infinity, after = '', limit } = page;
  return linksAt(rows, page)
    .filter(
      ({ link }) =>
        (state === undefined || link.state === state) &&
        (!buckets || buckets.includes(bucketOf(link.remoteId).bucket)) &&
        (link.createdAt ?? -Infinity) <= madeBy &&
        compareBytes(link.remoteId, after) > 0,
    )
    .toSorted((a, b) => compareBytes(a.link.remoteId, b.link.remoteId))
    .slice(0, limit)
    .map(({ link, entity }) => ({
      remoteId: link.remoteId,
      link: link.id,
      entity,
      state: link.state,
    }));
}

export function referrersIn(rows: Rows, page: Stored.ReferrerPage): string[] {
  const { targets, after = '', limit } = page;
  return linksAt(rows, page)
    .filter(({ link, entity }) => {
      const { references } = rows.records.get(entity)!;
      return link.state === 'live' && targets.some((target) => references.has(target));
    })
    .map(({ link }) => link.remoteId)
    .filter((remoteId) => compareBytes(remoteId, after) > 0)
    .toSorted(compareBytes)
    .slice(0, limit);
}

export function countIn(rows: Rows, sync: Stored.SyncId): Stored.RecordCounts {
  const counts = { live: 0, dead: 0, held: 0 };
  const links: Record<string, number> = {};
  for (const record of rows.records.values()) {
    if (record.sync !== sync) continue;
    counts[record.entity.life] += 1;
    for (const { state, endpoint } of record.links.values()) {
      if (state === 'live') links[endpoint] = (links[endpoint] ?? 0) + 1;
    }
  }
  return { ...counts, links };
}

function linksAt(
  rows: Rows,
  { sync, endpoint }: Stored.Place,
): { readonly link: Link; readonly entity: Stored.ListedLink['entity'] }[] {
  return [...rows.records.values()]
    .filter((record) => record.sync === sync)
    .flatMap(({ entity, links }) =>
      [...links.values()].map((link) => ({ link, entity: entity.id })),
    )
    .filter(({ link }) => link.endpoint === endpoint);
}

/** The order of the bytes, which a database keeps; that of JavaScript differs beyond U+FFFF. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
