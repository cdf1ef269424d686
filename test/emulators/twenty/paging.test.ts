import assert from 'node:assert/strict';
import { message, practice, query, type Json, type Practice } from './practice.ts';

describe('lists of Twenty', () => {
  it('go from page to page by id, in no order of time', async () => {
    const given = await withPeople(25);
    const seen: string[] = [];
    let after = '';
    do {
      const { body } = await given.get(`people${query({ limit: '10', starting_after: after })}`);
      assert.equal(body.totalCount, 25);
      seen.push(...idsIn(body));
      after = body.pageInfo.hasNextPage ? body.pageInfo.endCursor : '';
    } while (after !== '');
    assert.equal(new Set(seen).size, 25);
    assert.deepEqual(seen, seen.toSorted());
    assert.notDeepEqual(
      seen,
      given.hands.items('people').map(({ id }) => id),
    );
  });

  it('have sixty on a page, two hundred at most, and none when asked for none', async () => {
    const { get } = await withPeople(205);
    for (const [limit, count] of [
      ['', 60],
      ['5000', 200],
      ['0', 0],
    ] as const) {
      assert.equal(idsIn((await get(`people${query({ limit })}`)).body).length, count);
    }
    assert.equal((await get('people?limit=-1')).status, 400);
    assert.equal((await get('people?limit=many')).status, 400);
  });

  it('begin anew when asked to go on with a word they do not know', async () => {
    const { get } = await withPeople(4);
    const first = await get('people?limit=2');
    const cursor = first.body.pageInfo.endCursor as string;
    for (const word of ['after', 'cursor', 'offset']) {
      const again = await get(`people${query({ limit: '2', [word]: cursor })}`);
      assert.deepEqual(idsIn(again.body), idsIn(first.body));
    }
  });

  it('go back from a cursor as well, but not both ways, and from no cursor of another order', async () => {
    const { get } = await withPeople(6);
    const all = idsIn((await get('people')).body);
    const second = await get('people?limit=2');
    const cursor = second.body.pageInfo.endCursor as string;
    const next = await get(`people${query({ limit: '2', starting_after: cursor })}`);
    const back = await get(
      `people${query({ limit: '2', ending_before: next.body.pageInfo.startCursor })}`,
    );
    assert.deepEqual(idsIn(back.body), all.slice(0, 2));
    const both = await get(`people${query({ starting_after: cursor, ending_before: cursor })}`);
    assert.equal(message(both), 'Cannot provide both before and after');
    const other = await get(`people${query({ order_by: 'city', starting_after: cursor })}`);
    assert.match(message(other), /^Invalid cursor/);
    assert.equal((await get('people?starting_after=nonsense')).status, 400);
  });

  it('repeat the last record of a page in another order, and go on from no part of a value', async () => {
    const { get } = await withPeople(5);
    const order = { order_by: 'updatedAt', limit: '2' };
    const first = await get(`people${query(order)}`);
    const cursor = first.body.pageInfo.endCursor as string;
    const next = await get(`people${query({ ...order, starting_after: cursor })}`);
    assert.equal(idsIn(next.body)[0], idsIn(first.body)[1]);
    const named = { order_by: 'name.firstName[DescNullsLast]', limit: '2' };
    const byName = await get(`people${query(named)}`);
    assert.deepEqual(
      byName.body.data.people.map(({ name }: Json) => name.firstName),
      ['P4', 'P3'],
    );
    const { endCursor } = byName.body.pageInfo;
    const refused = await get(`people${query({ ...named, starting_after: endCursor })}`);
    assert.equal(refused.body.error, 'INVALID_CURSOR');
    assert.equal((await get('people?order_by=city[up]')).status, 400);
    assert.equal((await get('people?order_by=nick')).status, 400);
  });

  it('show in the newer line only the fields that are asked for', async () => {
    const { get } = await withPeople(1);
    const { body } = await get('people?fields=id,city');
    assert.deepEqual(Object.keys(body.data.people[0]), ['id', 'city']);
    const refused = await get('people?fields=id,nick');
    assert.match(message(refused), /Unknown or unreadable fields on 'person': nick$/);
  });
});

async function withPeople(count: number): Promise<Practice> {
  const given = practice();
  for (let index = 0; index < count; index += 1) {
    given.hands.create('people', { name: { firstName: `P${index}`, lastName: '' } });
    await given.pass(10);
  }
  return given;
}

function idsIn(body: Json): string[] {
  return body.data.people.map(({ id }: Json) => id as string);
}
