import assert from 'node:assert/strict';
import type { EndpointId, Link, LinkId } from '../../runtime/core/planner/model.ts';
import { givenAway, isGivenAway } from '../../runtime/store/given-away.ts';

describe('A link whose id was given to another item', () => {
  const link = (id: string): Link => ({
    id: id as LinkId,
    endpoint: 'crm' as EndpointId,
    remoteId: '6',
    state: 'gone',
    generation: 0,
    cells: {},
    createdAt: 1_000,
  });

  it('is known for what it is', () => {
    assert.equal(isGivenAway(link('first')), false);
    assert.equal(isGivenAway(givenAway(link('first'))), true);
  });

  it('has a name of its own also when the same item had the id twice', () => {
    assert.notEqual(givenAway(link('first')).remoteId, givenAway(link('second')).remoteId);
  });
});
