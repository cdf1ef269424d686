import assert from 'node:assert/strict';
import type { StoredReview } from '../../runtime/store/store.ts';
import { withPair } from './pair.ts';

const anna = { email: 'anna@example.com', name: 'Anna' };

describe('An item about which a person was asked', () => {
  it('becomes nobody new because its address changes', () =>
    withPair(
      async (pair) => {
        const { app, crm } = pair;
        app.enter(anna);
        crm.enter(anna);
        await pair.settle();
        const [{ endpoint, remoteId }] = pair.reviews() as [StoredReview];
        const there = endpoint === app.endpoint ? app : crm;
        there.edit(remoteId, { email: 'anna.b@example.com' });
        await pair.engine.hint(pair.tenant, [{ sync: pair.sync, endpoint, remoteId }]);
        await pair.settle();
        assert.equal(app.hands.items('people').length, 1);
        assert.equal(crm.hands.items('people').length, 1);
      },
      { settings: { identity: { autoLink: false } } },
    ));
});
