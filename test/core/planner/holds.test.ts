/** Creates, references, schema drift, filters, merges and fights: when nothing is written, and why. */
import assert from 'node:assert/strict';
import type { FieldPolicy, LinkId, Policy } from '../../../runtime/core/planner/model.ts';
import { conflictsOf, holdsOf, Story, writesOf } from './story.ts';

const anna = { name: 'Anna', phone: '+3612345678' };

function withMember(endpoint: string, more: Partial<Policy['members'][number]>): Partial<Policy> {
  const { members } = new Story().policy;
  return { members: members.map((m) => (m.endpoint === endpoint ? { ...m, ...more } : m)) };
}

describe('a record that is missing somewhere', () => {
  it('is created with the values it has', () => {
    const story = new Story();
    story.found('hub', { name: 'Anna', phone: null });
    assert.deepEqual(writesOf(story.plan()), [
      'app create {"name":"Anna"} missing-there',
      'pipe create {"name":"Anna"} missing-there',
    ]);
  });

  it('is not created where that is off', () => {
    const story = new Story({ policy: withMember('pipe', { create: false }) });
    story.found('hub', anna);
    const planned = story.plan();
    assert.deepEqual(
      planned.writes.map((write) => write.endpoint),
      ['app'],
    );
    assert.deepEqual(holdsOf(planned), ['pipe create-off']);
  });

  it('is not created twice while the outcome of a create is unknown', () => {
    const story = new Story();
    story.found('hub', anna);
    const [write] = story.plan().writes;
    assert.ok(write?.op === 'create');
    const { endpoint, patch, stamps } = write;
    story.intents = [{ id: 'i1', endpoint, op: 'create', patch, stamps, state: 'unknown' }];
    const planned = story.plan();
    assert.deepEqual(
      planned.writes.map((each) => each.endpoint),
      ['pipe'],
    );
    assert.deepEqual(holdsOf(planned), ['app create-unresolved']);
  });

  it('is not created without a single value', () => {
    const story = new Story();
    story.found('hub', { name: null, phone: null });
    const planned = story.plan();
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(holdsOf(planned), ['app nothing-to-write', 'pipe nothing-to-write']);
  });

  it('gets configured defaults where nobody had a value', () => {
    const fields: FieldPolicy[] = [
      { name: 'name', strategy: 'lastWriteWins' },
      { name: 'kind', strategy: 'lastWriteWins', default: 'person' },
    ];
    const story = new Story({ fields });
    story.found('hub', { name: 'Anna', kind: null });
    const planned = story.plan();
    assert.deepEqual(
      planned.changes.map(({ cell, rule }) => `${cell} ${rule}`),
      ['name first-value', 'kind default'],
    );
    assert.deepEqual(writesOf(planned), [
      'app create {"name":"Anna","kind":"person"} missing-there',
      'hub update {"kind":"person"} value-behind',
      'pipe create {"name":"Anna","kind":"person"} missing-there',
    ]);
  });
});

describe('a filter', () => {
  const onlyVip = (onFilterLeft: 'hold' | 'unlink'): Partial<Policy> =>
    withMember('pipe', { filter: [{ field: 'name', in: ['Anna', 'Vera'] }], onFilterLeft });

  it('keeps a record out', () => {
    const story = new Story({ policy: onlyVip('hold') });
    story.found('hub', { ...anna, name: 'Olga' });
    const planned = story.plan();
    assert.deepEqual(
      planned.writes.map((write) => write.endpoint),
      ['app'],
    );
    assert.deepEqual(holdsOf(planned), ['pipe filtered-out']);
  });

  it('that a record leaves is not a deletion: the item is left alone', () => {
    const story = Story.settled(anna, { policy: onlyVip('hold') });
    story.read('hub', { name: 'Olga' });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['app update {"name":"Olga"} value-behind']);
    assert.deepEqual(holdsOf(planned), ['pipe name filtered-out']);
    story.read('hub', { name: 'Vera' });
    assert.deepEqual(writesOf(story.round()), [
      'app update {"name":"Vera"} value-behind',
      'pipe update {"name":"Vera"} value-behind',
    ]);
  });

  it('that a record leaves may end the link', () => {
    const story = Story.settled(anna, { policy: onlyVip('unlink') });
    story.read('hub', { name: 'Olga' });
    assert.deepEqual(writesOf(story.round()), ['app update {"name":"Olga"} value-behind']);
    assert.equal(story.link('pipe').state, 'unlinked');
  });
});

describe('a reference', () => {
  const fields: FieldPolicy[] = [
    { name: 'name', strategy: 'lastWriteWins' },
    { name: 'company', strategy: 'lastWriteWins', reference: true },
  ];

  it('is written where its target is', () => {
    const story = new Story({ fields });
    story.found('hub', { name: 'Anna', company: 'acme' });
    const [write] = story.plan().writes;
    assert.deepEqual(write?.patch, { name: 'Anna', company: 'acme' });
  });

  it('waits for its target, and the record does not wait for it', () => {
    let reach: 'pending' | 'live' = 'pending';
    const story = new Story({
      fields,
      reach: (target, endpoint) => (endpoint === 'pipe' && target === 'acme' ? reach : 'live'),
    });
    story.found('hub', { name: 'Anna', company: 'acme' });
    const planned = story.apply(story.plan());
    assert.deepEqual(writesOf(planned), [
      'app create {"name":"Anna","company":"acme"} missing-there',
      'pipe create {"name":"Anna"} missing-there',
    ]);
    assert.deepEqual(planned.holds, [
      { reason: 'reference-pending', endpoint: 'pipe', field: 'company', waitsFor: 'acme' },
    ]);
    reach = 'live';
    story.read('pipe', { company: null });
    assert.deepEqual(writesOf(story.round()), ['pipe update {"company":"acme"} value-behind']);
  });

  it('to something dead is not emptied', () => {
    const story = Story.settled(
      { name: 'Anna', company: null },
      { fields, reach: (target) => (target === 'acme' ? 'dead' : 'live') },
    );
    story.read('hub', { company: 'acme' });
    story.read('app', { company: null });
    story.read('pipe', { company: null });
    const planned = story.round();
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(holdsOf(planned), [
      'app company reference-dead',
      'pipe company reference-dead',
    ]);
  });

  it('to something dead is asked about as long as some system leads to something living', () => {
    const dead = new Set(['acme']);
    const story = new Story({ fields, reach: (target) => (dead.has(target) ? 'dead' : 'live') });
    story.found('hub', { name: 'Anna', company: 'acme' });
    story.round();
    story.read('hub', { company: 'acme' });
    story.read('app', { company: null });
    story.read('pipe', { company: 'other' });
    const asked = story.round().conflicts.find(({ kind }) => kind === 'dead-target');
    assert.equal(asked?.state, 'open');
    assert.equal(asked.losing?.origin, 'pipe');
    assert.equal(asked.losing.value, 'other');
    assert.deepEqual(story.round().conflicts, []);
    const { fingerprint } = asked;
    const at = story.now + 1;
    const decided = story.round([{ kind: 'value', fingerprint, value: 'other', at }]);
    assert.deepEqual(writesOf(decided), [
      'app update {"company":"other"} value-behind',
      'hub update {"company":"other"} value-behind',
    ]);
  });

  it('to something dead is what a person may choose, and is not asked about again then', () => {
    const story = new Story({ fields, reach: (target) => (target === 'acme' ? 'dead' : 'live') });
    story.found('hub', { name: 'Anna', company: 'acme' });
    story.round();
    story.read('hub', { company: 'acme' });
    story.read('pipe', { company: 'other' });
    const asked = story.round().conflicts.find(({ kind }) => kind === 'dead-target');
    const { fingerprint } = asked!;
    const decided = story.round([{ kind: 'value', fingerprint, value: 'acme', at: story.now + 1 }]);
    assert.equal(decided.conflicts.find(({ kind }) => kind === 'dead-target')?.state, 'resolved');
    assert.deepEqual(story.round().conflicts, []);
  });

  it('to something we do not know yet is not written over', () => {
    const story = Story.settled({ name: 'Anna', company: 'acme' }, { fields });
    const fieldsRead = { name: 'Anna' };
    story.observe('pipe', {
      kind: 'present',
      fields: fieldsRead,
      takenAt: story.now + 1,
      unresolved: { company: 'pipe-17' },
    });
    story.read('hub', { company: 'other' });
    const planned = story.round();
    assert.deepEqual(writesOf(planned), ['app update {"company":"other"} value-behind']);
    assert.deepEqual(holdsOf(planned), ['pipe company reference-unknown']);
  });
});

describe('a field that the vendor took away', () => {
  function drifts(story: Story, drift: 'missing' | 'typeChanged' | 'readOnly'): void {
    const { endpoint } = story.link('pipe');
    const facts = story.facts.get(endpoint);
    if (facts) story.facts.set(endpoint, { ...facts, drifted: { name: drift } });
  }

  for (const drift of ['missing', 'typeChanged', 'readOnly'] as const) {
    it(`(${drift}) is held there, and the other fields go on`, () => {
      const story = Story.settled(anna);
      drifts(story, drift);
      story.read('hub', { name: 'Anna B.', phone: '+3670' });
      story.read('app', {});
      story.read('pipe', { name: drift === 'readOnly' ? 'Anna' : null });
      const planned = story.plan();
      assert.deepEqual(writesOf(planned), [
        'app update {"name":"Anna B.","phone":"+3670"} value-behind',
        'pipe update {"phone":"+3670"} value-behind',
      ]);
      assert.deepEqual(holdsOf(planned), ['pipe name schema-drift']);
    });
  }

  it('is not taken for cleared', () => {
    const story = Story.settled(anna);
    drifts(story, 'missing');
    story.read('pipe', { name: null });
    assert.equal(story.round().entity.cells['name']?.value, 'Anna');
  });
});

describe('a field that was not in the read', () => {
  it('is not written over', () => {
    const story = Story.settled(anna);
    story.read('hub', { phone: '+3670' });
    story.read('app', {});
    story.observe('pipe', { kind: 'present', fields: { name: 'Anna' }, takenAt: story.now });
    const planned = story.plan();
    assert.deepEqual(writesOf(planned), ['app update {"phone":"+3670"} value-behind']);
    assert.deepEqual(holdsOf(planned), ['pipe phone field-unread']);
  });
});

describe('an empty value', () => {
  it('does not replace a full one in a system that joins', () => {
    const story = new Story({ members: ['app', 'hub'] });
    story.found('app', { name: 'Anna', phone: '+361' });
    story.round();
    story.read('app', { phone: null });
    story.round();
    story.links = story.links.filter(({ endpoint }) => endpoint === 'app');
    story.found('hub', { name: 'Anna', phone: '+3670' });
    const planned = story.round();
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(holdsOf(planned), ['hub phone would-blank']);
    assert.deepEqual(conflictsOf(planned), ['phone initial hub:"+3670" autoResolved']);
  });
});

describe('a reference to an item that is gone there', () => {
  it('is written anew once its record has another item, though both are the same to us', () => {
    const boss = { name: 'boss', strategy: 'lastWriteWins', reference: true } as const;
    const story = Story.settled({ boss: 'bela' }, { fields: [boss] });
    story.read('hub', {}, { expired: ['boss'] });
    assert.deepEqual(writesOf(story.round()), ['hub update {"boss":"bela"} value-behind']);
    assert.deepEqual(writesOf(story.round()), []);
  });
});

describe('a merge at a vendor', () => {
  it('takes the link along when the survivor is nobody else', () => {
    const story = Story.settled(anna);
    const survivor = { kind: 'mergedInto', remoteId: 'hub-9', linkId: 'hub-9' as LinkId } as const;
    story.observe('hub', survivor);
    const planned = story.keep(story.plan());
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(planned.needReads, [{ link: 'hub-9', reason: 'write-pending' }]);
    assert.deepEqual(
      story.links.map(({ id, state, generation }) => `${id} ${state} ${generation}`),
      ['app-0 live 0', 'hub-1 mergedAway 0', 'pipe-2 live 0', 'hub-9 live 1'],
    );
    story.read('hub', anna);
    assert.deepEqual(story.round().writes, []);
  });

  it('that was followed is over: nothing dies of it, and what took its place can be made anew', () => {
    const story = Story.settled(anna);
    const { id } = story.link('hub');
    story.observe('hub', { kind: 'mergedInto', remoteId: 'hub-9', linkId: 'hub-9' as LinkId });
    story.round();
    const planned = story.round([{ kind: 'merge', link: id, decision: 'follow' }]);
    assert.equal(planned.entity.life, 'live');
    story.gone('hub');
    assert.deepEqual(writesOf(story.round()), [`hub create ${JSON.stringify(anna)} deleted-there`]);
  });

  it('of two of our records is asked about, and the loser is not created again', () => {
    const story = Story.settled(anna);
    const heldBy = 'bela' as typeof story.entity.id;
    const linkId = 'hub-9' as LinkId;
    story.observe('hub', { kind: 'mergedInto', remoteId: 'hub-9', linkId, heldBy });
    const planned = story.round();
    assert.deepEqual(planned.reviews, [{ reason: 'remote-merge', link: 'hub-1', other: 'bela' }]);
    assert.deepEqual(planned.writes, []);
    assert.deepEqual(story.round().writes, []);
  });

  it('with somebody whom no record stands for is asked about, and nothing is written there', () => {
    const story = Story.settled(anna);
    const linkId = 'hub-9' as LinkId;
    story.observe('hub', { kind: 'mergedInto', remoteId: 'hub-9', linkId, isStranger: true });
    story.read('app', { ...anna, name: 'Anna B.' });
    const planned = story.round();
    assert.deepEqual(planned.reviews, [{ reason: 'remote-merge', link: 'hub-1' }]);
    assert.deepEqual(
      planned.links.map(({ id, state }) => `${id} ${state}`),
      ['app-0 live', 'hub-1 mergedAway', 'pipe-2 live'],
    );
  });

  it('is asked about for as long as the loser lives, and so when an edit keeps it from being followed', () => {
    const story = Story.settled(anna, { policy: { onDeleteAndEdit: 'editWins' } });
    const { id } = story.link('hub');
    const heldBy = 'bela' as typeof story.entity.id;
    story.observe('hub', {
      kind: 'mergedInto',
      remoteId: 'hub-9',
      linkId: 'hub-9' as LinkId,
      heldBy,
    });
    story.round();
    story.read('app', { ...anna, name: 'Anna B.' });
    const kept = story.round([{ kind: 'merge', link: id, decision: 'follow' }]);
    assert.equal(kept.entity.life, 'live');
    assert.deepEqual(story.round().reviews, [{ reason: 'remote-merge', link: id }]);
    const followed = story.round([{ kind: 'merge', link: id, decision: 'follow' }]);
    assert.equal(followed.entity.life, 'dead');
  });
});

describe('another integration that fights us', () => {
  function flip(story: Story, author?: 'person'): string[] {
    const by = author ? { author } : {};
    story.read('pipe', { name: 'ANNA' }, by);
    const writes = writesOf(story.round());
    story.read('app', { name: 'Anna' }, by);
    return [...writes, ...writesOf(story.round())];
  }

  it('is stopped at the third write of the same value, and shown', () => {
    const story = Story.settled(anna);
    assert.equal(flip(story).filter((write) => write.startsWith('pipe')).length, 1);
    const stopped = flip(story).filter((write) => write.startsWith('pipe'));
    assert.deepEqual(stopped, []);
    const [row] = story.conflicts.filter(({ kind }) => kind === 'oscillation');
    assert.equal(row?.losing?.origin, 'pipe');
    story.readAll();
    assert.deepEqual(holdsOf(story.plan()), ['pipe name oscillation']);
    assert.deepEqual(story.plan().conflicts, []);
  });

  it('is stopped also where the system spells our value in its own way', () => {
    const fields: FieldPolicy[] = [
      { name: 'name', strategy: 'lastWriteWins', direction: { pipe: 'out' } },
    ];
    const story = Story.settled({ name: 'Anna' }, { fields });
    function writesToPipe(): number {
      story.readAll();
      const { writes } = story.keep(story.plan());
      for (const write of writes) {
        story.carryOut(write, write.endpoint === 'pipe' ? { name: 'Ann' } : undefined);
      }
      return writes.filter(({ endpoint }) => endpoint === 'pipe').length;
    }
    story.read('app', { name: 'Anna B.' });
    assert.equal(writesToPipe(), 1);
    const again = Array.from({ length: 3 }, () => {
      story.read('pipe', { name: 'ANNA' });
      return writesToPipe();
    });
    assert.deepEqual(again, [1, 0, 0]);
  });

  it('is told from a person who changes their mind', () => {
    const story = Story.settled(anna);
    for (let i = 0; i < 4; i++) {
      assert.equal(flip(story, 'person').filter((write) => write.startsWith('pipe')).length, 1);
    }
  });

  it('has its say when a person decides', () => {
    const story = Story.settled(anna);
    flip(story);
    flip(story);
    const [row] = story.conflicts.filter(({ kind }) => kind === 'oscillation');
    assert.ok(row);
    const { fingerprint } = row;
    const decision = { kind: 'value', fingerprint, value: 'Anna!', at: story.now } as const;
    assert.deepEqual(writesOf(story.round([decision])), [
      'app update {"name":"Anna!"} value-behind',
      'hub update {"name":"Anna!"} value-behind',
      'pipe update {"name":"Anna!"} value-behind',
    ]);
    assert.deepEqual(story.round().holds, []);
  });
});
