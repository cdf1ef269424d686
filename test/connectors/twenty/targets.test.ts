/** What notes and tasks are about. */
import assert from 'node:assert/strict';
import { errorOf, idOf as doneId } from '../scene.ts';
import { endsOf, idOf, practising, type Practice } from './practice.ts';

const LINES = ['1.x', '2.x'] as const;

async function about({ account }: Practice, id: string, name = 'notes') {
  const [read] = await (await account.collection(name)).read([id]);
  assert.ok(read?.kind === 'present');
  return (read.item.raw as { targets: Record<string, unknown> }).targets;
}

for (const line of LINES) {
  const options = { account: { line } };

  describe(`what an item of Twenty ${line} is about`, () => {
    it('is among its members, and can be created with it', () =>
      practising(async (practice) => {
        const { account, hands } = practice;
        const [anna, bela] = ['Anna', 'Béla'].map((jobTitle) =>
          hands.create('people', { jobTitle }),
        );
        const firm = hands.create('companies', { name: 'Firma Kft.' });
        for (const name of ['notes', 'tasks']) {
          const items = await account.collection(name);
          const paths = new Set(items.fields.map(({ path }) => path));
          for (const path of ['people', 'person', 'companies', 'company', 'opportunity']) {
            assert.ok(paths.has(`targets.${path}`), path);
          }
          const raw = { title: 'Call', targets: { people: [anna, bela], company: firm } };
          const [outcome] = await items.write([{ op: 'create', raw }]);
          const targets = await about(practice, doneId(outcome!), name);
          const { people, person, companies, company, opportunity } = targets;
          assert.deepEqual(new Set(people as string[]), new Set([anna, bela]));
          assert.equal(person, (people as string[])[0]);
          assert.deepEqual([companies, company, opportunity], [[firm], firm, null]);
          const { items: listed } = await items.list({ limit: 5 });
          assert.deepEqual((listed[0]!.raw as typeof raw).targets, targets);
        }
      }, options));

    it('can be changed, taken away, and given back', () =>
      practising(async (practice) => {
        const { account, hands } = practice;
        const [anna, bela] = ['Anna', 'Béla'].map((jobTitle) =>
          hands.create('people', { jobTitle }),
        );
        const notes = await account.collection('notes');
        const create = { op: 'create', raw: { title: 'x', targets: { people: [anna] } } } as const;
        const [outcome] = await notes.write([create]);
        const id = doneId(outcome!);
        for (const [targets, people] of [
          [{ people: [bela] }, [bela]],
          [{ person: anna }, [anna]],
          [{ people: [] }, []],
          [{ person: anna }, [anna]],
          [{ person: null }, []],
        ] as const) {
          const changed = await notes.write([{ op: 'update', id, raw: { targets } }]);
          assert.deepEqual(endsOf(changed), ['done']);
          assert.deepEqual((await about(practice, id))['people'], people);
        }
        assert.equal(hands.items('noteTargets').length, 0);
      }, options));

    it('is left alone by an update that does not name it, and by one that repeats it', () =>
      practising(async (practice) => {
        const { account, hands, asked } = practice;
        const anna = hands.create('people', { jobTitle: 'Anna' });
        const notes = await account.collection('notes');
        const raw = { title: 'x', targets: { person: anna } };
        const [outcome] = await notes.write([{ op: 'create', raw }]);
        const id = doneId(outcome!);
        asked.length = 0;
        await notes.write([{ op: 'update', id, raw: { title: 'y' } }]);
        await notes.write([{ op: 'update', id, raw: { targets: { people: [anna] } } }]);
        const writes = asked.filter(({ method }) => method !== 'GET');
        assert.deepEqual(
          writes.map(({ path }) => path),
          [`/rest/notes/${id}`],
        );
        assert.deepEqual((await about(practice, id))['people'], [anna]);
      }, options));
  });
}

describe('a reference of a note in Twenty', () => {
  it('that is none is refused before anything is sent', () =>
    practising(async ({ account, hands }) => {
      const notes = await account.collection('notes');
      for (const [targets, path] of [
        [{ people: ['anna'] }, 'targets.people'],
        [{ person: 7 }, 'targets.person'],
        [{ person: [idOf(1), idOf(2)] }, 'targets.person'],
        [{ nobody: idOf(1) }, 'targets.nobody'],
        ['x', 'targets'],
      ] as const) {
        const [outcome] = await notes.write([{ op: 'create', raw: { title: 'x', targets } }]);
        assert.deepEqual([errorOf(outcome).kind, errorOf(outcome).path], ['rejected', path]);
      }
      assert.deepEqual(hands.items('notes'), []);
    }));

  it('that leads nowhere is told, with the note that is there by then', () =>
    practising(async ({ account, hands }) => {
      const notes = await account.collection('notes');
      const raw = { title: 'x', targets: { person: idOf(7) } };
      const [outcome] = await notes.write([{ op: 'create', raw }]);
      const { kind, path, mayHaveLanded } = errorOf(outcome);
      assert.deepEqual([kind, path, mayHaveLanded], ['rejected', 'targets.person', true]);
      assert.equal(hands.items('notes').length, 1);
    }));
});
