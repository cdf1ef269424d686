import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  Refused,
  type Abilities,
  type Backup,
  type Hands,
  type Item,
} from '../../../runtime/emulators/grumpy/grumpy.ts';
import { practice, type Practice } from './practice.ts';

/** What may happen: few items and few addresses, so that they get into each other's way. */
const id = fc.integer({ min: 1, max: 4 }).map(String);
const email = fc.constantFrom('a@x.hu', 'A@x.hu', 'b@x.hu', 'c@x.hu', null);
const fields = fc.record({ email, name: fc.constantFrom('', 'n', 'm') }, { requiredKeys: [] });
const marker = fc.constantFrom('m1', 'm2');

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constant('create' as const), fields, marker }) },
  fc.record({ act: fc.constant('edit' as const), id, fields }),
  { weight: 2, arbitrary: fc.record({ act: fc.constant('remove' as const), id }) },
  fc.record({ act: fc.constant('restore' as const), id }),
  fc.record({ act: fc.constant('merge' as const), id, other: id }),
  fc.record({ act: fc.constant('clone' as const), id }),
  fc.record({ act: fc.constant('backup' as const) }),
  fc.record({ act: fc.constant('rollback' as const) }),
  fc.record({
    act: fc.constant('batch' as const),
    items: fc.array(fc.record({ id, fields }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ act: fc.constant('rename' as const) }),
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const abilities: fc.Arbitrary<Partial<Abilities>> = fc.record({
  create: fc.constantFrom('upsert', 'marker', 'naturalKey'),
  version: fc.constantFrom('counter', 'time'),
  delete: fc.constantFrom('soft', 'hard'),
  partial: fc.constantFrom('perItem', 'allOrNothing'),
  reusesIds: fc.boolean(),
  mergeGivesNewId: fc.boolean(),
  history: fc.boolean(),
  readLagMs: fc.constantFrom(0, 5),
});

describe('whatever happens in an account of Grumpy', () => {
  it('the log tells all of it, unique values stay unique, and versions grow', async () => {
    await fc.assert(
      fc.asyncProperty(
        abilities,
        fc.array(step, { minLength: 10, maxLength: 40 }),
        async (habits, steps) => {
          const scene = practice({ abilities: habits });
          const life = new Life(scene);
          for (const one of steps) {
            await life.live(one);
            await scene.pass(1);
          }
          assertLogTellsAll(scene.hands);
          assertUniqueIsUnique(scene.hands, life.emailPath);
          assertVersionsGrow(scene.hands);
          await assertApiShowsTheTruth(scene);
        },
      ),
      { numRuns: 400, seed: 1 },
    );
  });
});

class Life {
  emailPath = 'email';
  readonly #scene: Practice;
  #backup: Backup | undefined;

  constructor(scene: Practice) {
    this.#scene = scene;
  }

  async live(one: Step): Promise<void> {
    try {
      await this.#act(one);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  async #act(one: Step): Promise<void> {
    const { hands, send } = this.#scene;
    switch (one.act) {
      case 'create': {
        const items = [{ fields: this.#named(one.fields), marker: one.marker }];
        await send('POST', 'contacts/create', { items });
        return;
      }
      case 'batch': {
        const items = one.items.map((item) => ({ ...item, fields: this.#named(item.fields) }));
        await send('POST', 'contacts/update', { items });
        return;
      }
      case 'edit':
        return hands.edit('contacts', one.id, this.#named(one.fields));
      case 'remove':
        return hands.remove('contacts', one.id);
      case 'restore':
        return hands.restore('contacts', one.id);
      case 'merge':
        return void hands.merge('contacts', one.id, one.other);
      case 'clone':
        return void hands.clone('contacts', one.id);
      case 'backup':
        this.#backup = hands.backup();
        return;
      case 'rollback':
        return this.#backup && hands.restoreBackup(this.#backup);
      case 'rename': {
        const path = this.emailPath === 'email' ? 'mail' : 'email';
        hands.renameField('contacts', this.emailPath, path);
        this.emailPath = path;
      }
    }
  }

  #named({
    email: address,
    ...rest
  }: {
    email?: string | null;
    name?: string;
  }): Readonly<Record<string, unknown>> {
    return address === undefined ? rest : { ...rest, [this.emailPath]: address };
  }
}

/** Who only reads the log knows which items are there, and how each of them came to be. */
function assertLogTellsAll(hands: Hands): void {
  const known = new Map<string, Item>();
  for (const { id: item, kind, after, before } of hands.log) {
    if (kind === 'created') assert.equal(known.has(item), false, 'an id that is taken');
    if (before !== undefined) assert.equal(before.version, known.get(item)?.version);
    if (after === undefined) known.delete(item);
    else known.set(item, after);
  }
  const there = [...known.values()].filter((item) => item.archived !== true);
  const versions = (items: readonly Item[]): string[] =>
    items.map((item) => `${item.id} ${item.version} ${item.createdAt}`).toSorted(byText);
  assert.deepEqual(versions(hands.items('contacts')), versions(there));
}

function assertUniqueIsUnique(hands: Hands, path: string): void {
  const emails = hands.items('contacts').flatMap(({ fields: its }) => {
    const value = its[path];
    return typeof value === 'string' ? [value.toLowerCase()] : [];
  });
  assert.equal(new Set(emails).size, emails.length);
  for (const address of ['a@x.hu', 'b@x.hu', 'c@x.hu']) {
    const create = (): unknown => hands.create('contacts', { [path]: address });
    if (emails.includes(address)) assert.throws(create, { code: 'duplicate' });
    else create();
  }
}

function assertVersionsGrow(hands: Hands): void {
  const versions = new Map<string, number>();
  for (const { id: item, kind, version, via } of hands.log) {
    const before = kind === 'created' ? 0 : (versions.get(item) ?? 0);
    if (via !== 'backup') assert.ok(version > before, `${item}: ${before}, then ${version}`);
    versions.set(item, version);
  }
}

/** Once no replica lags any more. */
async function assertApiShowsTheTruth({ hands, get, pass }: Practice): Promise<void> {
  await pass(10);
  const { items } = await get('contacts');
  assert.deepEqual(items, JSON.parse(JSON.stringify(hands.items('contacts'))));
}

function byText(one: string, other: string): number {
  return one < other ? -1 : 1;
}
