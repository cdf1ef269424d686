import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Collection, PageRequest } from '../../../runtime/connectors/connector.ts';
import { failureOf } from '../scene.ts';
import { done, page, person, refusal, type Asked } from './practice.ts';

type Next = PageRequest['after'];

describe('a walk through a list of Pipedrive', () => {
  /** Cursors are worth nothing any more, once `isOver` says so. */
  const forgetful = (asked: Asked[], isOver: (cursor: string) => boolean) => (one: Asked) => {
    asked.push(one);
    const { cursor, updated_since: since = '' } = one.query;
    if (cursor !== undefined && isOver(cursor)) return refusal(400, "'cursor' is too old");
    const from = cursor === undefined ? Number(since.slice(17, 19)) : Number(cursor);
    const at = `2026-10-02T08:00:${String(from).padStart(2, '0')}Z`;
    return page([person(from + 1, { update_time: at })], from < 3 ? String(from + 1) : null);
  };
  const since = Date.UTC(2026, 9, 2, 8);
  const walk = async (items: Collection): Promise<string[]> => {
    const met: string[] = [];
    let after: Next;
    for (let pages = 0; pages < 20; pages += 1) {
      const request = { since, limit: 1, ...(after !== undefined && { after }) };
      const { items: found, next } = await items.changes!(request);
      met.push(...found.map(({ id }) => id));
      if (next === undefined) return met;
      after = next;
    }
    assert.fail('The pages have no end.');
  };

  it('goes on from the last time, when its cursor is worth nothing any more', async () => {
    const asked: Asked[] = [];
    let isOver = true;
    const answer = forgetful(asked, (cursor) => cursor === '2' && isOver && !(isOver = false));
    const { result } = await done({ 'GET /api/v2/persons': answer }, 'persons', walk);
    assert.deepEqual(result, ['1', '2', '2', '3', '4']);
  });

  it('does so once, and then says that it is refused', async () => {
    const answer = forgetful([], () => true);
    const { result } = await done({ 'GET /api/v2/persons': answer }, 'persons', (items) =>
      failureOf(walk(items)),
    );
    assert.equal(result.kind, 'rejected');
  });

  it('begins again, when nothing tells how far it was', async () => {
    let pages = 0;
    const answer = ({ query }: Asked): Response => {
      pages += 1;
      return query['cursor'] === undefined ? page([person(1)], 'x') : refusal(400, 'too old');
    };
    const { result } = await done({ 'GET /api/v2/persons': answer }, 'persons', async (items) => {
      const first = await items.list({ limit: 1 });
      const second = await items.list({ limit: 1, after: first.next! });
      const third = await failureOf(items.list({ limit: 1, after: second.next! }));
      return [first.items[0]?.id, second.items[0]?.id, third.kind];
    });
    assert.deepEqual([result, pages], [['1', '1', 'rejected'], 4]);
  });

  it('does not take a refusal of something else for an old cursor', async () => {
    const answer = refusal(400, 'Validation failed');
    const { result, asked } = await done({ 'GET /api/v2/persons': answer }, 'persons', (items) =>
      failureOf(items.list({ limit: 1 })),
    );
    assert.deepEqual([result.kind, asked.length], ['rejected', 1]);
  });

  it('notices when it is led in circles', async () => {
    const answer = page([person(1)], 'x');
    const { result } = await done({ 'GET /api/v2/persons': answer }, 'persons', async (items) => {
      const { next } = await items.list({ limit: 1 });
      return failureOf(items.list({ limit: 1, after: next! }));
    });
    assert.equal(result.kind, 'broken');
  });
});

describe('a walk through the notes of Pipedrive', () => {
  interface Note {
    readonly id: number;
    readonly update_time: string;
  }
  const timeOf = (second: number): string => new Date(second * 1_000).toISOString().slice(0, 19);
  const noteOf = (id: number, second: number): Note => ({
    id,
    update_time: timeOf(1_790_000_000 + second).replace('T', ' '),
  });

  /** Places are counted from the beginning, as they are just then. */
  const served = (notes: () => readonly Note[]) => (one: Asked) => {
    const { start = '0', limit = '100', sort = '' } = one.query;
    const byTime = sort.startsWith('update_time');
    const sorted = notes().toSorted(
      (a, b) => (byTime ? a.update_time.localeCompare(b.update_time) : 0) || a.id - b.id,
    );
    const data = sorted.slice(Number(start), Number(start) + Number(limit));
    const more = sorted.length > Number(start) + Number(limit);
    const pagination = { start, limit, more_items_in_collection: more };
    return Response.json({
      success: true,
      data: data.length === 0 ? null : data,
      additional_data: { pagination },
    });
  };

  for (const way of ['list', 'changes'] as const) {
    it(`meets all that stay, whatever goes or is edited between the pages: ${way}`, async () => {
      const step = fc.record({ gone: fc.array(fc.nat(79)), edited: fc.array(fc.nat(79)) });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 40 }),
          fc.array(step, { maxLength: 6 }),
          async (limit, steps) => {
            let notes = Array.from({ length: 80 }, (_, n) => noteOf(n + 1, Math.floor(n / 30)));
            const answer = served(() => notes);
            const met = new Set<string>();
            await done({ 'GET /api/v1/notes': answer }, 'notes', async (items) => {
              let after: Next;
              for (let n = 0; ; n += 1) {
                const place = { limit, ...(after !== undefined && { after }) };
                const { items: found, next } =
                  way === 'list'
                    ? await items.list(place)
                    : await items.changes!({ since: 0, ...place });
                assert.ok(found.length <= limit);
                for (const { id } of found) met.add(id);
                if (next === undefined) return;
                assert.ok(n < 500, 'The pages have no end.');
                after = next;
                const { gone = [], edited = [] } = steps[n] ?? {};
                notes = notes
                  .filter(({ id }) => !gone.includes(id - 1))
                  .map((note) => (edited.includes(note.id - 1) ? noteOf(note.id, 100 + n) : note));
              }
            });
            const missed = notes.filter(({ id }) => !met.has(String(id)));
            assert.deepEqual(missed, []);
          },
        ),
        { numRuns: 60, seed: 1 },
      );
    });
  }
});
