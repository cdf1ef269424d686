/** Promises about previews and undos that hold whatever people have done. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Run } from '../../runtime/store/store.ts';
import { withPair, type Pair, type Side } from './pair.ts';

type SideName = 'app' | 'crm';

const code = fc.integer({ min: 1, max: 4 });
const side = fc.constantFrom<SideName>('app', 'crm');
const field = fc.constantFrom('name', 'phone', 'tags');

interface Deed {
  readonly side: SideName;
  readonly code: number;
  readonly field: 'name' | 'phone' | 'tags' | 'remove';
}

const deeds: fc.Arbitrary<Deed[]> = fc.array(
  fc.record({
    side,
    code,
    field: fc.oneof({ weight: 6, arbitrary: field }, fc.constant('remove' as const)),
  }),
  { minLength: 1, maxLength: 8 },
);

const people = fc.uniqueArray(
  fc.record({ code, at: fc.constantFrom<readonly SideName[]>(['app'], ['crm'], ['app', 'crm']) }),
  { minLength: 1, maxLength: 4, selector: (each) => each.code },
);

const email = (n: number): string => `p${n}@example.com`;

/** No two deeds type the same, so that what is there tells who typed it. */
function valueFor(name: Deed['field'], n: number): object {
  if (name === 'phone') return { phone: `+3620555${String(1_000 + n)}` };
  return name === 'tags' ? { tags: ['vip', `t${n}`] } : { name: `N${n}` };
}

function enter(
  { app, crm }: Pair,
  all: readonly { code: number; at: readonly SideName[] }[],
): void {
  for (const { code: n, at } of all) {
    for (const name of at) {
      const where = name === 'app' ? app : crm;
      where.enter({ email: email(n), ...valueFor('name', n + (name === 'app' ? 10 : 20)) });
    }
  }
}

/** What people remove everywhere themselves, no run removes; so they remove it in one place at most. */
function happen({ app, crm }: Pair, all: readonly Deed[]): void {
  const gone = new Set<number>();
  for (const [n, deed] of all.entries()) {
    const where: Side = deed.side === 'app' ? app : crm;
    if (!where.people()[email(deed.code)]) continue;
    const id = where.idOf(email(deed.code));
    if (deed.field !== 'remove') where.edit(id, { ...valueFor(deed.field, 100 + n) });
    else if (!gone.has(deed.code)) where.remove(id);
    if (deed.field === 'remove') gone.add(deed.code);
  }
}

async function told(pair: Pair, run: Run, outcomes: RegExp): Promise<string[]> {
  const items = (await pair.itemsOf(run)).filter(({ outcome }) => outcomes.test(outcome));
  return items
    .map(({ entity, endpoint, detail: { op, patch, before } }) =>
      JSON.stringify([entity, endpoint, op, patch, before]),
    )
    .toSorted((a, b) => (a < b ? -1 : 1));
}

const DONE = /^(created|updated|deleted)$/;

describe('Whatever people have done, a preview', () => {
  it('shows exactly the calls that applying it makes, and then nothing is left to do', async () => {
    await fc.assert(
      fc.asyncProperty(people, deeds, (all, done) =>
        withPair(async (pair) => {
          const { app, crm } = pair;
          enter(pair, all);
          await pair.settle();
          await pair.wait(60_000);
          happen(pair, done);
          const before = [app.people(), crm.people()];
          const writes = app.writes() + crm.writes();
          const preview = await pair.preview();
          assert.deepEqual([app.people(), crm.people()], before);
          assert.equal(app.writes() + crm.writes(), writes);
          const shown = await told(pair, preview, /^would write$/);
          if (shown.length === 0) return;
          const run = await pair.engine.apply(pair.tenant, preview.id);
          assert.deepEqual(await told(pair, run, DONE), shown);
          assert.equal(app.writes() + crm.writes(), writes + shown.length);
          assert.deepEqual(app.people(), crm.people());
          await pair.settle();
          assert.equal(app.writes() + crm.writes(), writes + shown.length);
        }),
      ),
      { seed: 1, numRuns: 40 },
    );
  });
});

describe('Whatever people had done, undoing the run that carried it on', () => {
  for (const how of ['a sync', 'an applied preview'] as const) {
    it(`puts everything back as it was agreed before, after ${how}`, async () => {
      await fc.assert(
        fc.asyncProperty(people, deeds, (all, done) =>
          withPair(async (pair) => {
            const { app, crm } = pair;
            enter(pair, all);
            await pair.settle();
            await pair.wait(60_000);
            const agreed = app.people();
            happen(pair, done);
            const run = await carriedOn(pair, how);
            if (!run) return;
            await pair.wait(60_000);
            await pair.engine.undo(pair.tenant, run.id);
            assert.deepEqual([app.people(), crm.people()], [agreed, agreed]);
            await pair.settle();
            assert.deepEqual([app.people(), crm.people()], [agreed, agreed]);
          }),
        ),
        { seed: 2, numRuns: 40 },
      );
    });
  }

  async function carriedOn(pair: Pair, how: string): Promise<Run | undefined> {
    if (how === 'an applied preview') {
      const preview = await pair.preview();
      const shown = await told(pair, preview, /^would write$/);
      return shown.length > 0 ? pair.engine.apply(pair.tenant, preview.id) : undefined;
    }
    const run = await pair.settle();
    return (await told(pair, run, DONE)).length > 0 ? run : undefined;
  }
});
