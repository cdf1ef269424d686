import assert from 'node:assert/strict';
import type { EndpointId, Link, LinkId } from '../../runtime/core/planner/model.ts';
import { givenAway, isGivenAway } from '../../runtime/store/given-away.ts';

function link(id: string): Link {
  const where = { endpoint: 'crm' as EndpointId, remoteId: '6', createdAt: 1_000 };
  return { id: id as LinkId, ...where, state: 'gone', generation: 0, cells: {} };
}

describe('A link whose id was given away', () => {
  it('has a name of its own, also when an item had two of them', () => {
    const names = ['one', 'another'].map((id) => givenAway(link(id)).remoteId);
    assert.deepEqual(names, ['6@one', '6@another']);
  });

  it('is known as one, also by the name that it had formerly', () => {
    const all = [givenAway(link('one')), { ...link('one'), remoteId: '6@1000' }, link('one')];
    assert.deepEqual(all.map(isGivenAway), [true, true, false]);
  });
});
