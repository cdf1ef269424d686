/**
 * Remembers what the engine has come to know: which marks and links it has stored, and when it has read
 * which; and when it asked for whom to be created. What an engine could not know when it wrote, it could not protect.
 */
import type { Link } from '../../runtime/core/planner/model.ts';
import type { Commit, Store } from '../../runtime/store/store.ts';
import { nameOfRef } from '../../runtime/store/work-key.ts';
import type { World } from '../../runtime/world/world.ts';
import { marksIn } from './ledger.ts';
import type { About } from './system.ts';

export interface Witness {
  readonly store: Store;
  /** When a mark was stored for the first time. */
  readonly stored: ReadonlyMap<string, number>;
  /** When a mark was first in the answer of an account to a read by id: `crm-1 e0007`. */
  readonly read: ReadonlyMap<string, number>;
  /** When the engine asked for whom to be created, in that order: `crm-1/people/c0004`. */
  readonly asked: ReadonlyMap<string, readonly number[]>;
  /** What was stored of an item, and when, in that order; by the name of its ref. */
  readonly links: ReadonlyMap<string, readonly Told[]>;
  /** Notes what an account is asked for. */
  called(account: string, about: About | undefined, request: Request): Promise<void>;
  /** Notes what an account answers. */
  answered(account: string, about: About | undefined, response: Response): Promise<void>;
}

/** Which version it has, and when it was made, by the vendor's clock. */
export interface Told extends Pick<Link, 'version' | 'createdAt'> {
  readonly at: number;
}

export function witnessOf(store: Store, world: Pick<World, 'clock'>): Witness {
  const stored = new Map<string, number>();
  const read = new Map<string, number>();
  const asked = new Map<string, number[]>();
  const links = new Map<string, Told[]>();
  const commit: Store['commit'] = async (tenant, now, commits) => {
    const outcomes = await store.commit(tenant, now, commits);
    for (const [index, { outcome }] of outcomes.entries()) {
      if (outcome !== 'stored') continue;
      for (const mark of marksIn(commits[index])) {
        if (!stored.has(mark)) stored.set(mark, world.clock.now());
      }
      noteLinks(commits[index]!);
    }
    return outcomes;
  };

  function noteLinks({ lease, record }: Commit): void {
    const at = world.clock.now();
    for (const { endpoint, remoteId, version, createdAt } of record?.links ?? []) {
      const name = nameOfRef({ sync: lease.key.sync, endpoint, remoteId });
      const told = {
        ...(version === undefined ? {} : { version }),
        ...(createdAt === undefined ? {} : { createdAt }),
      };
      links.set(name, [...(links.get(name) ?? []), { at, ...told }]);
    }
  }

  return {
    store: withCommit(store, commit),
    stored,
    read,
    asked,
    links,
    async called(account, about, request) {
      if (about?.kind !== 'create') return;
      const at = world.clock.now();
      for (const [code] of (await request.clone().text()).matchAll(CODE)) {
        const name = `${account}/${about.collection}/${code}`;
        asked.set(name, [...(asked.get(name) ?? []), at]);
      }
    },
    async answered(account, about, response) {
      if (!response.ok || about?.kind !== 'read') return;
      for (const mark of marksIn(await response.clone().text())) {
        const name = `${account} ${mark}`;
        if (!read.has(name)) read.set(name, world.clock.now());
      }
    },
  };
}

/** Not a part of a word, as those of ids are. */
const CODE = /(?<![0-9a-z])c\d{4}(?![0-9a-z])/g;

function withCommit(store: Store, commit: Store['commit']): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
