import assert from 'node:assert/strict';
import { VendorError, type Item, type PageRequest } from '../../runtime/connectors/connector.ts';
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

  it('that was broken off looks back from when it began, however late it goes on', () => {
    const late = new Set<string>();
    let isBroken = false;
    return withPolls(
      async (pair) => {
        pair.crm.enter({ email: 'first@example.com' });
        await pair.settle();
        await pair.wait(HOUR_MS);
        await pair.settle({ full: false });
        const names = ['one', 'late', 'two', 'three'];
        for (const name of names) {
          const id = pair.crm.enter({ email: `${name}@example.com` });
          if (name === 'late') late.add(id);
          await pair.wait(1_000);
        }
        isBroken = true;
        await pair.settle({ full: false });
        isBroken = false;
        await pair.wait(HOUR_MS);
        late.clear();
        await pair.settle({ full: false });
        await pair.settle({ full: false });
        for (const name of names) assert.ok(`${name}@example.com` in pair.app.people(), name);
      },
      {
        isShown: ({ id }) => !late.has(id),
        ask({ after }) {
          const about = { what: 'No answer.', next: 'Wait.' };
          if (isBroken && after !== undefined) throw new VendorError('transient', about);
        },
        pageSize: 3,
      },
    );
  });
});

/** A list of changes that may lag; `listed` notes how many each poll of the CRM was told. */
function withPolls(
  story: (pair: Pair, listed: number[]) => Promise<void>,
  {
    isShown = () => true,
    ask = () => {},
    pageSize = 100,
  }: {
    isShown?: (item: Item) => boolean;
    ask?: (request: PageRequest) => void;
    pageSize?: number;
  } = {},
): Promise<void> {
  const listed: number[] = [];
  const connector = grumpier((collection, account) =>
    account === 'crm'
      ? {
          can: {
            ...collection.can,
            changesLagMs: LAG_MS,
            batch: { ...collection.can.batch, list: pageSize },
          },
          async changes(request) {
            ask(request);
            const page = await collection.changes!(request);
            listed.push(page.items.length);
            return { ...page, items: page.items.filter(isShown) };
          },
        }
      : {},
  );
  return withPair((pair) => story(pair, listed), { connector });
}
