#!/usr/bin/env node
/**
 * What a sync asks of each vendor, measured against the least that could do: every vendor's own connector
 * against its emulator, around the whole engine, in virtual time, so the numbers are the same every time.
 *
 *     node bench/calls.ts [--records 10000] [--only hubspot,rest]
 *
 * Three runs for each pair: all records are at one side and the other one is empty; nothing has changed;
 * one record in a hundred has. The least is one page after the other of what has to be seen, and one full
 * batch after the other of what has to be written; a side that nobody has touched has to be asked once.
 * Each run ends with one more look at both sides, a minute later, which sees what was written.
 */
import { parseArgs } from 'node:util';
import { parseConfig, type Config } from '../runtime/cli/config/config.ts';
import { vendorConfigOf } from '../runtime/cli/config/check.ts';
import { setupOf } from '../runtime/cli/config/setup.ts';
import { connectors } from '../runtime/connectors/index.ts';
import type { Can } from '../runtime/connectors/connector.ts';
import type { Hands } from '../runtime/emulators/crm/hands.ts';
import type { Circumstances, Emulator } from '../runtime/emulators/emulator.ts';
import { openGrumpy } from '../runtime/emulators/grumpy/grumpy.ts';
import { openHubSpot } from '../runtime/emulators/hubspot/hubspot.ts';
import { openPipedrive } from '../runtime/emulators/pipedrive/pipedrive.ts';
import { openRest } from '../runtime/emulators/rest/rest.ts';
import { customField } from '../runtime/emulators/twenty/fields.ts';
import { openTwenty } from '../runtime/emulators/twenty/twenty.ts';
import { openEngine } from '../runtime/engine/engine.ts';
import { MemoryStore } from '../runtime/store/memory.ts';
import { inWorld } from '../test/connectors/in-world.ts';
import { virtualWorld, type VirtualWorld } from '../test/sim/virtual-world.ts';

// ---------------------------------------------------------------------------------------------
// The vendors; another one is an entry more

interface Place {
  readonly origin: string;
  /** As in a configuration file. */
  readonly account: object;
  readonly member: { readonly collection: string; readonly fields: object };
  open(circumstances: Circumstances): Emulator;
  /** A person of that number in the vendor's form, and what an edit changes. */
  person(number: number): Raw;
  edit(number: number): Raw;
}

type Raw = Readonly<Record<string, unknown>>;

const NAME = 'side';
const TOKEN = 'a-token-that-is-no-secret-of-anybody-at-all';

const PLACES: Readonly<Record<string, Place>> = {
  grumpy: {
    origin: 'https://grumpy.example',
    account: { vendor: 'grumpy', baseUrl: 'https://grumpy.example', token: TOKEN },
    member: { collection: 'people', fields: { email: 'email', name: 'name' } },
    open: (circumstances) =>
      openGrumpy({
        ...circumstances,
        accounts: [
          {
            name: NAME,
            token: TOKEN,
            collections: {
              people: [
                { path: 'email', type: 'email' },
                { path: 'name', type: 'text' },
              ],
            },
          },
        ],
      }),
    person: (number) => ({ email: emailOf(number), name: nameOf(number) }),
    edit: (number) => ({ name: newNameOf(number) }),
  },
  hubspot: {
    origin: 'https://api.hubapi.com',
    account: { vendor: 'hubspot', token: TOKEN },
    member: { collection: 'contacts', fields: { email: 'email', name: 'lastname' } },
    open: (circumstances) =>
      openHubSpot({
        ...circumstances,
        accounts: [
          {
            name: NAME,
            token: TOKEN,
            properties: { contacts: [{ path: 'tributary_marker', type: 'text', unique: true }] },
          },
        ],
      }),
    person: (number) => ({ email: emailOf(number), lastname: nameOf(number) }),
    edit: (number) => ({ lastname: newNameOf(number) }),
  },
  pipedrive: {
    origin: 'https://acme.pipedrive.com',
    account: { vendor: 'pipedrive', company: 'acme', token: TOKEN },
    member: {
      collection: 'persons',
      fields: {
        email: {
          path: 'emails',
          transforms: [{ use: 'primary', value: 'value', flag: 'primary' }],
        },
        name: 'name',
      },
    },
    open: (circumstances) =>
      openPipedrive({
        ...circumstances,
        accounts: [
          {
            name: 'acme',
            token: TOKEN,
            abilities: { plan: 'ultimate', seats: 100 },
            fields: {
              persons: [{ path: 'a'.repeat(40), type: 'text', own: { name: 'tributary_marker' } }],
            },
          },
        ],
      }),
    person: (number) => ({
      name: nameOf(number),
      emails: [{ value: emailOf(number), primary: true, label: 'work' }],
    }),
    edit: (number) => ({ name: newNameOf(number) }),
  },
  twenty: {
    origin: 'https://twenty.example',
    account: { vendor: 'twenty', baseUrl: 'https://twenty.example', apiKey: TOKEN },
    member: {
      collection: 'people',
      fields: { email: 'emails.primaryEmail', name: 'name.lastName' },
    },
    open: (circumstances) =>
      openTwenty({
        ...circumstances,
        accounts: [
          {
            name: NAME,
            token: TOKEN,
            fields: { people: [customField('tributaryMarker', 'TEXT')] },
          },
        ],
      }),
    person: (number) => ({
      name: { firstName: '', lastName: nameOf(number) },
      emails: { primaryEmail: emailOf(number) },
    }),
    edit: (number) => ({ name: { firstName: '', lastName: newNameOf(number) } }),
  },
  rest: {
    origin: 'https://app.example',
    account: {
      vendor: 'rest',
      baseUrl: `https://app.example/apps/${NAME}`,
      auth: { kind: 'jwt', secret: TOKEN, subject: 'tributary', audience: 'rest' },
    },
    member: { collection: 'contacts', fields: { email: 'email', name: 'lastName' } },
    open: (circumstances) =>
      openRest({ ...circumstances, accounts: [{ name: NAME, token: TOKEN }] }),
    person: (number) => ({ email: emailOf(number), lastName: nameOf(number) }),
    edit: (number) => ({ lastName: newNameOf(number) }),
  },
};

/** A text that every one of the vendors keeps as it is. */
function emailOf(number: number): string {
  return `anna.${number}@example.com`;
}

function nameOf(number: number): string {
  return `Kovács ${number}`;
}

function newNameOf(number: number): string {
  return `Kovács-Tóth ${number}`;
}

// ---------------------------------------------------------------------------------------------
// The measurements

const PAIRS = [
  ['grumpy', 'rest'],
  ['hubspot', 'rest'],
  ['rest', 'hubspot'],
  ['hubspot', 'pipedrive'],
  ['pipedrive', 'hubspot'],
  ['twenty', 'rest'],
  ['rest', 'twenty'],
] as const;

const SECRET = 'a key of the bench';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const { values: given } = parseArgs({
  options: { records: { type: 'string', default: '10000' }, only: { type: 'string' } },
});
const only = given.only?.split(',') ?? Object.keys(PLACES);
const records = Number(given.records);
if (!Number.isSafeInteger(records) || records < 100) {
  console.error('--records is a whole number from 100 on.');
  process.exit(2);
}
for (const [from, to] of PAIRS) {
  if (only.includes(from) && only.includes(to)) await measure(from, to);
}

async function measure(from: string, to: string): Promise<void> {
  console.log(`\n${from} to ${to}, ${records} records`);
  const site = await openSite(from, to);
  const [source, target] = site.sides;
  const pages = (side: Side, count: number): number =>
    Math.max(1, Math.ceil(count / side.can.batch.list));
  const writes = (side: Side, op: 'create' | 'update', count: number): number =>
    Math.ceil(count / side.can.batch[op]);

  const ids: string[] = [];
  for (let number = 0; number < records; number += 1) {
    ids.push(source.hands.create(source.collection, source.place.person(number)));
    await site.pass(100);
  }
  await site.run('first sync', {
    full: true,
    least: [1 + pages(source, records), 2 + writes(target, 'create', records)],
  });
  await site.assertAgreement();
  await site.rest();
  await site.run('no change', { least: [2, 2] });
  const edited = ids.filter((_, number) => number % 100 === 0);
  for (const [number, id] of edited.entries()) {
    source.hands.edit(source.collection, id, source.place.edit(number));
  }
  // Some vendors list a change only after a while.
  await site.pass(MINUTE_MS);
  await site.run('one in a hundred', {
    least: [1 + pages(source, edited.length), 2 + writes(target, 'update', edited.length)],
  });
  await site.assertAgreement();
}

interface Side {
  readonly place: Place;
  readonly collection: string;
  readonly hands: Hands;
  readonly can: Can;
  /** How often it was asked for what, since somebody looked last. */
  readonly asked: Map<string, number>;
}

async function openSite(from: string, to: string) {
  const world = virtualWorld({ seed: `${from} ${to}`, eventsMax: Infinity });
  const config = configOf({ source: PLACES[from]!, target: PLACES[to]! });
  const sides = [
    await openSide(world, PLACES[from]!, config.accounts['source']!),
    await openSide(world, PLACES[to]!, config.accounts['target']!),
  ] as const;
  const store = new MemoryStore({ world, auditKey: SECRET });
  const engine = openEngine({
    store,
    world,
    connectors,
    secret: SECRET,
    configOf: ({ title }) => vendorConfigOf(config.accounts[title]!),
  });
  const setup = setupOf(config, world.clock.now());
  await store.saveSetup(setup);
  const work = { tenant: setup.tenant.id, sync: setup.syncs[0]!.id };

  async function pass(ms: number): Promise<void> {
    await world.runUntil(world.clock.now() + ms);
  }

  async function drain(full: boolean): Promise<void> {
    await inWorld(world, async () => {
      await engine.look(work.tenant, work.sync, { full });
      await engine.drain({ ...work, waitMs: HOUR_MS });
    });
  }

  return {
    sides,
    /** Brings everything in step, and tells what that took. */
    async run(
      name: string,
      { full = false, least }: { full?: boolean; least: readonly [number, number] },
    ): Promise<void> {
      for (const { asked } of sides) asked.clear();
      const beganAt = world.clock.now();
      const startedAt = performance.now();
      await drain(full);
      // What was written is listed as changed, which is to cost no more than to see it.
      await pass(MINUTE_MS);
      await drain(false);
      const asked = sides.map((side) => sum([...side.asked.values()]));
      const actions = sides.map(({ asked: calls }) =>
        [...calls].map(([action, count]) => `${action} ${count}`).join(', '),
      );
      console.log(
        [
          name.padEnd(17),
          `${(sum(asked) / sum(least)).toFixed(2)} x`,
          `${sum(asked)} calls of ${sum(least)}`,
          ...[from, to].map((vendor, n) => `${vendor} ${asked[n]}/${least[n]} (${actions[n]})`),
          `${Math.round((world.clock.now() - beganAt) / 1000)} s there`,
          `${((performance.now() - startedAt) / 1000).toFixed(1)} s here`,
        ].join(' · '),
      );
    },
    /** Nothing happens, and now and then somebody looks. */
    async rest(): Promise<void> {
      for (let times = 0; times < 3; times += 1) {
        await pass(HOUR_MS);
        await drain(false);
      }
      await pass(HOUR_MS);
    },
    pass,
    /** Compares everything; whatever differs ends the bench. */
    async assertAgreement(): Promise<void> {
      // The first time, what a vendor adds to an item by itself is new.
      await drain(true);
      await drain(true);
      for (const { counts } of await engine.certificates(work.tenant, work.sync)) {
        const { compared = 0, equal = 0 } = counts;
        if (compared === records && equal === records) continue;
        throw new Error(`${equal} of ${compared} records are the same; ${records} should be.`);
      }
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function configOf(places: { readonly source: Place; readonly target: Place }): Config {
  const each = Object.entries(places);
  const text = JSON.stringify({
    accounts: Object.fromEntries(each.map(([name, { account }]) => [name, account])),
    syncs: {
      people: {
        members: Object.fromEntries(each.map(([name, { member }]) => [name, member])),
        fields: { email: { kind: 'email', match: true }, name: 'text' },
      },
    },
  });
  return parseConfig(text, { file: 'bench', environment: {} });
}

async function openSide(
  world: VirtualWorld,
  place: Place,
  account: Config['accounts'][string],
): Promise<Side> {
  const asked = new Map<string, number>();
  const emulator = place.open({
    world,
    trouble({ action }) {
      // Whose account it is and what is in it is asked once, however much there is.
      if (action !== 'about' && action !== 'fields')
        asked.set(action, (asked.get(action) ?? 0) + 1);
      return undefined;
    },
  });
  world.serve(place.origin, (request) => emulator.handle(request));
  const { collection } = place.member;
  const connector = connectors.find(({ vendor }) => vendor === account.vendor)!;
  const can = await inWorld(world, async () => {
    const opened = await connector.open(connector.config.parse(vendorConfigOf(account)), world);
    const { can: abilities } = await opened.collection(collection);
    await opened.close();
    return abilities;
  });
  return { place, collection, hands: emulator.account(emulator.accounts[0]!), can, asked };
}
