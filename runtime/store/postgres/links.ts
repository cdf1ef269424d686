/** Links by endpoint: summed up, listed and counted, without reading what lies in them. */
import { digestText } from '../link-digest.ts';
import type {
  LinkDigest,
  LinkPage,
  ListedLink,
  Place,
  RecordCounts,
  ReferrerPage,
  SyncId,
  TenantId,
} from '../store.ts';
import type { Query } from './database.ts';
import { toText } from './json.ts';

/** The first three digits of the digest; see link-digest.ts. */
const BUCKET = `('x' || left(md5(convert_to(l.remote_id, 'UTF8')), 3))::bit(12)::int`;

export async function digestLinks(
  query: Query,
  tenant: TenantId,
  { sync, endpoint }: Place,
  buckets?: readonly number[],
): Promise<LinkDigest[]> {
  const rows = await query<{ bucket: number; count: number; sum: string }>(DIGEST_LINKS, [
    tenant,
    sync,
    endpoint,
    buckets ?? null,
  ]);
  return rows.map(({ sum, ...row }) => ({ ...row, digest: digestText(BigInt(`0b${sum}`)) }));
}

const DIGEST_LINKS = {
  name: 'digest-links',
  text: `
    select d.bucket, count(*) as count, bit_xor(d.digest)::text as sum
      from (select ${BUCKET} as bucket,
                   ('x' || left(md5(convert_to(l.remote_id, 'UTF8')), 16))::bit(64) as digest
              from link l
             where l.tenant_id = $1::uuid and l.sync_id = $2::uuid and l.endpoint_id = $3::uuid
               and l.state = 'live') d
     where $4::int[] is null or d.bucket = any ($4::int[])
     group by d.bucket
     order by d.bucket`,
};

/** Ids come back as JSON, because they may hold what text in PostgreSQL cannot. */
export async function listLinks(
  query: Query,
  tenant: TenantId,
  { sync, endpoint, state, buckets, madeBy, after = '', limit }: LinkPage,
): Promise<ListedLink[]> {
  return query<ListedLink>(LIST_LINKS, [
    tenant,
    sync,
    endpoint,
    state ?? null,
    buckets ?? null,
    toText(after),
    limit,
    madeBy ?? null,
  ]);
}

const LIST_LINKS = {
  name: 'list-links',
  text: `
    select to_json(l.remote_id) as "remoteId", l.link_id as link, l.entity_id as entity, l.state
      from link l
     where l.tenant_id = $1::uuid and l.sync_id = $2::uuid and l.endpoint_id = $3::uuid
       and l.remote_id > $6::text
       and ($4::text is null or l.state = $4::text)
       and ($5::int[] is null or ${BUCKET} = any ($5::int[]))
       and ($8::bigint is null or l.created_at is null or l.created_at <= $8::bigint)
     order by l.remote_id
     limit $7::int`,
};

export async function listReferrers(
  query: Query,
  tenant: TenantId,
  { sync, endpoint, targets, after = '', limit }: ReferrerPage,
): Promise<string[]> {
  const asked = [tenant, sync, endpoint, targets, toText(after), limit];
  const rows = await query<{ remoteId: string }>(LIST_REFERRERS, asked);
  return rows.map(({ remoteId }) => remoteId);
}

const LIST_REFERRERS = {
  name: 'list-referrers',
  text: `
    select to_json(found.remote_id) as "remoteId"
      from (select distinct l.remote_id
              from unnest($4::uuid[]) as t (target)
             cross join lateral (
               select r.entity_id
                 from entity_reference r
                where r.tenant_id = $1::uuid and r.target_id = t.target
               offset 0) r
             cross join lateral (
               select l.remote_id
                 from link l
                where l.tenant_id = $1::uuid and l.entity_id = r.entity_id
                  and l.sync_id = $2::uuid and l.endpoint_id = $3::uuid
                  and l.state = 'live' and l.remote_id > $5::text
               offset 0) l
             order by l.remote_id
             limit $6::int) found
     order by found.remote_id`,
};

export async function countRecords(
  query: Query,
  tenant: TenantId,
  sync: SyncId,
): Promise<RecordCounts> {
  const [counts] = (await query(COUNT_RECORDS, [tenant, sync])) as [RecordCounts];
  return counts;
}

const COUNT_RECORDS = {
  name: 'count-records',
  text: `
    select count(*) filter (where e.life = 'live') as live,
           count(*) filter (where e.life = 'dead') as dead,
           count(*) filter (where e.life = 'held') as held,
           (select coalesce(json_object_agg(c.endpoint_id, c.count), '{}')
              from (select l.endpoint_id, count(*) as count
                      from link l
                     where l.tenant_id = $1::uuid and l.sync_id = $2::uuid and l.state = 'live'
                     group by l.endpoint_id) c) as links
      from entity e
     where e.tenant_id = $1::uuid and e.sync_id = $2::uuid and e.epoch >= 0`,
};
