/**
 * A batch of commits in a handful of statements, however many there are: what is concerned is locked
 * and judged, then every table is written once. Locks are taken in the same order everywhere (keys,
 * records, match keys, the end of the audit chain), each sorted, so batches wait for each other and
 * rarely deadlock; when they do, one of them is run again.
 */
import { endingsOf, judge, newRefs, type Held } from '../commit.ts';
import type { Commit, CommitOutcome, Lease, TenantId } from '../store.ts';
import { nameOfKey, nameOfRef, nameOfReview } from '../work-key.ts';
import { appendAudit } from './audit.ts';
import { lastOfEach, Overtaken, type Query, type Statement } from './database.ts';
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
): Promise<CommitOutcome[]> {
  const drafts = new Map(
    commits.flatMap(({ lease, record }) =>
      record ? [[record, save.draftOf(lease.key.sync, record)]] : [],
    ),
  );
  const places = await lockPlaces(query, tenant, commits);
  const revisions = await lockRecords(query, tenant, commits);
  const keys = await lockKeys(query, tenant, commits);
  const refs = await findOwnersOfRefs(query, tenant, commits);
  const held: Held = {
    isHeld: (lease) => places.has(lease),
    revisionOf: (entity) => revisions.get(entity),
    growthOf: (change) => drafts.get(change)!.growth,
    ownerOfKey: (key) => keys.get(key),
    ownerOfRef: (ref) => refs.get(nameOfRef(ref)),
  };
  const verdicts = judge(commits, held);
  const accepted = commits.filter((_, n) => verdicts[n]!.store);
  const stored = accepted.flatMap(({ record }) => (record ? [drafts.get(record)!] : []));
  const all = <Row>(rowsOf: (each: Commit) => readonly Row[] | undefined): Row[] =>
    accepted.flatMap((each) => rowsOf(each) ?? []);

  const links = stored.flatMap((draft) => linksToTake(draft, held));
  await lockEntities(
    query,
    tenant,
    links.map((link) => link.entity),
  );
  await write(save.TAKE_LINKS, links);
  await write(save.NEW_ENTITIES, stored.filter(({ isNew }) => isNew).map(save.entityRow));
  const changed = stored.filter(({ isChanged }) => isChanged);
  await write(save.CHANGED_ENTITIES, changed.map(save.entityRow));
  await write(save.TOUCHED_ENTITIES, stored.filter(save.isOnlyTouched).map(save.entityRow));
  await write(save.LINKS, save.inSafeOrder(stored.flatMap(({ linkRows }) => linkRows)));
  await write(
    save.DROP_KEYS,
    stored.flatMap((draft) => keysToDrop(draft, held)),
  );
  await writeAll(
    save.KEYS,
    stored.flatMap((draft) => keysToAdd(draft, held)),
  );
  const intents = stored.flatMap(save.intentRows);
  await write(
    save.INTENTS,
    intents.filter(({ body }) => body !== undefined),
  );
  await write(
    save.FORGET_INTENTS,
    intents.filter(({ body }) => body === undefined),
  );
  await write(save.CONFLICTS, stored.flatMap(save.conflictRows), now);
  await write(save.TOMBSTONES, stored.flatMap(save.tombstoneRows), now);
  await write(
    save.REVIEWS,
    lastOfEach(
      all(({ reviews }) => reviews),
      nameOfReview,
    ),
    now,
  );
  await write(
    save.CLOSE_REVIEWS,
    all(({ carriedOut }) => carriedOut),
  );
  const letters = lastOfEach(all(deadLetterRows), ({ sync, key }) => `${sync}/${key}`);
  await write(save.DEAD_LETTERS, letters, now);
  await write(
    save.RUN_ITEMS,
    all(({ runItems }) => runItems),
  );
  const finishes = endingsOf(accepted);
  const ended = finishes.map(({ lease }, n): [number, string] => [n, places.get(lease)!]);
  await endLeases(query, finishes, new Map(ended));
  await appendAudit(query, tenant, auditKey, { now, items: all(({ audit }) => audit) });
  return verdicts.map(({ outcome }) => outcome);

  /** One statement per table and batch, none when there is nothing to write. */
  async function write(statement: Statement, rows: readonly object[], ...more: readonly unknown[]) {
    if (rows.length === 0) return 0;
    return (await query(statement, [tenant, toJson(rows), ...more])).length;
  }

  /** The statement answers with a row for each row written; if one is missing, somebody was faster. */
  async function writeAll(statement: Statement, rows: readonly object[]) {
    const written = await write(statement, rows);
    if (written < rows.length) throw new Overtaken(`${statement.name} came too late.`);
  }
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

function deadLetterRows({ lease, deadLetter }: Commit) {
  if (!deadLetter) return [];
  return [{ ...deadLetter, sync: lease.key.sync, key: nameOfKey(lease.key) }];
}
