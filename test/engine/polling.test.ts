import assert from 'node:assert/strict';
import type { Item } from '../../runtime/connectors/connector.ts';
import { grumpier } from './grumpier.ts';
import { withPair, type Pair } from './pair.ts';

const LAG_MS = 20_000;
const HOUR_MS = 3_600_000;

describe('A poll', () => {
  it('lists again what may still turn up late, and once that is over only the latest change', () =>
    withPolls(async (pair, listed) => {
      for (let number = 0; number < 5; number += 1) {
        pair.crm.enter({ email: `person${number}@example.com` });
        await pair.wait(1_000);
      }
      await pair.wait(LAG_MS);
      await pair.settle();
      await pair.settle({ full: false });
      listed.length = 0;
      await pair.settle({ full: false });
      assert.equal(listed.at(-1), 5);
      await pair.wait(HOUR_MS);
      await pair.settle({ full: false });
      await pair.settle({ full: false });
      assert.equal(listed.at(-1), 1);
    }));

  it('sees what turns up late, behind what was changed after it, also when hours were quiet before', () => {
    const late = new Set<string>();
    return withPolls(
      async (pair) => {
        pair.crm.enter({ email: 'first@example.com' });
        await pair.settle();
        await pair.wait(HOUR_MS);
        await pair.settle({ full: false });
        late.add(pair.crm.enter({ email: 'late@example.com' }));
        await pair.wait(1_000);
        pair.crm.enter({ email: 'prompt@example.com' });
        await pair.settle({ full: false });
        assert.ok('prompt@example.com' in pair.app.people());
        await pair.wait(LAG_MS);
        late.clear();
        await pair.settle({ full: false });
        assert.ok('late@example.com' in pair.app.people());
      },
      { isShown: ({ id }) => !late.has(id) },
    );
  });
});

/** A list of changes that may lag; `listed` notes how many each poll of the CRM was told. */
function withPolls(
  story: (pair: Pair, listed: number[]) => Promise<void>,
  { isShown = () => true }: { isShown?: (item: Item) => boolean } = {},
): Promise<void> {
  const listed: number[] = [];
  const connector = grumpier((collection, account) =>
    account === 'crm'
      ? {
          can: { ...collection.can, changesLagMs: LAG_MS },
          async changes(request) {
            const page = await collection.changes!(request);
            listed.push(page.items.length);
            return { ...page, items: page.items.filter(isShown) };
          },
        }
      : {},
  );
  return withPair((pair) => story(pair, listed), { connector });
}
