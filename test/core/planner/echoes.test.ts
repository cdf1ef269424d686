/** Is it our own write coming back, or did somebody type? Nothing here depends on a time window. */
import assert from 'node:assert/strict';
import type {
  EndpointFacts,
  FieldPolicy,
  Intent,
  Write,
} from '../../../runtime/core/planner/model.ts';
import type { Value } from '../../../runtime/core/value.ts';
import { conflictsOf, Story, writesOf } from './story.ts';

const anna = { name: 'Anna', phone: '+3612345678' };
const address: FieldPolicy = { name: 'address', strategy: 'fieldLevelMerge', parts: 'record' };
const tags: FieldPolicy = { name: 'tags', strategy: 'fieldLevelMerge', parts: 'set' };
const shouting: Partial<EndpointFacts> = {
  normalize: (_field, value) => upper(value),
  explains: (_field, sent, readBack) => readBack === upper(sent),
};

function upper(value: Value): Value {
  return typeof value === 'string' ? value.toUpperCase() : value;
}

/** The write as an intent whose answer never came, or came. */
function intent(write: Write, state: Intent['state'], more: Partial<Intent> = {}): Intent {
  const { endpoint, link, op, patch, stamps } = write;
  const id = `intent-${write.endpoint}-${JSON.stringify(patch)}`;
  return { id, endpoint, op, patch, stamps, state, sentAt: 0, ...(link ? { link } : {}), ...more };
}

/** The app edits the name; the write to `hub` is planned but its answer is lost. */
function lostAnswer(story: Story, name: string): Write {
  story.read('app', { name });
  story.readAll();
  const planned = story.keep(story.plan());
  const write = planned.writes.find(({ endpoint }) => endpoint === 'hub');
  assert.ok(write);
  for (const other of planned.writes) if (other !== write) story.carryOut(other);
  story.intents = [...story.intents, intent(write, 'unknown')];
  return write;
}

/** The app types a street, and `hub` has answered the write of it with no more than that it was done. */
function streetWritten(answersLagMs: number): Story {
  const facts = { hub: { answersLagMs } };
  const telling = { members: ['app', 'hub'], fields: [address], facts };
  const story = Story.settled({ address: { zip: '1011' } }, telling);
  story.read('app', { address: { zip: '1011', street: 'Fő tér 1' } });
  const [write] = story.round().writes;
  assert.ok(write);
  story.intents = [intent(write, 'applied', { sentAt: story.now, before: write.before })];
  return story;
}

describe('our own write', () => {
  it('comes back in the spelling of the vendor, and nothing is written again', () => {
    const story = Story.settled(anna, { facts: { hub: shouting } });
    story.read('app', { name: 'Anna B.' });
    story.readAll();
    const planned = story.keep(story.plan());
    for (const write of planned.writes) story.carryOut(write);
    const write = planned.writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'applied')];
    story.read('hub', { name: 'ANNA B.' });
    const next = story.round();
    assert.deepEqual(next.writes, []);
    assert.deepEqual(next.conflicts, []);
    assert.equal(story.own['name'], 'Anna B.');
    assert.equal(story.link('hub').cells['name']?.base, 'ANNA B.');
    assert.equal(next.intents[0]?.observed, true);
  });

  it('is a spelling only once: the same text later was typed by somebody', () => {
    const story = Story.settled(anna, { facts: { hub: shouting } });
    story.read('app', { name: 'Anna B.' });
    const planned = story.round();
    const write = planned.writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'applied', { observed: true })];
    story.read('hub', { name: 'ANNA B.' });
    story.round();
    assert.equal(story.own['name'], 'ANNA B.');
  });

  it('is known by the version that its answer named', () => {
    const story = Story.settled(anna);
    story.read('app', { name: 'Anna B.' });
    story.readAll();
    const planned = story.keep(story.plan());
    const write = planned.writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'applied', { resultVersion: 777_777 })];
    story.read('hub', { name: 'whatever the vendor made of it' }, { version: 777_777 });
    story.readAll();
    assert.deepEqual(story.plan().conflicts, []);
    assert.equal(story.plan().entity.cells['name']?.value, 'Anna B.');
  });

  it('is not known by a version that it was compared at already, which may have been given again', () => {
    const story = Story.settled(anna);
    story.read('app', { name: 'Anna B.' });
    const write = story.round().writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    const { version } = story.link('hub');
    assert.ok(version);
    story.intents = [intent(write, 'applied', { resultVersion: version, observed: true })];
    story.read('hub', { name: 'Panna' }, { version });
    story.round();
    assert.equal(story.own['name'], 'Panna');
  });

  for (const answersLagMs of [0, 60_000]) {
    const what = answersLagMs > 0 ? 'may still show, where answers lag' : 'has shown already';
    it(`${what}, when something else is read after it`, () => {
      const story = Story.settled(anna, { facts: { hub: { answersLagMs } } });
      story.read('app', { name: 'Anna B.' });
      const write = story.round().writes.find(({ endpoint }) => endpoint === 'hub');
      assert.ok(write);
      story.intents = [intent(write, 'applied', { sentAt: 1_000 })];
      story.read('hub', { name: 'Panna' });
      story.round();
      story.read('hub', { name: 'Anna B.' });
      story.round();
      const typed = answersLagMs > 0 ? 'Panna' : 'Anna B.';
      assert.equal(story.own['name'], typed);
      assert.equal(story.link('hub').cells['name']?.base, typed);
    });
  }

  for (const answersLagMs of [0, 60_000]) {
    const what = answersLagMs > 0 ? 'is not taken back' : 'was taken back by somebody';
    it(`${what}, where answers ${answersLagMs > 0 ? 'lag' : 'are fresh'}, when what was there before is read again`, () => {
      const story = Story.settled(anna, { facts: { hub: { answersLagMs } } });
      story.read('app', { name: 'Anna B.' });
      const write = story.round().writes.find(({ endpoint }) => endpoint === 'hub');
      assert.ok(write);
      story.intents = [intent(write, 'applied', { sentAt: story.now, before: write.before })];
      story.read('hub', { name: anna.name, phone: '+36 1 222 2222' });
      const { needReads } = story.round();
      const isLate = answersLagMs > 0;
      assert.equal(story.own['name'], isLate ? 'Anna B.' : anna.name);
      assert.equal(story.own['phone'], '+36 1 222 2222');
      assert.deepEqual(
        needReads.map(({ reason }) => reason),
        isLate ? ['too-early'] : [],
      );
      story.read('hub', { name: anna.name }, { takenAt: story.now + 60_000 });
      story.round();
      assert.equal(story.own['name'], anna.name);
    });
  }

  it('whose answer was lost is recognised by its value', () => {
    const story = Story.settled(anna);
    lostAnswer(story, 'Anna B.');
    story.read('hub', { name: 'Anna B.' });
    const planned = story.round();
    assert.deepEqual([planned.writes, planned.conflicts], [[], []]);
    assert.deepEqual(
      planned.intents.map(({ state }) => state),
      ['applied'],
    );
  });

  it('whose answer was lost and that does not show is written again', () => {
    const story = Story.settled(anna);
    lostAnswer(story, 'Anna B.');
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['hub update {"name":"Anna B."} value-behind']);
  });

  it('stays unknown until a read after the horizon does not show it', () => {
    const story = Story.settled(anna);
    lostAnswer(story, 'Anna B.');
    story.read('hub', {}, { takenAt: 119_999 });
    assert.deepEqual(
      story.plan().intents.map(({ state }) => state),
      ['unknown'],
    );
    story.read('hub', {}, { takenAt: 120_000 });
    assert.deepEqual(
      story.plan().intents.map(({ state }) => state),
      ['absent'],
    );
  });

  it('has not landed where something else is that nobody knows yet', () => {
    const company: FieldPolicy = { name: 'company', strategy: 'lastWriteWins', reference: true };
    const members = ['app', 'hub'];
    const story = Story.settled({ company: 'one' }, { members, fields: [company] });
    story.read('app', { company: 'two' });
    const write = story.round().writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'unknown')];
    const unresolved = { company: 'an id' };
    story.observe('hub', { kind: 'present', fields: {}, unresolved, takenAt: 120_000 });
    assert.deepEqual(
      story.plan().intents.map(({ state }) => state),
      ['absent'],
    );
  });

  it('that was sent twice without an answer may have landed once', () => {
    const story = Story.settled(anna);
    const write = lostAnswer(story, 'Anna B.');
    story.intents = [...story.intents, { ...intent(write, 'unknown'), id: 'again' }];
    story.read('hub', { name: 'Anna B.' });
    assert.deepEqual(
      story.round().intents.map(({ state }) => state),
      ['unknown', 'unknown'],
    );
  });

  it('that changes nothing is known for it, though somebody else was the last to change the item', () => {
    const story = Story.settled(anna, { facts: { hub: shouting } });
    const before = { name: 'ANNA B.' };
    story.read('app', { name: 'Anna B.' });
    const write = story.round().writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'applied', { before })];
    story.read('hub', before, { author: 'person' });
    assert.deepEqual(story.round().writes, []);
    assert.equal(story.own['name'], 'Anna B.');
  });

  it('is not forgotten while a person is asked about what was read instead', () => {
    const fields: FieldPolicy[] = [{ name: 'name', strategy: 'manualReview' }];
    const story = Story.settled({ name: 'Anna' }, { fields, members: ['app', 'hub'] });
    story.read('app', { name: 'Anna B.' });
    const write = story.round().writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'applied')];
    for (let i = 0; i < 2; i++) {
      story.read('hub', { name: 'Ann' });
      assert.deepEqual(story.round().writes, []);
      assert.deepEqual(
        story.conflicts.map(({ kind, state }) => `${kind} ${state}`),
        ['contested open'],
      );
    }
  });

  it('that arrives late leaves on record what it covers up, which a person was being asked about', () => {
    const fields: FieldPolicy[] = [{ name: 'name', strategy: 'manualReview' }];
    const story = Story.settled({ name: 'Anna' }, { fields, members: ['app', 'hub'] });
    lostAnswer(story, 'Anna B.');
    story.read('hub', { name: 'Panna' });
    story.round();
    assert.deepEqual(
      story.conflicts.map(({ kind, state }) => `${kind} ${state}`),
      ['contested open'],
    );
    story.read('hub', { name: 'Anna B.' });
    const rows = conflictsOf(story.round());
    assert.ok(rows.includes('name overwritten hub:"Panna" autoResolved'), rows.join(', '));
    assert.equal(story.own['name'], 'Anna B.');
  });

  for (const [shown, how] of [
    ['Anna', 'looks like nothing was ever written'],
    ['ANNA B.', 'is somebody else’s spelling'],
  ] as const) {
    it(`that arrives late leaves on record what it covers up, though what is read then ${how}`, () => {
      const fields: FieldPolicy[] = [{ name: 'name', strategy: 'manualReview' }];
      const story = Story.settled({ name: 'Anna' }, { fields, members: ['app', 'hub'] });
      lostAnswer(story, 'Anna B.');
      story.read('hub', { name: 'Panna' });
      story.round();
      story.read('hub', { name: shown });
      const rows = conflictsOf(story.round());
      assert.ok(rows.includes('name overwritten hub:"Panna" autoResolved'), rows.join(', '));
    });
  }

  it('that arrives late is written over, and a person may look', () => {
    const story = Story.settled(anna);
    lostAnswer(story, 'Anna B.');
    story.readAll();
    story.keep(story.plan());
    lostAnswer(story, 'Anna C.');
    story.read('hub', { name: 'Anna B.' });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['hub update {"name":"Anna C."} value-behind']);
    assert.deepEqual(conflictsOf(planned), ['name late-own-write hub:"Anna B." autoResolved']);
  });

  it('that was repeated with success, and arrives late, is written over as well', () => {
    const story = Story.settled(anna);
    lostAnswer(story, 'Anna B.');
    story.round();
    const repeated = story.round();
    assert.deepEqual(
      repeated.intents.map(({ state }) => state),
      ['unknown'],
    );
    story.read('app', { name: 'Anna C.' });
    story.round();
    story.read('hub', { name: 'Anna B.' });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['hub update {"name":"Anna C."} value-behind']);
    assert.deepEqual(conflictsOf(planned), ['name late-own-write hub:"Anna B." autoResolved']);
    assert.equal(story.own['name'], 'Anna C.');
  });

  it('that arrives late takes no element out of a set that came there since', () => {
    const story = Story.settled({ tags: ['a'] }, { members: ['app', 'hub'], fields: [tags] });
    story.read('app', { tags: ['a', 'b'] });
    story.readAll();
    const [write] = story.keep(story.plan()).writes;
    assert.ok(write);
    story.intents = [intent(write, 'unknown')];
    story.read('app', { tags: ['a', 'b', 'c'] });
    story.round();
    story.read('hub', { tags: ['a', 'b'] });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['hub update {"tags":["a","b","c"]} value-behind']);
    assert.deepEqual(conflictsOf(planned), ['tags#c late-own-write hub:null autoResolved']);
  });

  it('that may have arrived late takes none out either, when somebody took another one out since', () => {
    const story = Story.settled({ tags: ['a'] }, { members: ['app', 'hub'], fields: [tags] });
    story.read('app', { tags: ['a', 'b'] });
    story.readAll();
    const [write] = story.keep(story.plan()).writes;
    assert.ok(write);
    story.intents = [intent(write, 'unknown')];
    story.read('app', { tags: ['a', 'b', 'c'] });
    story.round();
    story.read('hub', { tags: ['b'] });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), [
      'app update {"tags":["b","c"]} value-behind',
      'hub update {"tags":["b","c"]} value-behind',
    ]);
    assert.deepEqual(conflictsOf(planned), ['tags#c late-own-write hub:null autoResolved']);
  });

  it('that has arrived is over: what is taken out of a set then was taken out by somebody', () => {
    const story = Story.settled({ tags: ['a'] }, { members: ['app', 'hub'], fields: [tags] });
    story.read('app', { tags: ['a', 'b'] });
    story.readAll();
    const [write] = story.keep(story.plan()).writes;
    assert.ok(write);
    story.intents = [intent(write, 'unknown')];
    story.read('hub', { tags: ['a', 'b'] });
    story.round();
    story.read('app', { tags: ['a', 'b', 'c'] });
    story.round();
    story.read('hub', { tags: ['b'] });
    assert.deepEqual(writesOf(story.round()), ['app update {"tags":["b"]} value-behind']);
  });

  for (const answersLagMs of [0, 60_000]) {
    const isLate = answersLagMs > 0;
    const what = isLate ? 'may have taken away' : 'has not taken away';
    it(`${what} a part that was read after it and is gone when it shows, where answers ${isLate ? 'lag' : 'are fresh'}`, () => {
      const story = streetWritten(answersLagMs);
      story.read('hub', { address: { zip: '1011', city: 'Vác' } });
      story.round();
      assert.equal(story.own['address#city'], 'Vác');
      const written = { zip: '1011', street: 'Fő tér 1' };
      story.read('hub', { address: written }, { takenAt: story.now + 60_000 });
      const planned = story.round();
      assert.equal(story.own['address#city'] ?? null, isLate ? 'Vác' : null);
      const put = planned.writes.find(({ endpoint }) => endpoint === 'hub')?.patch['address'];
      assert.deepEqual(put, isLate ? { ...written, city: 'Vác' } : undefined);
    });
  }

  it('that shows is over, also beside a part that was typed since: who takes that away is somebody', () => {
    const story = streetWritten(60_000);
    story.read('hub', { address: { zip: '1011', street: 'Fő tér 1', city: 'Vác' } });
    story.round();
    story.read('hub', { address: { zip: '1011', street: 'Fő tér 1' } });
    story.round();
    assert.equal(story.own['address#city'] ?? null, null);
  });

  it('has taken nothing away that was read after it, where answers are fresh, whatever a person is asked', () => {
    const name: FieldPolicy = { name: 'name', strategy: 'manualReview' };
    const start = { name: 'Anna', tags: ['a'] };
    const story = Story.settled(start, { members: ['app', 'hub'], fields: [name, tags] });
    story.read('app', { name: 'Anna B.', tags: ['a', 'b'] });
    const [write] = story.round().writes;
    assert.ok(write);
    story.intents = [intent(write, 'applied', { sentAt: story.now, before: write.before })];
    story.read('hub', { name: 'Ann', tags: ['a', 'b', 'c'] });
    story.round();
    assert.equal(story.own['tags#c'], 'c');
    story.read('hub', { name: 'Ann', tags: ['a', 'b'] });
    story.round();
    assert.equal(story.own['tags#c'] ?? null, null);
  });

  it('has not taken a part away that goes while something else stands where we wrote', () => {
    const story = streetWritten(60_000);
    story.read('hub', { address: { zip: '1011', street: 'Kis köz 2', city: 'Vác' } });
    story.round();
    story.read('hub', { address: { zip: '1011', street: 'Kis köz 2' } });
    story.round();
    assert.equal(story.own['address#city'] ?? null, null);
    assert.equal(story.own['address#street'], 'Kis köz 2');
  });
});

describe('somebody else', () => {
  it('is believed when the text differs from everything we sent', () => {
    const story = Story.settled(anna);
    lostAnswer(story, 'Anna B.');
    story.read('hub', { name: 'Panna' });
    story.round();
    assert.equal(story.own['name'], 'Panna');
  });

  it('typing what the vendor would have made of our text is still a person, if the vendor says so', () => {
    const story = Story.settled(anna, { facts: { hub: shouting } });
    story.read('app', { name: 'Anna B.' });
    const planned = story.round();
    const write = planned.writes.find(({ endpoint }) => endpoint === 'hub');
    assert.ok(write);
    story.intents = [intent(write, 'applied')];
    story.read('hub', { name: 'ANNA B.' }, { author: 'person' });
    story.round();
    assert.equal(story.own['name'], 'ANNA B.');
  });
});
