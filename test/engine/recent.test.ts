import assert from 'node:assert/strict';
import type { LinkId } from '../../runtime/core/planner/model.ts';
import { Doubts } from '../../runtime/engine/recent.ts';
import type { Ref } from '../../runtime/store/store.ts';

const LINK = 'a link' as LinkId;

describe('How long something has looked the same', () => {
  it('does not change when somebody sets the clock', () => {
    const { doubts, clock } = doubtsAt(1_000);
    assert.equal(doubts.since(LINK, 'old', clock.now()), 1_000);
    clock.pass(500);
    clock.set(102_000);
    assert.equal(clock.now() - doubts.since(LINK, 'old', clock.now()), 500);
    assert.equal(clock.now() - doubts.lastSeen(LINK)!, 0);
    clock.set(-102_000);
    clock.pass(300);
    assert.equal(clock.now() - doubts.since(LINK, 'old', clock.now()), 800);
  });

  it('counts from when it was asked for, and anew when it looks otherwise', () => {
    const { doubts, clock } = doubtsAt(1_000);
    clock.pass(100);
    assert.equal(doubts.since(LINK, 'old', 1_000), 1_000);
    clock.pass(100);
    assert.equal(doubts.since(LINK, 'new', 1_200), 1_200);
    clock.pass(100);
    assert.equal(doubts.since(LINK, 'new', 1_300), 1_200);
    doubts.end(LINK);
    assert.equal(doubts.since(LINK, 'new', 1_300), 1_300);
  });
});

describe('An answer', () => {
  const ref = { sync: 'a sync', endpoint: 'an endpoint', remoteId: '1' } as Ref;

  it('may be behind when another one was shown, as long as answers lag', () => {
    const { doubts, clock } = doubtsAt(1_000);
    const isBehind = (state: string, version?: number): boolean =>
      doubts.isBehind(ref, { state, version }, clock.now(), 2_000);
    assert.equal(isBehind('before'), false, 'nothing was shown');
    doubts.shown(ref, { state: 'after' }, 2_000);
    assert.deepEqual(
      ['before', 'after'].map((state) => isBehind(state)),
      [true, false],
    );
    clock.set(60_000);
    clock.pass(2_000);
    assert.equal(isBehind('before'), true);
    clock.pass(1);
    assert.equal(isBehind('before'), false);
    doubts.shown(ref, { state: 'after' }, 2_000);
    doubts.written(ref);
    assert.equal(isBehind('before'), false);
  });

  it('is not behind one with a lower version, nor one of another item', () => {
    const { doubts, clock } = doubtsAt(1_000);
    for (const version of [2, 1]) doubts.shown(ref, { state: String(version), version }, 2_000);
    const isBehind = (version: number, at = ref): boolean =>
      doubts.isBehind(at, { state: String(version), version }, clock.now(), 2_000);
    assert.deepEqual(
      [1, 2, 3].map((version) => isBehind(version)),
      [true, false, false],
    );
    assert.equal(isBehind(1, { ...ref, remoteId: '2' }), false);
  });

  it('is behind one of an item that was given its id later, whatever the versions of both', () => {
    const { doubts, clock } = doubtsAt(1_000);
    const made = (bornAt: number, version: number) => {
      return { state: `${bornAt}/${version}`, bornAt, version };
    };
    doubts.shown(ref, made(500, 2), 2_000);
    const isBehind = (bornAt: number, version: number): boolean =>
      doubts.isBehind(ref, made(bornAt, version), clock.now(), 2_000);
    assert.deepEqual(
      [isBehind(100, 2), isBehind(100, 9), isBehind(500, 1), isBehind(500, 3), isBehind(900, 1)],
      [true, true, true, false, false],
    );
  });
});

function doubtsAt(now: number) {
  let passed = 0;
  let ahead = now;
  const clock = {
    now: () => passed + ahead,
    monotonicMs: () => passed,
    pass: (ms: number) => void (passed += ms),
    set: (byMs: number) => void (ahead += byMs),
  };
  return { clock, doubts: new Doubts({ clock }) };
}
