import assert from 'node:assert/strict';
import type {
  EndpointId,
  Entity,
  EntityId,
  FieldPolicy,
  Intent,
  Link,
  LinkId,
} from '../../../runtime/core/planner/model.ts';
import { reshapeIntent, reshapeRecord } from '../../../runtime/core/planner/reshape.ts';
import type { Value } from '../../../runtime/core/value.ts';
import type { Stamp } from '../../../runtime/core/planner/stamp.ts';

const app = 'app' as EndpointId;
const early: Stamp = [0, 1, 1];
const late: Stamp = [0, 2, 1];
const inParts: FieldPolicy[] = [{ name: 'tags', strategy: 'fieldLevelMerge', parts: 'set' }];
const asWhole: FieldPolicy[] = [{ name: 'tags', strategy: 'lastWriteWins', parts: 'set' }];

function entity(cells: Entity['cells']): Entity {
  return { id: 'record' as EntityId, life: 'live', epoch: 0, cells };
}

function link(cells: Link['cells']): Link {
  return {
    id: 'link' as LinkId,
    endpoint: app,
    remoteId: '1',
    state: 'live',
    generation: 0,
    cells,
  };
}

/** The app gives all parts of an address, empty ones as well. */
const facts = new Map([
  [
    app,
    {
      normalize: (field: string, value: Value) =>
        field === 'address' ? { city: null, street: null, ...(value as object) } : value,
    },
  ],
]);

const alone = (record: Entity, fields: readonly FieldPolicy[]) =>
  reshapeRecord({ entity: record, links: [] }, fields, new Map()).entity;
const linked = (known: Link, fields: readonly FieldPolicy[]) =>
  reshapeRecord({ entity: entity({}), links: [known] }, fields, facts).links[0]!;

describe('Reshaping a record', () => {
  const whole = entity({ tags: { value: ['a', 'b'], stamp: late, origin: app } });
  const parts = entity({
    'tags#a': { value: 'a', stamp: early, origin: app },
    'tags#b': { value: 'b', stamp: late, origin: app },
  });

  it('leaves what is in shape as it is', () => {
    assert.equal(alone(parts, inParts), parts);
    assert.equal(alone(whole, asWhole), whole);
    const known = link({
      'tags#a': { base: 'a', synced: early },
      tags: { base: null, synced: null },
    });
    assert.equal(linked(known, inParts), known);
  });

  it('splits a set into its elements, each as old as the set was', () => {
    assert.deepEqual(alone(whole, inParts).cells, {
      'tags#a': { value: 'a', stamp: late, origin: app },
      'tags#b': { value: 'b', stamp: late, origin: app },
    });
  });

  it('joins elements to a set that is as new as the newest of them', () => {
    assert.deepEqual(alone(parts, asWhole).cells, {
      tags: { value: ['a', 'b'], stamp: late, origin: app },
    });
  });

  it('forgets elements that were removed when it joins them', () => {
    const removed = entity({ ...parts.cells, 'tags#a': { value: null, stamp: late, origin: app } });
    assert.deepEqual(alone(removed, asWhole).cells['tags']?.value, ['b']);
  });

  it('believes the least of what a link was in step with', () => {
    const known = link({
      'tags#a': { base: 'a', synced: late },
      'tags#b': { base: 'b', synced: early },
      tags: { base: null, synced: null },
    });
    assert.deepEqual(linked(known, asWhole).cells, {
      tags: { base: ['a', 'b'], synced: early },
    });
  });

  it('knows that a link is behind that has not yet got a part of ours', () => {
    const known = link({
      'tags#a': { base: 'a', synced: late },
      tags: { base: null, synced: null },
    });
    const { links } = reshapeRecord({ entity: parts, links: [known] }, asWhole, facts);
    assert.deepEqual(links[0]!.cells['tags'], { base: ['a'], synced: null });
  });

  it('joins what a link was last seen with to what its system reads', () => {
    const address: FieldPolicy[] = [{ name: 'address', strategy: 'manualReview', parts: 'record' }];
    const known = link({
      'address#street': { base: 'Fő tér 1', synced: early },
      address: { base: null, synced: null },
    });
    assert.deepEqual(linked(known, address).cells['address'], {
      base: { city: null, street: 'Fő tér 1' },
      synced: early,
    });
  });

  it('keeps what a link was last seen with when it splits it, and that it was read', () => {
    const known = link({ tags: { base: ['a'], synced: late } });
    assert.deepEqual(linked(known, inParts).cells, {
      'tags#a': { base: 'a', synced: late },
      tags: { base: null, synced: null },
    });
  });

  it('takes what only a system shows for something that was taken away', () => {
    const known = link({ tags: { base: ['b', 'c'], synced: early } });
    const { entity: split } = reshapeRecord({ entity: whole, links: [known] }, inParts, facts);
    assert.deepEqual(split.cells['tags#c'], { value: null, stamp: late, origin: app });
    assert.equal(split.cells['tags#b']?.value, 'b');
  });

  it('does not take a part that nobody has ever filled for one that was taken away', () => {
    const address: FieldPolicy[] = [
      { name: 'address', strategy: 'fieldLevelMerge', parts: 'record' },
    ];
    const value = { city: null, street: 'Fő tér 1' };
    const known = link({ address: { base: value, synced: late } });
    const ours = entity({ address: { value, stamp: late, origin: app } });
    const { entity: split, links } = reshapeRecord(
      { entity: ours, links: [known] },
      address,
      facts,
    );
    assert.deepEqual(split.cells, {
      'address#street': { value: 'Fő tér 1', stamp: late, origin: app },
    });
    assert.deepEqual(links[0]!.cells, {
      'address#street': { base: 'Fő tér 1', synced: late },
      address: { base: null, synced: null },
    });
  });

  it('says of an unsettled write which of today’s cells it carries', () => {
    const intent: Intent = {
      id: 'intent',
      endpoint: app,
      op: 'update',
      patch: { tags: ['a', 'b'] },
      stamps: { tags: late },
      state: 'unknown',
    };
    const split = reshapeIntent(intent, inParts);
    assert.deepEqual(split.stamps, { 'tags#a': late, 'tags#b': late });
    assert.deepEqual(reshapeIntent(split, asWhole).stamps, { tags: late });
    assert.equal(reshapeIntent(intent, asWhole), intent);
  });
});
