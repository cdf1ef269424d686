import assert from 'node:assert/strict';
import { withPair, type Pair } from './pair.ts';

const NAMES = ['anna', 'bela', 'cili', 'dora'];
const ABILITIES = { app: { delete: 'hard', restore: false } } as const;

describe('Items of which most others are not shown either', () => {
  it('are asked about once, and deleted nowhere', () =>
    withPair(
      async (pair) => {
        await mostAreHidden(pair);
        assert.deepEqual(states(pair), ['open']);
        assert.equal(Object.keys(pair.crm.people()).length, NAMES.length);
      },
      { abilities: ABILITIES },
    ));

  it('are deleted nowhere when some are shown again, as long as nobody answers', () =>
    withPair(
      async (pair) => {
        const [first, ...others] = await mostAreHidden(pair);
        pair.app.hands.hide('people', others, false);
        await pair.settle();
        await pair.settle();
        assert.deepEqual(states(pair), ['open']);
        assert.equal(pair.crm.people()['bela@example.com']?.['name'], 'bela');
        pair.app.hands.hide('people', [first!], false);
        await pair.settle();
        assert.deepEqual(states(pair), ['closed']);
      },
      { abilities: ABILITIES },
    ));

  it('were deleted if a person says so', () =>
    withPair(
      async (pair) => {
        await mostAreHidden(pair);
        await pair.answer(pair.reviews()[0]!, 'continue');
        await pair.settle();
        await pair.settle();
        assert.deepEqual(Object.keys(pair.crm.people()), ['anna@example.com']);
      },
      { abilities: ABILITIES },
    ));
});

async function mostAreHidden(pair: Pair): Promise<readonly string[]> {
  const { app } = pair;
  const ids = NAMES.map((name) => app.enter({ email: `${name}@example.com`, name }));
  await pair.settle();
  await pair.settle();
  const hidden = ids.slice(1);
  app.hands.hide('people', hidden, true);
  await pair.settle();
  await pair.wait(3_600_000);
  await pair.settle();
  return hidden;
}

function states(pair: Pair): string[] {
  return pair.reviews().flatMap(({ state, reason }) => (reason === 'mass-change' ? [state] : []));
}
