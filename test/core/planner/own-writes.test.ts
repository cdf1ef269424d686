/** What a write does to fields that it does not change, where a system takes more at once than what has changed. */
import assert from 'node:assert/strict';
import type { FieldPolicy } from '../../../runtime/core/planner/model.ts';
import type { Values } from '../../../runtime/core/value.ts';
import { conflictsOf, Story, writesOf } from './story.ts';

const [old, fresh, other] = ['+3612345678', '+3699999999', '+3655555555'];
const anna = { name: 'Anna', phone: old, tags: ['a'] };
const landed = { name: 'Anna B.', phone: old };
const name: FieldPolicy = { name: 'name', strategy: 'lastWriteWins' };
const phone: FieldPolicy = { name: 'phone', strategy: 'lastWriteWins' };
const tags: FieldPolicy = { name: 'tags', strategy: 'fieldLevelMerge', parts: 'set' };
const asking: FieldPolicy[] = [name, { name: 'phone', strategy: 'manualReview' }];

/** The app edits the name, and the write of it to `hub`, with all that was read there, gets no answer. */
function unanswered(story: Story, app: Values = {}, hub: Values = {}): void {
  story.read('app', { ...app, name: 'Anna B.' });
  story.read('hub', hub);
  const [write] = story.keep(story.plan()).writes;
  assert.deepEqual(write?.patch, { name: 'Anna B.' });
  const { endpoint, link, op, patch, stamps } = write;
  const carried = { phone: old, tags: ['a'], ...hub };
  const intent = { endpoint, op, patch, stamps, carried, state: 'unknown', sentAt: 0 } as const;
  story.intents = [{ id: 'write', ...intent, ...(link ? { link } : {}) }];
}

/** Then somebody types at `hub`. */
function typedSince(typed: Values, fields?: FieldPolicy[]): Story {
  const story = Story.settled(anna, { members: ['app', 'hub'], ...(fields ? { fields } : {}) });
  unanswered(story);
  story.read('hub', typed);
  story.round();
  return story;
}

describe('a write that sends along what it does not change', () => {
  it('takes nothing back when it arrives late, and a person may look', () => {
    const story = typedSince({ phone: fresh });
    story.read('hub', landed);
    const planned = story.round();
    assert.equal(story.own['phone'], fresh);
    assert.deepEqual(writesOf(planned), [`hub update {"phone":"${fresh}"} value-behind`]);
    assert.deepEqual(conflictsOf(planned), [`phone late-own-write hub:"${old}" autoResolved`]);
  });

  it('neither takes elements out of a set nor brings them back when it arrives late', () => {
    const story = typedSince({ tags: ['b'] }, [name, tags]);
    story.readAll();
    story.round();
    story.read('hub', { name: 'Anna B.', tags: ['a'] });
    assert.deepEqual(writesOf(story.round()), ['hub update {"tags":["b"]} value-behind']);
  });

  it('is over when it shows, and what is put back then was put back by somebody', () => {
    const story = typedSince({ name: 'Anna B.', phone: fresh });
    story.read('hub', landed);
    story.round();
    assert.equal(story.own['phone'], old);
  });

  it('cannot be put right where we may not write: that counts, and what it covered up is on record', () => {
    const story = typedSince({ phone: fresh }, [name, { ...phone, direction: { hub: 'in' } }]);
    story.read('hub', landed);
    const planned = story.round();
    assert.equal(story.own['phone'], old);
    assert.deepEqual(conflictsOf(planned), [`phone overwritten hub:"${fresh}" autoResolved`]);
  });

  it('may have come before an edit, whose author has not seen then what was there', () => {
    const story = typedSince({ phone: fresh });
    story.read('hub', { ...landed, phone: other });
    const planned = story.round();
    assert.equal(story.own['phone'], other);
    assert.deepEqual(conflictsOf(planned), [`phone concurrent hub:"${fresh}" autoResolved`]);
  });

  it('leaves on record what it covers up, which a person was being asked about', () => {
    const story = Story.settled(anna, { members: ['app', 'hub'], fields: asking });
    unanswered(story);
    story.read('app', { phone: other });
    story.read('hub', { phone: fresh });
    story.round();
    story.read('app', { phone: other });
    story.read('hub', landed);
    const rows = conflictsOf(story.round());
    assert.ok(rows.includes(`phone overwritten hub:"${fresh}" autoResolved`), rows.join(', '));
  });

  it('is not what a person is being asked about, though that went along', () => {
    const story = Story.settled(anna, { members: ['app', 'hub'], fields: asking });
    const contested = [{ phone: other }, { phone: fresh }] as const;
    unanswered(story, ...contested);
    story.read('app', contested[0]);
    story.read('hub', contested[1]);
    story.round();
    assert.deepEqual(
      story.conflicts.map(({ kind, state }) => `${kind} ${state}`),
      ['contested open'],
    );
  });
});
