/**
 * A batch of commits in a handful of statements, however many there are: what is concerned is locked
 * and judged, then every table is written at most once. Locks are taken in the same order everywhere
 * (keys, records, match keys, the end of the audit chain), each sorted, so batches wait for each other
 * and rarely deadlock; when they do, one of them is run again.
 */
import { endingsOf, judge, newRefs, type Held } from '../commit.ts';
import type { Commit, CommitOutcome, Lease, RecordChange, TenantId, Waiting } from '../store.ts';
import { nameOfRef } from '../work-key.ts';
import { appendAudit } from './audit.ts';
import { Overtaken, type Query, type Statement } from './database.ts';
import { findOwnersOfRefs, lockEntities, lockKeys, lockRecords } from './held.ts';
import { toJson } from './json.ts';
import * as save from './save.ts';
import { endLeases, lockLeases } from './work.ts';

export async function commit(
  query: Query,
  tenant: TenantId,
  auditKey: string,
  now: number,
  commits: readonly Commit[],
  left: Waiting[],
): Promise<CommitOutcome[]> {
  const drafts = new Map(
    commits.flatMap(({ lease, record }) =>
      record ? [[record, save.draftOf(lease.key.sync, record)]] : [],
    ),
  );
  const places = await lockPlaces(query, tenant, commits);
  const held = await lockHeld(query, tenant, commits, { places, drafts });
  const verdicts = judge(commits, held);
  const accepted = commits.filter((_, n) => verdicts[n]!.store);
  const stored = accepted.flatMap(({ record }) => (record ? [drafts.get(record)!] : []));

  const taken = stored.flatMap((draft) => linksToTake(draft, held));
  await lockEntities(
    query,
    tenant,
    taken.map(({ entity }) => entity),
  );
  const dropped = stored.flatMap((draft) => keysToDrop(draft, held));
  const added = stored.flatMap((draft) => keysToAdd(draft, held));
  // In this order: what makes room comes before what needs it.
  const writes: readonly (readonly [Statement, readonly object[]])[] = [
    [save.TAKE_LINKS, taken],
    ...save.writesOfRecords(stored, now),
    [save.DROP_KEYS, dropped],
    [save.KEYS, added],
    ...save.writesBesides(accepted, now),
  ];
  for (const [statement, rows] of writes) {
    if (rows.length === 0) continue;
    const written = await query(statement, [tenant, toJson(rows)]);
    if (statement === save.KEYS && written.length < rows.length) {
      throw new Overtaken('Somebody else has just taken a match key.');
    }
  }
  const finishes = endingsOf(accepted);
  const ended = finishes.map(({ lease }, n): [number, string] => [n, places.get(lease)!]);
  await endLeases(query, finishes, new Map(ended), left);
  const items = accepted.flatMap(({ audit = [] }) => audit);
  await appendAudit(query, tenant, auditKey, { now, items });
  return verdicts.map(({ outcome }) => outcome);
}

/** Where the rows of the leases lie; a lease that was lost has none. */
async function lockPlaces(
  query: Query,
  tenant: TenantId,
  commits: readonly Commit[],
): Promise<ReadonlyMap<Lease, string>> {
  const leases = commits.map(({ lease }) => lease);
  const places = await lockLeases(query, tenant, leases);
  return new Map([...places].map(([n, place]) => [leases[n]!, place]));
}

async function lockHeld(
  query: Query,
  tenant: TenantId,
  commits: readonly Commit[],
  known: {
    readonly places: ReadonlyMap<Lease, string>;
    readonly drafts: ReadonlyMap<RecordChange, save.Draft>;
  },
): Promise<Held> {
  const revisions = await lockRecords(query, tenant, commits);
  const keys = await lockKeys(query, tenant, commits);
  const refs = await findOwnersOfRefs(query, tenant, commits);
  return {
    isHeld: (lease) => known.places.has(lease),
    revisionOf: (entity) => revisions.get(entity),
    growthOf: (change) => known.drafts.get(change)!.growth,
    ownerOfKey: (key) => keys.get(key),
    ownerOfRef: (ref) => refs.get(nameOfRef(ref)),
  };
}

function linksToTake({ sync, entity, ...change }: save.Draft, held: Held) {
  return newRefs(sync, { entity, ...change }).flatMap((ref) => {
    const owner = held.ownerOfRef(ref);
    return owner && owner.entity !== entity.id ? [{ ...ref, entity: owner.entity }] : [];
  });
}

/** Its own that it no longer has, and those of dead records that it takes. */
function keysToDrop({ entity, keys }: save.Draft, held: Held): object[] {
  const added = new Set(keys?.add);
  const own = (keys?.remove ?? [])
    .filter((key) => !added.has(key))
    .map((key) => ({ key, entity: entity.id, own: true }));
  const taken = [...added].flatMap((key) => {
    const owner = held.ownerOfKey(key);
    if (!owner?.yields || owner.entity === entity.id) return [];
    return [{ key, entity: owner.entity, own: false }];
  });
  return [...own, ...taken];
}

function keysToAdd({ entity, keys }: save.Draft, held: Held): object[] {
  return [...new Set(keys?.add)]
    .filter((key) => held.ownerOfKey(key)?.entity !== entity.id)
    .map((key) => ({ key, entity: entity.id }));
}
