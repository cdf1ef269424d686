/**
 * Which commits of a batch may be stored, decided the same way by every store from what it holds
 * under lock. Refused one by one: a lost lease, a record that changed meanwhile, and a match key or
 * an item that belongs to another record.
 *
 * A key of a dead record and an item that was unlinked on purpose are memories; whoever wants them
 * takes them. Keys that records of the same batch give up are free at once, so that two of them can
 * swap addresses.
 */
import type { EntityId, Link } from '../core/planner/model.ts';
import type {
  Commit,
  CommitOutcome,
  Finish,
  Lease,
  MatchKey,
  RecordChange,
  Ref,
  StoredIntent,
  SyncId,
  Taken,
} from './store.ts';
import { nameOfKey, nameOfRef } from './work-key.ts';

/** What the store holds, locked until the batch is stored. */
export interface Held {
  isHeld(lease: Lease): boolean;
  revisionOf(entity: EntityId): Revision | undefined;
  /** By how much storing the change raises the revision. */
  growthOf(change: RecordChange): number;
  ownerOfKey(key: MatchKey): Owner | undefined;
  ownerOfRef(ref: Ref): Owner | undefined;
}

export interface Revision {
  readonly revision: number;
  /** The last commits: whoever is among them was stored before. */
  readonly commits: readonly string[];
}

export interface Owner {
  readonly entity: EntityId;
  /** Only a memory. */
  readonly yields: boolean;
}

export interface Verdict {
  readonly outcome: CommitOutcome;
  /** False when it is refused, and when it was stored before. */
  readonly store: boolean;
}

export function judge(commits: readonly Commit[], held: Held): Verdict[] {
  const seen = new Set<EntityId>();
  const verdicts = commits.map((commit) => {
    const verdict = judgeAlone(commit, held);
    const entity = commit.record?.entity.id;
    if (!verdict.store || entity === undefined) return verdict;
    if (seen.has(entity)) return refused('outdated');
    seen.add(entity);
    return verdict;
  });
  const candidates = commits.filter((_, index) => verdicts[index]?.store);
  const takenBy = findTaken(candidates, held);
  return verdicts.map((verdict, index) => {
    const by = takenBy.get(commits[index]!);
    return by ? { outcome: { outcome: 'taken', by }, store: false } : verdict;
  });
}

function judgeAlone({ lease, record }: Commit, held: Held): Verdict {
  const current = record && held.revisionOf(record.entity.id);
  if (record && current?.commits.includes(record.commitId)) {
    return { outcome: { outcome: 'stored', revision: current.revision }, store: false };
  }
  const why = record && whyInvalid(lease.key.sync, record);
  if (why !== undefined) return { outcome: { outcome: 'invalid', why }, store: false };
  if (!held.isHeld(lease)) return refused('fenced');
  const revision = record?.from?.revision ?? 0;
  if ((current?.revision ?? 0) !== revision) return refused('outdated');
  return {
    outcome: record
      ? { outcome: 'stored', revision: revision + held.growthOf(record) }
      : { outcome: 'stored' },
    store: true,
  };
}

function whyInvalid(sync: SyncId, { entity, from, links }: RecordChange): string | undefined {
  if (from && from.sync !== sync) return `Entity ${entity.id} belongs to another sync.`;
  const given = new Set(links.map(({ id }) => id));
  const lost = from?.links.find(({ id }) => !given.has(id));
  if (lost) return `Link ${lost.id} of entity ${entity.id} is left out.`;
  const id = repeated(links.map((link) => link.id));
  if (id !== undefined) return `Link ${id} of entity ${entity.id} is given twice.`;
  const item = repeated(links.map(itemOfLink));
  if (item !== undefined) return `Entity ${entity.id} has two links to item ${item}.`;
  const live = links.filter(({ state }) => state === 'live');
  const endpoint = repeated(live.map((link) => link.endpoint));
  if (endpoint !== undefined) return `Entity ${entity.id} has two live links at ${endpoint}.`;
  return undefined;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

function refused(outcome: 'fenced' | 'outdated'): Verdict {
  return { outcome: { outcome }, store: false };
}

/**
 * Whoever is refused keeps what it wanted to give up, which may refuse another; so this goes round
 * until nobody more is refused.
 */
function findTaken(commits: readonly Commit[], held: Held): Map<Commit, readonly Taken[]> {
  const takenBy = new Map<Commit, readonly Taken[]>();
  const inBatch = new Set(commits.map(({ record }) => record?.entity.id));
  for (;;) {
    const rest = commits.filter((commit) => !takenBy.has(commit));
    const free = new Set(rest.flatMap((commit) => givenUp(commit, held)));
    const promised = new Map<string, EntityId>();
    const refusedBefore = takenBy.size;
    for (const commit of rest) {
      const wants = wantsOf(commit);
      const by = wants.flatMap((want): Taken[] => {
        const owner = promised.get(want.name) ?? (free.has(want.name) ? undefined : ownerOf(want));
        return owner === undefined || owner === want.by ? [] : [{ what: want.what, entity: owner }];
      });
      if (by.length > 0) takenBy.set(commit, by);
      else for (const want of wants) promised.set(want.name, want.by);
    }
    if (takenBy.size === refusedBefore) return takenBy;
  }

  function ownerOf({ what }: Want): EntityId | undefined {
    const owner = 'ref' in what ? held.ownerOfRef(what.ref) : held.ownerOfKey(what.key);
    // What a record of this very batch remembers is not pulled from under it.
    return owner?.yields && !inBatch.has(owner.entity) ? undefined : owner?.entity;
  }
}

interface Want {
  readonly name: string;
  readonly by: EntityId;
  readonly what: Taken['what'];
}

function wantsOf({ lease, record }: Commit): Want[] {
  if (!record) return [];
  const by = record.entity.id;
  const keys = (record.keys?.add ?? []).map((key) => ({ name: `key/${key}`, by, what: { key } }));
  const refs = newRefs(lease.key.sync, record).map((ref) => ({
    name: `ref/${nameOfRef(ref)}`,
    by,
    what: { ref },
  }));
  return [...keys, ...refs];
}

function givenUp({ record }: Commit, held: Held): string[] {
  return (record?.keys?.remove ?? [])
    .filter((key) => held.ownerOfKey(key)?.entity === record?.entity.id)
    .map((key) => `key/${key}`);
}

/** Items that the record did not have before. */
export function newRefs(sync: SyncId, { from, links }: RecordChange): Ref[] {
  const known = new Set(from?.links.map(itemOfLink));
  return links
    .filter((link) => !known.has(itemOfLink(link)))
    .map(({ endpoint, remoteId }) => ({ sync, endpoint, remoteId }));
}

function itemOfLink({ endpoint, remoteId }: Link): string {
  return `${endpoint}/${remoteId}`;
}

/** How the leases of a batch end; of several commits under one lease the last one says. */
export function endingsOf(commits: readonly Commit[]): Finish[] {
  const endings = new Map<string, Finish>();
  for (const { lease, ending } of commits) {
    if (ending) endings.set(`${lease.token}/${nameOfKey(lease.key)}`, { lease, ending });
  }
  return [...endings.values()];
}

/** Nothing more can be learnt about it, so it is forgotten. */
export function isOver({ state, observed, unchecked }: StoredIntent): boolean {
  switch (state) {
    case 'armed':
    case 'unknown':
      return false;
    case 'applied':
      return observed === true && unchecked === undefined;
    case 'absent':
    case 'failed':
    case 'superseded':
      return true;
  }
}
