import assert from 'node:assert/strict';
import type { Call, Trouble } from '../../runtime/emulators/grumpy/grumpy.ts';
import {
  TROUBLES,
  troubleMaker,
  WEBHOOK_TROUBLES,
  type Rates,
} from '../../runtime/emulators/trouble.ts';

const call: Call = { account: 'a', collection: 'b', action: 'create', items: 10 };

describe('trouble by the dice', () => {
  it('is none at first, and none without rates', () => {
    const maker = troubleMaker();
    assert.equal(maker.next(call), undefined);
    maker.set({ lost: 1 }, 1);
    maker.set({}, 1);
    assert.equal(maker.next(call), undefined);
  });

  for (const kind of TROUBLES) {
    it(`comes as often as it should: ${kind}`, () => {
      const met = day({ [kind]: 0.25 }, 1).filter((trouble) => trouble !== undefined);
      assert.ok(met.every((trouble) => trouble.kind === kind));
      assert.ok(met.length > 200 && met.length < 300, `${met.length} of 1000`);
    });
  }

  for (const kind of WEBHOOK_TROUBLES) {
    it(`befalls webhooks as often as it should, and no requests: ${kind}`, () => {
      const maker = troubleMaker();
      const delivery = { account: 'a', hook: 'h', delivery: 'd', message: {} };
      assert.equal(maker.nextOfWebhook(delivery), undefined);
      maker.set({}, 1, { [kind]: 0.25 });
      const met = Array.from({ length: 1000 }, () => maker.nextOfWebhook(delivery)?.kind);
      const count = met.filter((each) => each === kind).length;
      assert.ok(count > 200 && count < 300, `${count} of 1000`);
      assert.equal(met.filter((each) => each === undefined).length, 1000 - count);
      assert.equal(maker.next(call), undefined);
      maker.set({}, 1);
      assert.equal(maker.nextOfWebhook(delivery), undefined);
    });
  }

  it('is the same with the same seed, and another with another', () => {
    const rates = { lost: 0.1, late: 0.1, status: 0.1, slow: 0.1, busy: 0.1 };
    assert.deepEqual(day(rates, 7), day(rates, 7));
    assert.notDeepEqual(day(rates, 7), day(rates, 8));
  });

  it('befalls items that are there, and never says it has worked when it was only slowed down', () => {
    for (const trouble of day({ busy: 0.5, status: 0.5 }, 1)) {
      if (trouble?.kind === 'busy') assert.ok(trouble.items.every((item) => item < call.items));
      if (trouble?.kind === 'status' && trouble.status === 429) {
        assert.equal(trouble.carriedOut, false);
      }
    }
  });
});

function day(rates: Rates, seed: number): (Trouble | undefined)[] {
  const maker = troubleMaker();
  maker.set(rates, seed);
  return Array.from({ length: 1000 }, () => maker.next(call));
}
