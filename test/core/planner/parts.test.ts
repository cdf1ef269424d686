/** Sets that merge element by element, and composite values that merge sub-field by sub-field. */
import assert from 'node:assert/strict';
import type { FieldPolicy } from '../../../runtime/core/planner/model.ts';
import { assemble } from '../../../runtime/core/planner/parts.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { conflictsOf, holdsOf, Story, writesOf } from './story.ts';

const tags: FieldPolicy = { name: 'tags', strategy: 'fieldLevelMerge', parts: 'set' };
const address: FieldPolicy = { name: 'address', strategy: 'fieldLevelMerge', parts: 'record' };

function whole(story: Story, field: FieldPolicy): Value | undefined {
  return assemble(story.entity.cells, field);
}

/** Two members; both edit before we read either. */
function bothEdit(field: FieldPolicy, start: Value, left: Value, right: Value): Story {
  const telling = { members: ['app', 'hub'], fields: [field] };
  const story = Story.settled({ [field.name]: start }, telling);
  story.read('app', { [field.name]: left });
  story.read('hub', { [field.name]: right });
  return story;
}

describe('a set', () => {
  const table: [title: string, start: Value, left: Value, right: Value, both: Value][] = [
    ['keeps what both added', ['a'], ['a', 'b'], ['a', 'c'], ['a', 'b', 'c']],
    ['loses what either removed', ['a', 'b'], ['b'], ['a', 'b', 'c'], ['b', 'c']],
    ['loses what both removed', ['a', 'b'], ['b'], ['b'], ['b']],
    ['may end up empty', ['a', 'b'], ['b'], ['a'], null],
    ['takes the same addition once', ['a'], ['a', 'b'], ['a', 'b'], ['a', 'b']],
    ['can be cleared', ['a'], null, ['a'], null],
    ['can be cleared here and added to there', ['a'], null, ['a', 'b'], ['b']],
  ];
  for (const [title, start, left, right, both] of table) {
    it(title, () => {
      const story = bothEdit(tags, start, left, right);
      const planned = story.round();
      assert.deepEqual(whole(story, tags) ?? null, both);
      assert.deepEqual(conflictsOf(planned), []);
      assert.deepEqual(story.round().writes, []);
    });
  }

  it('is written whole, and only where it differs', () => {
    const story = bothEdit(tags, ['a'], ['a', 'b'], ['a']);
    assert.deepEqual(writesOf(story.round()), ['hub update {"tags":["a","b"]} value-behind']);
  });

  it('is the union where systems first meet', () => {
    const story = new Story({ members: ['app', 'hub'], fields: [tags] });
    story.found('app', { tags: ['a', 'b'] });
    story.found('hub', { tags: ['b', 'c'] });
    story.round();
    assert.deepEqual(whole(story, tags), ['a', 'b', 'c']);
  });

  it('does not remember for ever what was removed', () => {
    const story = bothEdit(tags, ['a', 'b'], ['a'], ['a', 'b']);
    story.round();
    story.round();
    assert.deepEqual(Object.keys(story.entity.cells), ['tags#a']);
    for (const link of story.links) {
      assert.deepEqual(Object.keys(link.cells).toSorted(), ['tags', 'tags#a']);
    }
    story.read('hub', { tags: ['a', 'b'] });
    story.read('app', { tags: ['a'] });
    story.round();
    assert.deepEqual(whole(story, tags), ['a', 'b']);
  });

  it('keeps an element that its vendor spells differently without writing it again', () => {
    const story = Story.settled({ tags: ['VIP'] }, { members: ['app', 'hub'], fields: [tags] });
    story.read('app', { tags: ['VIP', 'Lead'] });
    story.read('hub', { tags: ['VIP'] });
    const [write] = story.keep(story.plan()).writes;
    assert.ok(write);
    story.carryOut(write, { tags: ['VIP', 'lead'] });
    story.read('app', { tags: ['VIP', 'Lead'] });
    story.read('hub', { tags: ['VIP', 'lead'] });
    const planned = story.round();
    assert.deepEqual([planned.writes, planned.conflicts, planned.changes], [[], [], []]);
  });
});

describe('a composite value', () => {
  it('merges its sub-fields one by one', () => {
    const start = { city: 'Pécs', street: 'Fő tér 1' };
    const story = bothEdit(
      address,
      start,
      { ...start, street: 'Fő tér 2' },
      { ...start, city: 'Vác' },
    );
    const planned = story.round();
    assert.deepEqual(whole(story, address), { city: 'Vác', street: 'Fő tér 2' });
    assert.deepEqual(conflictsOf(planned), []);
    assert.equal(planned.writes.length, 2);
  });

  it('reports the sub-field that lost, and no other', () => {
    const start = { city: 'Pécs', street: 'Fő tér 1' };
    const story = bothEdit(
      address,
      start,
      { city: 'Győr', street: 'Fő tér 2' },
      { ...start, city: 'Vác' },
    );
    assert.deepEqual(conflictsOf(story.round()), [
      'address#city concurrent app:"Győr" autoResolved',
    ]);
    assert.deepEqual(whole(story, address), { city: 'Vác', street: 'Fő tér 2' });
  });

  it('loses a sub-field that was cleared', () => {
    const start = { city: 'Pécs', street: 'Fő tér 1' };
    const story = bothEdit(address, start, { city: 'Pécs' }, start);
    assert.deepEqual(writesOf(story.round()), [
      'hub update {"address":{"city":"Pécs"}} value-behind',
    ]);
  });

  it('never empties a sub-field of a system that joins', () => {
    const telling = { members: ['app', 'hub'], fields: [address] };
    const story = Story.settled({ address: { city: 'Pécs', street: 'Fő tér 1' } }, telling);
    story.read('app', { address: { city: 'Pécs' } });
    story.links = story.links.filter(({ endpoint }) => endpoint === 'app');
    story.found('hub', { address: { city: 'Pécs', street: 'Kő utca 3' } });
    const planned = story.round();
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(holdsOf(planned), ['hub address would-blank']);
  });
});
