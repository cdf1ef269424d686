import assert from 'node:assert/strict';
import type { LinkId } from '../../runtime/core/planner/model.ts';
import { Doubts } from '../../runtime/engine/recent.ts';

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
