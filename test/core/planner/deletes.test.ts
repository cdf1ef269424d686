import assert from 'node:assert/strict';
import type { LinkId } from '../../../runtime/core/planner/model.ts';
import { conflictsOf, holdsOf, Story, writesOf } from './story.ts';

const anna = { name: 'Anna', phone: '+3612345678' };

describe('a deletion', () => {
  it('where deletions count, is a deletion everywhere', () => {
    const story = Story.settled(anna);
    story.gone('app');
    const planned = story.round();
    assert.deepEqual(writesOf(planned), [
      'hub delete {} entity-dead',
      'pipe delete {} entity-dead',
    ]);
    assert.equal(story.entity.life, 'dead');
    assert.equal(story.entity.epoch, 1);
    assert.deepEqual(planned.tombstone, {
      epoch: 1,
      cause: 'deletedAtAuthority',
      endpoint: 'app',
      snapshot: anna,
    });
    assert.deepEqual(
      story.links.map(({ state }) => state),
      ['gone', 'gone', 'gone'],
    );
  });

  it('leaves nothing to do once it is carried out', () => {
    const story = Story.settled(anna);
    story.gone('app');
    story.round();
    const again = story.plan();
    assert.deepEqual([again.writes, again.holds, again.conflicts], [[], [], []]);
    assert.equal(again.entity, story.entity);
  });

  it('is not believed without proof', () => {
    const story = Story.settled(anna);
    story.gone('app', false);
    const planned = story.round();
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(holdsOf(planned), ['app absence-unproven']);
    assert.deepEqual(planned.needReads, [
      { link: story.link('app').id, reason: 'absence-unproven' },
    ]);
    assert.equal(story.entity.life, 'live');
  });

  it('reads every item before it removes it', () => {
    const story = Story.settled(anna);
    story.gone('app');
    story.read('hub', {});
    const planned = story.apply(story.plan());
    assert.deepEqual(writesOf(planned), ['hub delete {} entity-dead']);
    assert.deepEqual(planned.needReads, [{ link: story.link('pipe').id, reason: 'write-pending' }]);
  });

  it('stays within what a member allows', () => {
    const base = Story.settled(anna).policy;
    const members = base.members.map((m) => (m.endpoint === 'hub' ? { ...m, delete: false } : m));
    const story = Story.settled(anna, { policy: { members } });
    story.gone('app');
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['pipe delete {} entity-dead']);
    assert.deepEqual(holdsOf(planned), ['hub delete-off']);
  });

  describe('elsewhere', () => {
    it('is put back by default, as the next generation', () => {
      const story = Story.settled(anna);
      story.gone('hub');
      const planned = story.round();
      assert.deepEqual(writesOf(planned), [`hub create ${JSON.stringify(anna)} deleted-there`]);
      assert.equal(planned.writes[0]?.generation, 1);
      assert.equal(story.entity.life, 'live');
    });

    it('may count as well', () => {
      const story = Story.settled(anna, { policy: { onRemoteDelete: 'propagate' } });
      story.gone('hub');
      const planned = story.round();
      assert.deepEqual(writesOf(planned), [
        'app delete {} entity-dead',
        'pipe delete {} entity-dead',
      ]);
      assert.equal(planned.tombstone?.cause, 'deletionPropagated');
    });

    it('may just end the link', () => {
      const story = Story.settled(anna, { policy: { onRemoteDelete: 'unlink' } });
      story.gone('hub');
      assert.deepEqual(story.round().writes, []);
      assert.equal(story.link('hub').state, 'unlinked');
      assert.deepEqual(story.round().writes, []);
    });

    it('may be asked about, and nothing happens until then', () => {
      const story = Story.settled(anna, { policy: { onRemoteDelete: 'ask' } });
      story.gone('hub');
      const planned = story.round();
      assert.deepEqual(planned.writes, []);
      assert.deepEqual(planned.reviews, [{ reason: 'remote-delete', link: 'hub-1' }]);
      story.read('app', { name: 'Anna B.' });
      assert.deepEqual(writesOf(story.round()), ['pipe update {"name":"Anna B."} value-behind']);
    });

    for (const [decision, writes, state] of [
      ['recreate', [`hub create ${JSON.stringify(anna)} deleted-there`], 'live'],
      ['delete', ['app delete {} entity-dead', 'pipe delete {} entity-dead'], 'dead'],
      ['unlink', [], 'live'],
    ] as const) {
      it(`and asked about, is answered with: ${decision}`, () => {
        const story = Story.settled(anna, { policy: { onRemoteDelete: 'ask' } });
        story.gone('hub');
        story.round();
        const planned = story.round([{ kind: 'deletion', link: 'hub-1' as LinkId, decision }]);
        assert.deepEqual(writesOf(planned), writes);
        assert.equal(story.entity.life, state);
      });
    }
  });
});

describe('a deletion here and an edit there', () => {
  it('deletes by default, and keeps what was typed', () => {
    const story = Story.settled(anna);
    story.gone('app');
    story.read('hub', { name: 'Anna B.' });
    const planned = story.round();
    assert.equal(story.entity.life, 'dead');
    assert.deepEqual(conflictsOf(planned), [
      '* edited-and-deleted hub:{"name":"Anna B."} autoResolved',
    ]);
    assert.equal(planned.writes.length, 2);
  });

  it('may keep the record, which then comes back', () => {
    const story = Story.settled(anna, { policy: { onDeleteAndEdit: 'editWins' } });
    story.gone('app');
    story.read('hub', { name: 'Anna B.' });
    const planned = story.round();
    assert.equal(story.entity.life, 'live');
    assert.deepEqual(writesOf(planned), [
      'app create {"name":"Anna B.","phone":"+3612345678"} deleted-there',
      'pipe update {"name":"Anna B."} value-behind',
    ]);
  });

  it('may be asked about, and then the record is held whole', () => {
    const story = Story.settled(anna, { policy: { onDeleteAndEdit: 'ask' } });
    story.gone('app');
    story.read('hub', { name: 'Anna B.' });
    const planned = story.round();
    assert.deepEqual(planned.writes, []);
    assert.equal(story.entity.life, 'held');
    assert.deepEqual(holdsOf(planned), ['hub awaiting-decision', 'pipe awaiting-decision']);
    assert.deepEqual(conflictsOf(planned), ['* edited-and-deleted hub:{"name":"Anna B."} open']);
    const link = 'app-0' as LinkId;
    story.read('hub', { name: 'Anna B.' });
    const decided = story.round([{ kind: 'deletion', link, decision: 'recreate' }]);
    assert.deepEqual(writesOf(decided), [
      'app create {"name":"Anna B.","phone":"+3612345678"} deleted-there',
      'pipe update {"name":"Anna B."} value-behind',
    ]);
  });

  it('is noticed even when the edit is only read after the deletion was carried out', () => {
    const story = Story.settled(anna);
    story.gone('app');
    story.apply(story.plan());
    assert.equal(story.entity.life, 'dead');
    story.read('hub', { phone: '+3670' });
    const planned = story.round();
    assert.deepEqual(conflictsOf(planned), [
      '* edited-and-deleted hub:{"phone":"+3670"} autoResolved',
    ]);
    assert.deepEqual(writesOf(planned), [
      'hub delete {} entity-dead',
      'pipe delete {} entity-dead',
    ]);
  });

  it('revives the record when the late edit is to win', () => {
    const story = Story.settled(anna, { policy: { onDeleteAndEdit: 'editWins' } });
    story.gone('app');
    story.apply(story.plan());
    story.read('hub', { phone: '+3670' });
    const planned = story.round();
    assert.deepEqual([story.entity.life, story.entity.epoch], ['live', 2]);
    assert.deepEqual(writesOf(planned), [
      'app create {"name":"Anna","phone":"+3670"} deleted-there',
      'pipe update {"phone":"+3670"} value-behind',
    ]);
  });

  it('notices an element taken from a set', () => {
    const tags = { name: 'tags', strategy: 'fieldLevelMerge', parts: 'set' } as const;
    const story = Story.settled({ tags: ['lead', 'vip'] }, { fields: [tags] });
    story.gone('app');
    story.read('hub', { tags: ['vip'] });
    const planned = story.plan();
    assert.deepEqual(conflictsOf(planned), [
      '* edited-and-deleted hub:{"tags#lead":null} autoResolved',
    ]);
  });
});

describe('a deleted record that is seen again', () => {
  function deleted(onRemoteRestore: 'ask' | 'revive' | 'ignore'): Story {
    const story = Story.settled(anna, { policy: { onRemoteRestore } });
    story.gone('app');
    story.round();
    return story;
  }

  it('by a stale read stays dead', () => {
    const story = deleted('revive');
    story.read('hub', anna, { version: 1 });
    const planned = story.plan();
    assert.equal(planned.entity, story.entity);
    assert.deepEqual([planned.writes, planned.reviews], [[], []]);
  });

  it('by a read without a version stays dead: nothing proves that it is newer', () => {
    const story = deleted('revive');
    story.observe('hub', { kind: 'present', fields: anna, takenAt: story.now });
    assert.equal(story.plan().entity.life, 'dead');
  });

  it('because it was restored there, is asked about', () => {
    const story = deleted('ask');
    story.read('hub', anna);
    const planned = story.keep(story.plan());
    assert.deepEqual(planned.reviews, [{ reason: 'remote-restore', link: 'hub-1' }]);
    assert.equal(story.entity.life, 'dead');
  });

  it('because it was restored there, may come back everywhere', () => {
    const story = deleted('revive');
    story.read('hub', anna);
    const planned = story.round();
    assert.deepEqual([story.entity.life, story.entity.epoch], ['live', 2]);
    assert.deepEqual(writesOf(planned), [
      `app create ${JSON.stringify(anna)} deleted-there`,
      `pipe create ${JSON.stringify(anna)} deleted-there`,
    ]);
  });

  it('because it was restored there, is deleted again on request', () => {
    const story = deleted('ask');
    story.read('hub', anna);
    const link = 'hub-1' as LinkId;
    const planned = story.apply(story.plan([{ kind: 'restore', link, decision: 'deleteAgain' }]));
    assert.deepEqual(writesOf(planned), ['hub delete {} entity-dead']);
    assert.equal(story.link('hub').state, 'gone');
  });

  it('and is alive elsewhere, becomes a second item and a question', () => {
    const story = Story.settled(anna);
    story.gone('hub');
    const [old] = story.links.filter(({ endpoint }) => endpoint === 'hub');
    story.round();
    assert.ok(old);
    const input = new Map([
      [old.id, { kind: 'present', fields: anna, takenAt: story.now, version: 9_999 } as const],
    ]);
    const planned = story.planWith(input);
    assert.deepEqual(planned.reviews, [{ reason: 'second-item', link: old.id }]);
    assert.equal(planned.links.find(({ id }) => id === old.id)?.state, 'duplicate');
    assert.deepEqual(planned.writes, []);
  });
});
