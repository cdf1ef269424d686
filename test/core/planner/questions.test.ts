/** What people are asked, what their answers do, and what must not be decided without them. */
import assert from 'node:assert/strict';
import type { FieldPolicy, Intent, LinkId } from '../../../runtime/core/planner/model.ts';
import { conflictsOf, Story, writesOf } from './story.ts';

const anna = { name: 'Anna', phone: '+3612345678' };

function asked(): Story {
  const story = Story.settled(anna, { policy: { onDeleteAndEdit: 'ask' } });
  story.gone('app');
  story.read('hub', { name: 'Anna B.' });
  story.round();
  return story;
}

describe('an answer to "deleted here, edited there"', () => {
  it('deletes everywhere, without asking again about the edit that was shown', () => {
    const story = asked();
    story.read('hub', { name: 'Anna B.' });
    const link = 'app-0' as LinkId;
    const planned = story.round([{ kind: 'deletion', link, decision: 'delete' }]);
    assert.deepEqual(writesOf(planned), [
      'hub delete {} entity-dead',
      'pipe delete {} entity-dead',
    ]);
    assert.deepEqual(planned.reviews, []);
    assert.equal(story.entity.life, 'dead');
    assert.deepEqual(
      story.conflicts.filter(({ state }) => state === 'open'),
      [],
    );
  });

  it('closes the question when the record stays', () => {
    const story = asked();
    const link = 'app-0' as LinkId;
    story.read('hub', { name: 'Anna B.' });
    story.round([{ kind: 'deletion', link, decision: 'recreate' }]);
    assert.equal(story.entity.life, 'live');
    assert.deepEqual(
      story.conflicts.filter(({ state }) => state === 'open'),
      [],
    );
  });

  it('counts although the member has left the sync', () => {
    const story = asked();
    const members = story.policy.members.filter(({ endpoint }) => endpoint !== 'app');
    const later = new Story({ policy: { ...story.policy, members } });
    later.entity = story.entity;
    later.links = story.links;
    later.read('hub', { name: 'Anna B.' });
    later.readAll();
    const link = 'app-0' as LinkId;
    const planned = later.plan([{ kind: 'deletion', link, decision: 'unlink' }]);
    assert.equal(planned.entity.life, 'live');
  });
});

describe('a record held by two questions', () => {
  it('moves only when both are answered', () => {
    const story = asked();
    story.links = story.links.map((link) =>
      link.endpoint === 'pipe' ? { ...link, state: 'held' as const } : link,
    );
    const answer = (id: string) =>
      ({ kind: 'deletion', link: id as LinkId, decision: 'unlink' }) as const;
    story.read('hub', { name: 'Anna B.' });
    assert.equal(story.round([answer('app-0')]).entity.life, 'held');
    assert.equal(story.round([answer('pipe-2')]).entity.life, 'live');
  });
});

describe('an answer to "put it back?"', () => {
  it('makes no second item when the first one is back by then', () => {
    const story = Story.settled(anna, { policy: { onRemoteDelete: 'ask' } });
    story.gone('hub');
    story.round();
    story.read('hub', anna);
    const link = 'hub-1' as LinkId;
    const planned = story.round([{ kind: 'deletion', link, decision: 'recreate' }]);
    assert.deepEqual(planned.writes, []);
    assert.equal(story.link('hub').state, 'live');
  });
});

describe('a second item in one system', () => {
  it('becomes the one when the vendor merges the other into it', () => {
    const story = Story.settled(anna);
    const { endpoint } = story.link('hub');
    story.links.push({
      id: 'hub-9' as LinkId,
      endpoint,
      remoteId: 'hub-9',
      state: 'duplicate',
      generation: 0,
      cells: {},
    });
    story.observe('hub', { kind: 'mergedInto', remoteId: 'hub-9', linkId: 'hub-9' as LinkId });
    story.round();
    assert.equal(story.link('hub').id, 'hub-9');
    story.read('hub', { ...anna, name: 'Anna B.' });
    assert.deepEqual(
      story.round().writes.map((write) => write.endpoint),
      ['hub'],
    );
  });

  it('takes the place of the first when that is gone, and no third is made', () => {
    const story = Story.settled(anna);
    story.links = story.links.map((link) =>
      link.endpoint === 'hub' ? { ...link, state: 'duplicate' as const } : link,
    );
    const { id } = story.links.find(({ endpoint }) => endpoint === 'hub')!;
    const planned = story.round();
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(planned.needReads, [{ link: id, reason: 'write-pending' }]);
    assert.equal(story.link('hub').id, id);
    story.read('hub', { ...anna, name: 'Anna B.' });
    assert.deepEqual(
      story.round().writes.map(({ endpoint, op }) => `${endpoint} ${op}`),
      ['app update', 'pipe update'],
    );
  });
});

describe('what was not read decides nothing:', () => {
  it('a filter on an unknown field ends no link', () => {
    const base = new Story().policy.members;
    const filter = [{ field: 'name', in: ['Anna'] }];
    const members = base.map((m) =>
      m.endpoint === 'pipe' ? { ...m, filter, onFilterLeft: 'unlink' as const } : m,
    );
    const story = new Story({ policy: { members } });
    story.found('pipe', anna);
    story.observe('pipe', { kind: 'present', fields: { phone: '+361' }, takenAt: story.now });
    const planned = story.plan();
    assert.equal(planned.links[0]?.state, 'live');
  });

  it('defaults do not make a record out of nothing', () => {
    const fields: FieldPolicy[] = [{ name: 'kind', strategy: 'lastWriteWins', default: 'person' }];
    const story = new Story({ fields });
    story.found('hub', { kind: null });
    story.gone('hub', false);
    assert.deepEqual(story.plan().writes, []);
  });

  it('a field that is off at a member is no edit against a deletion', () => {
    const fields: FieldPolicy[] = [
      { name: 'name', strategy: 'lastWriteWins' },
      { name: 'phone', strategy: 'lastWriteWins', direction: { hub: 'off' } },
    ];
    const story = Story.settled(anna, { fields, policy: { onDeleteAndEdit: 'editWins' } });
    story.gone('app');
    story.read('hub', { phone: 'a local one' });
    story.readAll();
    assert.equal(story.plan().entity.life, 'dead');
  });
});

describe('an older write of ours that shows up again', () => {
  it('leaves a row even though the newer one was answered', () => {
    const story = Story.settled(anna);
    const link = story.link('hub');
    const older: Intent = {
      id: 'older',
      endpoint: link.endpoint,
      link: link.id,
      op: 'update',
      patch: { name: 'Anna B.' },
      stamps: { name: [0, 2_000, 3] },
      state: 'unknown',
      sentAt: 0,
    };
    story.read('app', { name: 'Anna C.' }, { changedAt: 3_000 });
    story.round();
    story.intents = [older];
    story.read('hub', { name: 'Anna B.' }, { author: 'person' });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['hub update {"name":"Anna C."} value-behind']);
    assert.deepEqual(conflictsOf(planned), ['name late-own-write hub:"Anna B." autoResolved']);
  });
});

describe('the order of a field', () => {
  it('may name some members only: the others keep theirs, and ties have one outcome', () => {
    const order = ['app'] as unknown as NonNullable<FieldPolicy['order']>;
    const fields: FieldPolicy[] = [{ name: 'name', strategy: 'priority', order }];
    const outcomes = [
      ['hub', 'pipe'],
      ['pipe', 'hub'],
    ].map((sequence) => {
      const story = Story.settled({ name: 'Anna' }, { fields });
      for (const endpoint of sequence) {
        story.read(endpoint, { name: `by ${endpoint}` }, { changedAt: 9_000 });
        story.keep(story.plan());
      }
      for (let i = 0; i < 2; i++) story.round();
      assert.equal(new Set(story.links.map(({ cells }) => cells['name']?.base)).size, 1);
      return story.own['name'];
    });
    assert.deepEqual(outcomes, ['by hub', 'by hub']);
  });
});

describe('a decision for an empty value', () => {
  it('is carried out even where there never was agreement', () => {
    const story = new Story({ members: ['app', 'hub'] });
    story.found('app', { name: 'Anna', phone: '+361' });
    story.keep(story.plan());
    story.found('hub', { name: 'Anna', phone: '+3670' });
    const planned = story.keep(story.plan());
    const [row] = planned.conflicts.filter(({ kind }) => kind === 'initial');
    assert.ok(row);
    const { fingerprint } = row;
    const decided = story.round([{ kind: 'value', fingerprint, value: null, at: story.now }]);
    assert.deepEqual(writesOf(decided), [
      'app update {"phone":null} value-behind',
      'hub update {"phone":null} value-behind',
    ]);
  });
});

describe('a question that the policy no longer asks', () => {
  it('is withdrawn, and the latest edit wins', () => {
    const fields: FieldPolicy[] = [{ name: 'name', strategy: 'manualReview' }];
    const story = Story.settled({ name: 'Anna' }, { fields, members: ['app', 'hub'] });
    story.read('app', { name: 'A' });
    story.read('hub', { name: 'B' });
    story.keep(story.plan());
    const later = new Story({
      members: ['app', 'hub'],
      fields: [{ name: 'name', strategy: 'lastWriteWins' }],
    });
    Object.assign(later, { entity: story.entity, links: story.links, conflicts: story.conflicts });
    later.read('app', { name: 'A' }, { version: 9_000, changedAt: 9_000 });
    later.read('hub', { name: 'B' }, { version: 9_000, changedAt: 9_001 });
    const planned = later.keep(later.plan());
    assert.equal(later.own['name'], 'B');
    assert.deepEqual(
      later.conflicts.map(({ kind }) => kind),
      ['concurrent'],
    );
    assert.deepEqual(planned.holds, []);
  });

  it('is withdrawn once it was read where an old write of ours may have covered something up', () => {
    const members = ['app', 'hub'];
    const story = Story.settled(
      { name: 'Anna' },
      { members, fields: [{ name: 'name', strategy: 'manualReview' }] },
    );
    story.read('app', { name: 'Anna B.' });
    story.readAll();
    const [write] = story.keep(story.plan()).writes;
    assert.ok(write?.link);
    const { link, endpoint, op, patch, stamps } = write;
    const lost: Intent = {
      id: 'lost',
      endpoint,
      link,
      op,
      patch,
      stamps,
      state: 'unknown',
      sentAt: 0,
    };
    story.intents = [lost];
    story.read('hub', { name: 'Panna' });
    story.round();
    const later = new Story({ members, fields: [{ name: 'name', strategy: 'lastWriteWins' }] });
    const { entity, links, conflicts, intents } = story;
    Object.assign(later, { entity, links, conflicts, intents });
    later.read('app', { name: 'Anna B.' }, { version: 9_000 });
    assert.deepEqual(later.keep(later.plan()).needReads, [{ link, reason: 'contested-open' }]);
    later.read('hub', { name: 'Anna B.' }, { version: 9_001 });
    assert.deepEqual(conflictsOf(later.round()), [
      'name contested superseded',
      'name overwritten hub:"Panna" autoResolved',
    ]);
    assert.equal(later.own['name'], 'Anna B.');
  });
});
