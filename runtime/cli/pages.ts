/** Lists of the store, page by page, so that a long one is never in memory as a whole. */
import type {
  RunItem,
  Store,
  StoredConflict,
  StoredDeadLetter,
  StoredReview,
  SyncId,
  TenantId,
} from '../store/store.ts';

const PAGE = 500;

interface Place {
  readonly id: string;
  readonly at: number;
}

async function* pages<One extends Place>(
  list: (after: Place | undefined) => Promise<readonly One[]>,
): AsyncGenerator<One, void, undefined> {
  for (let after: Place | undefined; ;) {
    const page = await list(after);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = { at: last.at, id: last.id };
  }
}

/** Those that nobody has settled yet, of all syncs or of one. */
export function openConflicts(
  store: Store,
  tenant: TenantId,
  sync?: SyncId,
): AsyncIterable<StoredConflict> {
  return pages((after) => store.listConflicts(tenant, request(after, sync)));
}

export function openReviews(
  store: Store,
  tenant: TenantId,
  sync?: SyncId,
): AsyncIterable<StoredReview> {
  return pages((after) => store.listReviews(tenant, request(after, sync)));
}

export function openDeadLetters(
  store: Store,
  tenant: TenantId,
  sync?: SyncId,
): AsyncIterable<StoredDeadLetter> {
  return pages((after) => store.listDeadLetters(tenant, request(after, sync)));
}

function request(after: Place | undefined, sync: SyncId | undefined) {
  return {
    state: 'open' as const,
    limit: PAGE,
    ...(after ? { after } : {}),
    ...(sync === undefined ? {} : { sync }),
  };
}

export async function* runItems(
  store: Store,
  tenant: TenantId,
  run: string,
): AsyncGenerator<RunItem, void, undefined> {
  for (let after: string | undefined; ;) {
    const page = await store.listRunItems(tenant, {
      run,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}
