import assert from 'node:assert/strict';
import { Account } from '../../../runtime/emulators/grumpy/account.ts';
import { COLLECTIONS, practice, type Json, type Practice } from './practice.ts';

const START = '2026-01-01T00:00:00.000Z';

describe('an item of Grumpy', () => {
  it('shows who made it, who changed it, when, and every field there is', async () => {
    const { hands, post, pass } = practice();
    const [created] = (
      await post('contacts/create', {
        items: [{ fields: { email: 'anna@example.com', name: 'Anna' }, marker: 'v1.x' }],
      })
    ).results;
    await pass(1000);
    hands.edit('contacts', created.id, { name: 'Anna Bíró' });
    assert.deepEqual((await post('contacts/read', { ids: ['1'] })).results, [
      {
        status: 'ok',
        item: {
          id: '1',
          version: 2,
          createdAt: START,
          createdBy: { kind: 'app' },
          updatedAt: '2026-01-01T00:00:01.000Z',
          updatedBy: { kind: 'person' },
          updatedAtByField: { email: START, name: '2026-01-01T00:00:01.000Z' },
          marker: 'v1.x',
          fields: { email: 'anna@example.com', name: 'Anna Bíró', tags: null, address: null },
        },
      },
    ]);
  });

  it('shows less where the account knows less', async () => {
    const { hands, get } = practice({
      abilities: {
        version: 'none',
        history: false,
        conditionalWrites: false,
        author: false,
        fieldTimes: false,
      },
    });
    hands.create('companies', { name: 'Pagoda Kft.' }, 'integration');
    assert.deepEqual((await get('companies')).items, [
      { id: '1', createdAt: START, fields: { name: 'Pagoda Kft.' } },
    ]);
  });

  it('has the time of its last change as its version, by the clock of Grumpy', async () => {
    const { hands, get } = practice({ abilities: { version: 'time', clockSkewMs: 5000 } });
    const id = hands.create('companies', { name: 'A' });
    hands.edit('companies', id, { name: 'B' });
    const [item] = (await get('companies')).items;
    assert.equal(item.createdAt, '2026-01-01T00:00:05.000Z');
    assert.equal(item.updatedAt, '2026-01-01T00:00:05.001Z', 'no two states share a time');
    assert.equal(item.version, Date.parse(item.updatedAt));
  });
});

describe('a list of Grumpy', () => {
  it('has everything that is there exactly once, in pages, in the order of ids', async () => {
    const scene = practice({ abilities: { batch: { ...wide, list: 4 } } });
    const ids = make(scene, 11);
    scene.hands.remove('companies', '3');
    for (const limit of ['', 'limit=1', 'limit=4', 'limit=3']) {
      assert.deepEqual(
        await collect(scene, `companies?${limit}`),
        ids.filter((id) => id !== '3'),
        limit,
      );
    }
  });

  it('ends without a next page, also when the last one is full', async () => {
    const scene = practice();
    make(scene, 4);
    assert.equal((await scene.get('companies?limit=4')).next, undefined);
    assert.notEqual((await scene.get('companies?limit=3')).next, undefined);
  });

  it('misses nothing when items go between two pages', async () => {
    const scene = practice();
    make(scene, 6);
    const first = await scene.get('companies?limit=3');
    scene.hands.remove('companies', '3');
    scene.hands.remove('companies', '1');
    const second = await scene.get(`companies?limit=3&after=${first.next}`);
    assert.deepEqual(idsOf(second), ['4', '5', '6']);
  });
});

describe('the changes of Grumpy', () => {
  it('come by time and then by id, from the given instant on', async () => {
    const scene = practice();
    make(scene, 3);
    await scene.pass(1000);
    scene.hands.edit('companies', '3', { name: 'third' });
    scene.hands.edit('companies', '1', { name: 'first' });
    await scene.pass(1000);
    scene.hands.edit('companies', '2', { name: 'second' });
    const since = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();
    assert.deepEqual(await collect(scene, `companies/changes?since=${START}`), ['1', '3', '2']);
    for (const [ms, ids] of [
      [1000, ['1', '3', '2']],
      [1001, ['2']],
      [2000, ['2']],
      [2001, []],
    ] as const) {
      assert.deepEqual(await collect(scene, `companies/changes?since=${since(ms)}`), ids);
      assert.deepEqual(await collect(scene, `companies/changes?since=${since(ms)}&limit=1`), ids);
    }
  });

  for (const [how, abilities] of [
    ['archived', { delete: 'soft' }],
    ['deleted', { delete: 'hard' }],
  ] as const) {
    it(`tell what was ${how}, page by page, where they tell it`, async () => {
      const scene = practice({ abilities });
      make(scene, 4);
      await scene.pass(1000);
      scene.hands.remove('companies', '2');
      scene.hands.merge('companies', '3', '4');
      const first = await scene.get(`companies/changes?since=${START}&limit=2`);
      assert.deepEqual([idsOf(first), first.gone], [['1'], ['2']]);
      const second = await scene.get(
        `companies/changes?since=${START}&limit=2&after=${first.next}`,
      );
      assert.deepEqual([idsOf(second), second.gone, second.next], [['4'], ['3'], undefined]);
    });
  }

  it('keep quiet about it where they do not', async () => {
    const scene = practice({ abilities: { changesTellDeletes: false } });
    make(scene, 2);
    scene.hands.remove('companies', '1');
    const answer = await scene.get(`companies/changes?since=${START}`);
    assert.deepEqual(idsOf(answer), ['2']);
    assert.equal('gone' in answer, false);
  });
});

describe('a search of Grumpy', () => {
  it('finds fields, members of sets and markers in any case, and nothing in part', async () => {
    const { hands, post } = practice();
    await post('contacts/create', {
      items: [
        { fields: { email: 'Anna@Example.com', tags: ['a', 'b'] }, marker: 'v1.Anna' },
        { fields: { name: 'Árpád', tags: ['b'] }, marker: 'v1.Arpad' },
      ],
    });
    hands.remove('contacts', hands.create('contacts', { name: 'Árpád' }));
    for (const [path, values, found] of [
      ['email', ['anna@EXAMPLE.com'], ['1']],
      ['email', ['anna'], []],
      ['name', ['ÁRPÁD'], ['2']],
      ['name', ['Arpad'], []],
      ['name', ['x', 'árpád', 'y'], ['2']],
      ['tags', ['B'], ['1', '2']],
      ['externalId', ['V1.ANNA'], ['1']],
      ['externalId', ['v1.arpad', 'v1.anna'], ['1', '2']],
    ] as const) {
      const answer = await post('contacts/search', { path, values });
      assert.deepEqual(idsOf(answer), found, `${path}: ${values.join()}`);
    }
  });

  it('finds numbers and truths by their value', async () => {
    const { hands, post } = practice({
      collections: {
        things: [
          { path: 'size', type: 'number' },
          { path: 'big', type: 'boolean' },
        ],
      },
    });
    hands.create('things', { size: 7, big: true });
    for (const [path, value] of [
      ['size', 7],
      ['size', '7'],
      ['big', true],
    ] as const) {
      assert.deepEqual(idsOf(await post('things/search', { path, values: [value] })), ['1']);
    }
    assert.deepEqual(idsOf(await post('things/search', { path: 'size', values: [70] })), []);
  });

  it('finds no markers where there are none', async () => {
    const { send, hands } = practice({ abilities: { create: 'naturalKey' } });
    await send('POST', 'contacts/create', { items: [{ fields: {}, marker: 'v1.x' }] });
    assert.equal('marker' in hands.item('contacts', '1')!, false);
    const answer = await send('POST', 'contacts/search', { path: 'externalId', values: ['v1.x'] });
    assert.equal(answer.status, 400);
  });
});

describe('a read of Grumpy', () => {
  it('answers in order, also twice, with what has become of each item', async () => {
    const { hands, post } = practice();
    for (const name of ['a', 'b', 'c', 'd']) hands.create('companies', { name });
    hands.remove('companies', '2');
    hands.merge('companies', '3', '4');
    const { results } = await post('companies/read', { ids: ['9', '4', '3', '2', '1', '4', 'x'] });
    assert.deepEqual(
      results.map(({ item, ...rest }: Json) => ({ ...rest, ...(item && { id: item.id }) })),
      [
        { status: 'missing' },
        { status: 'ok', id: '4' },
        { status: 'merged', into: '4' },
        { status: 'archived', version: 2 },
        { status: 'ok', id: '1' },
        { status: 'ok', id: '4' },
        { status: 'missing' },
      ],
    );
  });

  it('leads to the end of a chain of merges', async () => {
    const { hands, post } = practice();
    for (const name of ['a', 'b', 'c']) hands.create('companies', { name });
    hands.merge('companies', '1', '2');
    hands.merge('companies', '2', '3');
    const { results } = await post('companies/read', { ids: ['1'] });
    assert.deepEqual(results, [{ status: 'merged', into: '3' }]);
    assert.equal(hands.where('companies', '1'), '3');
  });

  it('does not show that something was there where deletion is hard or merges are hidden', async () => {
    const { hands, post } = practice({ abilities: { delete: 'hard', mergeVisible: 'none' } });
    for (const name of ['a', 'b', 'c']) hands.create('companies', { name });
    hands.remove('companies', '1');
    hands.merge('companies', '2', '3');
    const { results } = await post('companies/read', { ids: ['1', '2'] });
    assert.deepEqual(results, [{ status: 'missing' }, { status: 'missing' }]);
  });
});

describe('the history of Grumpy', () => {
  it('has every state after a version, with its author', async () => {
    const { hands, post } = practice();
    const id = hands.create('companies', { name: 'a' });
    hands.edit('companies', id, { name: 'b' }, 'integration');
    await post('companies/update', { items: [{ id, fields: { name: 'c' } }] });
    const read = async (since: number): Promise<Json> =>
      (await post('companies/history', { items: [{ id, since }] })).results[0];
    const states = [
      { version: 1, by: { kind: 'person' }, fields: { name: 'a' } },
      { version: 2, by: { kind: 'integration' }, fields: { name: 'b' } },
      { version: 3, by: { kind: 'app' }, fields: { name: 'c' } },
    ];
    for (const since of [0, 1, 2, 3]) assert.deepEqual(await read(since), states.slice(since));
    const { results } = await post('companies/history', { items: [{ id: '9', since: 0 }] });
    assert.deepEqual(results, [[]]);
  });

  it('tells nothing of the item that had the same id before', async () => {
    const { hands, post } = practice({ abilities: { delete: 'hard', reusesIds: true } });
    hands.remove('companies', hands.create('companies', { name: 'before' }));
    const id = hands.create('companies', { name: 'after' });
    const { results } = await post('companies/history', { items: [{ id, since: 0 }] });
    assert.deepEqual(
      results[0].map(({ fields }: Json) => fields.name),
      ['after'],
    );
  });
});

describe('a replica of Grumpy', () => {
  for (const [lag, action, ask] of [
    ['readLagMs', 'read', ({ post }: Practice) => post('companies/read', { ids: ['1'] })],
    ['readLagMs', 'list', ({ get }: Practice) => get('companies')],
    [
      'readLagMs',
      'history',
      ({ post }: Practice) => post('companies/history', { items: [{ id: '1', since: 0 }] }),
    ],
    [
      'searchLagMs',
      'search',
      ({ post }: Practice) => post('companies/search', { path: 'name', values: ['old', 'new'] }),
    ],
    ['changesLagMs', 'changes', ({ get }: Practice) => get(`companies/changes?since=${START}`)],
  ] as const) {
    it(`shows in a ${action} what was, up to ${lag} ago and no longer`, async () => {
      const scene = practice({ abilities: { [lag]: 1000 } });
      const { hands, pass } = scene;
      hands.create('companies', { name: 'old' });
      await pass(5000);
      hands.edit('companies', '1', { name: 'new' });
      const seen = async (): Promise<string> => {
        const text = JSON.stringify(await ask(scene));
        return text.includes('"new"') ? 'new' : text.includes('"old"') ? 'old' : 'nothing';
      };
      await pass(500);
      const early = await times(40, seen);
      assert.deepEqual([...new Set(early)].toSorted(), ['new', 'old'], 'by chance');
      await pass(500);
      assert.deepEqual([...new Set(await times(40, seen))], ['new'], 'not longer than that');
    });
  }

  it('does not know new items yet, and still shows those that are gone', async () => {
    const scene = practice({ abilities: { readLagMs: 10_000, delete: 'hard' } });
    const { hands, get, post, pass } = scene;
    hands.create('companies', { name: 'a' });
    await pass(20_000);
    hands.create('companies', { name: 'b' });
    hands.remove('companies', '1');
    await pass(1);
    const lists = await times(20, async () => idsOf(await get('companies')).join());
    assert.ok(lists.includes('1'));
    const reads = await times(20, async () => {
      const { results } = await post('companies/read', { ids: ['1', '2'] });
      return results.map(({ status }: Json) => status).join();
    });
    assert.ok(reads.includes('ok,missing'));
    await pass(10_000);
    assert.deepEqual(idsOf(await get('companies')), ['2']);
  });

  it('lags by another time with each request, so that the past may come back', async () => {
    const scene = practice({ abilities: { readLagMs: 1000 } });
    scene.hands.create('companies', { name: '0' });
    await scene.pass(2000);
    const seen = await times(100, async (step) => {
      scene.hands.edit('companies', '1', { name: String(step) });
      await scene.pass(50);
      return Number((await scene.get('companies')).items[0].fields.name);
    });
    assert.ok(seen.some((name, index) => index > 0 && name < seen[index - 1]!));
    assert.ok(seen.every((name, index) => name <= index && name >= index - 21));
  });

  it('shows nothing that is older than its lag', async () => {
    const { hands, post, pass } = practice({ abilities: { history: false, readLagMs: 100 } });
    hands.create('companies', { name: '0' });
    for (let step = 1; step <= 50; step += 1) {
      await pass(30);
      hands.edit('companies', '1', { name: String(step) });
    }
    const names = await times(60, async () => {
      const { results } = await post('companies/read', { ids: ['1'] });
      return results[0].item.fields.name as string;
    });
    assert.deepEqual([...new Set(names)].toSorted(), ['46', '47', '48', '49', '50']);
  });

  it('keeps no state longer than it may show it, unless there is a history', () => {
    for (const [history, kept] of [
      [false, 5],
      [true, 51],
    ] as const) {
      let nowMs = 0;
      const account = new Account(
        {
          name: 'sales',
          token: 'open-sesame',
          abilities: { history, readLagMs: 100 },
          collections: COLLECTIONS,
        },
        { now: () => nowMs },
      );
      const companies = account.collections.get('companies')!;
      const id = account.atomically(() =>
        account.create(companies, { name: '0' }, { by: 'person', via: 'hands' }),
      );
      for (let step = 1; step <= 50; step += 1) {
        nowMs += 30;
        account.atomically(() => {
          account.update(companies, id, { name: String(step) }, { by: 'person', via: 'hands' });
        });
      }
      assert.equal(companies.entry(id)?.states.length, kept);
    }
  });
});

const wide = {
  list: 100,
  read: 100,
  find: 100,
  create: 100,
  update: 100,
  delete: 100,
  restore: 100,
};

function make({ hands }: Practice, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    hands.create('companies', { name: `company ${index}` }),
  );
}

/** All pages of a list. */
async function collect({ get }: Practice, path: string): Promise<string[]> {
  const ids: string[] = [];
  let after = '';
  for (let pages = 0; ; pages += 1) {
    assert.ok(pages < 100, 'the pages end');
    const page = await get(
      `${path}${path.includes('?') ? '&' : '?'}${after}`.replace(/[?&]+$/, ''),
    );
    ids.push(...idsOf(page));
    if (page.next === undefined) return ids;
    after = `after=${page.next}`;
  }
}

function idsOf(answer: Json): string[] {
  return answer.items.map(({ id }: { id: string }) => id);
}

async function times<Result>(
  count: number,
  work: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let index = 0; index < count; index += 1) results.push(await work(index));
  return results;
}

describe('an item of Grumpy that is hidden from the API', () => {
  it('is missing for everybody who asks, until it is shown again', async () => {
    const { hands, get, post } = practice();
    const fields = { email: 'anna@example.com', name: 'Anna' };
    await post('contacts/create', { items: [{ fields, marker: 'v1.x' }] });
    hands.create('contacts', { name: 'Bea' });
    const seen = async (): Promise<readonly Json[]> => [
      (await get('contacts')).items.map(({ id }: Json) => id),
      (await get(`contacts/changes?since=${START}`)).items.map(({ id }: Json) => id),
      (await post('contacts/read', { ids: ['1'] })).results[0].status,
      (await post('contacts/search', { path: 'externalId', values: ['v1.x'] })).items.length,
      (await post('contacts/history', { items: [{ id: '1', since: 0 }] })).results[0].length,
    ];
    const before = await seen();
    hands.hide('contacts', ['1'], true);
    assert.deepEqual(await seen(), [['2'], ['2'], 'missing', 0, 0]);
    hands.hide('contacts', ['1'], false);
    assert.deepEqual(await seen(), before);
    assert.deepEqual(before, [['1', '2'], ['1', '2'], 'ok', 1, 1]);
  });

  it('cannot be written, and keeps its unique value', async () => {
    const { hands, post } = practice();
    hands.create('contacts', { email: 'anna@example.com' });
    hands.hide('contacts', ['1'], true);
    const items = [{ id: '1' }];
    const updates = [{ id: '1', fields: { name: 'Bea' } }];
    const codeOf = ({ results }: Json): string => results[0].code;
    assert.equal(codeOf(await post('contacts/update', { items: updates })), 'missing');
    assert.equal(codeOf(await post('contacts/delete', { items })), 'missing');
    assert.equal(codeOf(await post('contacts/restore', { items })), 'missing');
    const twin = { items: [{ fields: { email: 'anna@example.com' } }] };
    assert.equal(codeOf(await post('contacts/create', twin)), 'duplicate');
    assert.equal(hands.log.length, 1);
  });

  it('cannot be written by a create that finds it by its marker', async () => {
    const { hands, post } = practice();
    const create = (name: string): Promise<Json> =>
      post('contacts/create', { items: [{ fields: { name }, marker: 'v1.x' }] });
    await create('Anna');
    hands.hide('contacts', ['1'], true);
    assert.equal((await create('Bea')).results[0].code, 'missing');
    assert.equal(hands.item('contacts', '1')?.fields['name'], 'Anna');
  });
});
