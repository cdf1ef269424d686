import assert from 'node:assert/strict';
import pg from 'pg';
import { openContacts, type ContactItem, type Contacts } from '../../runtime/contacts/contacts.ts';
import type { CollectionName, Fields } from '../../runtime/contacts/fields.ts';
import type { TenantId } from '../../runtime/store/store.ts';
import { createTestDatabase, quietWorld, type TestDatabase } from '../support/test-database.ts';

const EVERYTHING = { limit: 10_000, byTime: true, includeDeleted: true, search: {} } as const;

describe('the contact store', () => {
  let database: TestDatabase;
  let tenant: TenantId;
  let contacts: Contacts;
  const opened: Contacts[] = [];

  before(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    tenant = quietWorld.newId() as TenantId;
    contacts = await open(tenant);
  });
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));
  after(() => database.drop());

  async function open(whose: TenantId, now?: () => number): Promise<Contacts> {
    const clock = { ...quietWorld.clock, ...(now && { now }) };
    const { connection } = database;
    const made = await openContacts({ connection, world: { ...quietWorld, clock }, tenant: whose });
    opened.push(made);
    return made;
  }

  const make = async (
    fields: Fields,
    collection: CollectionName = 'contacts',
  ): Promise<ContactItem> => (await contacts.create(collection, fields)).item;
  const changes = (collection: CollectionName = 'contacts') =>
    contacts.list(collection, EVERYTHING);
  const found = async (search: Record<string, string>): Promise<string[]> => {
    const items = await contacts.list('contacts', { ...EVERYTHING, includeDeleted: false, search });
    return items.map(({ id }) => id);
  };

  describe('changes', () => {
    it('what it is told, leaves the rest, and counts', async () => {
      const { id, ...made } = await make({ firstName: 'Anna', tags: ['vip'] });
      assert.deepEqual([made.version, made.state, made.fields['email']], [1, 'live', null]);
      const changed = await contacts.update('contacts', id, { lastName: 'Kovács', tags: [] });
      assert.deepEqual(changed.fields, { ...made.fields, lastName: 'Kovács', tags: [] });
      assert.equal(changed.version, 2);
      assert.ok(changed.updatedAt > made.updatedAt && changed.createdAt === made.createdAt);
      assert.deepEqual(await contacts.read('contacts', id), changed);
    });

    it('nothing, and counts nothing, when everything is as it is told', async () => {
      const made = await make({ firstName: 'Anna', tags: ['vip'] });
      const again = { firstName: 'Anna', lastName: null, tags: ['vip'] };
      assert.deepEqual(await contacts.update('contacts', made.id, again), made);
      await contacts.remove('contacts', made.id);
      const deleted = await contacts.remove('contacts', made.id);
      assert.equal(deleted.version, 2);
      await contacts.restore('contacts', made.id);
      assert.equal((await contacts.restore('contacts', made.id)).version, 3);
    });

    it('only the version that was named', async () => {
      const { id } = await make({ firstName: 'Anna' });
      await contacts.update('contacts', id, { firstName: 'Panni' }, 1);
      const late = { status: 412, message: /has version 2 by now, not 1\./ };
      await assert.rejects(contacts.update('contacts', id, { firstName: 'Ann' }, 1), late);
      await assert.rejects(contacts.remove('contacts', id, 1), late);
      await contacts.remove('contacts', id, 2);
    });

    it('one item by one of many who write on condition at the same time', async () => {
      const { id } = await make({ firstName: 'Anna' });
      const names = Array.from({ length: 8 }, (_, number) => `Anna ${number}`);
      const ends = await Promise.allSettled(
        names.map((firstName) => contacts.update('contacts', id, { firstName }, 1)),
      );
      assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal((await contacts.read('contacts', id)).version, 2);
    });

    it('nothing that is not there', async () => {
      const missing = { status: 404, message: /There is no contact with the id/ };
      const company = await make({ name: 'Firma' }, 'companies');
      for (const id of ['12', quietWorld.newId(), company.id]) {
        await assert.rejects(contacts.read('contacts', id), missing);
        await assert.rejects(contacts.update('contacts', id, {}), missing);
        await assert.rejects(contacts.remove('contacts', id), missing);
        await assert.rejects(contacts.restore('contacts', id), missing);
        await assert.rejects(contacts.purge('contacts', id), missing);
      }
    });
  });

  describe('has an e-mail address once', () => {
    const taken = (existingId: string) => ({ status: 409, path: 'email', existingId });

    it('in whatever spelling, when one is made, changed or restored', async () => {
      const first = await make({ email: 'anna@example.com' });
      await assert.rejects(make({ email: ' ANNA@Example.COM' }), taken(first.id));
      const other = await make({ email: 'bela@example.com' });
      const clash = contacts.update('contacts', other.id, { email: 'Anna@example.com' });
      await assert.rejects(clash, taken(first.id));
      await contacts.remove('contacts', first.id);
      const second = await make({ email: 'ANNA@example.com' });
      await assert.rejects(contacts.restore('contacts', first.id), taken(second.id));
      await contacts.update('contacts', second.id, { email: null });
      assert.equal((await contacts.restore('contacts', first.id)).state, 'live');
    });

    it('of many who come with it at the same time', async () => {
      const others = [contacts, await open(tenant)];
      const ends = await Promise.allSettled(
        Array.from({ length: 10 }, (_, number) =>
          others[number % 2]!.create('contacts', {
            email: number < 5 ? 'anna@example.com' : 'Anna@Example.com',
          }),
        ),
      );
      assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const end of ends) {
        if (end.status === 'rejected') assert.equal((end.reason as { status: number }).status, 409);
      }
      assert.equal((await found({ email: 'anna@example.com' })).length, 1);
    });

    it('and is found by it in any spelling, unless it is deleted', async () => {
      const { id } = await make({ email: 'Anna@Example.com' });
      assert.deepEqual(await found({ email: 'ANNA@EXAMPLE.COM' }), [id]);
      assert.deepEqual(await found({ email: 'anna' }), []);
      await contacts.remove('contacts', id);
      assert.deepEqual(await found({ email: 'anna@example.com' }), []);
    });
  });

  describe('makes no second item', () => {
    it('for a create that is repeated, whatever has become of the first', async () => {
      const fields = { email: 'anna@example.com', externalId: 'mark' };
      const { item, made } = await contacts.create('contacts', fields);
      assert.equal(made, true);
      const again = () => contacts.create('contacts', { ...fields, lastName: null, tags: [] });
      assert.deepEqual(await again(), { item, made: false });
      const edited = await contacts.update('contacts', item.id, { email: 'other@example.com' });
      assert.deepEqual(await again(), { item: edited, made: false });
      const deleted = await contacts.remove('contacts', item.id);
      assert.deepEqual(await again(), { item: deleted, made: false });
      assert.equal((await changes()).length, 1);
    });

    it('with the same external id, of which only the same create is a repetition', async () => {
      const { id } = await make({ externalId: 'mark', firstName: 'Anna' });
      const taken = { status: 409, path: 'externalId', existingId: id };
      await assert.rejects(make({ externalId: 'mark', firstName: 'Béla' }), taken);
      const other = await make({ firstName: 'Béla' });
      const clash = contacts.update('contacts', other.id, { externalId: 'mark' });
      await assert.rejects(clash, taken);
      assert.deepEqual(await found({ externalId: 'mark' }), [id]);
      // Companies have external ids of their own.
      await make({ externalId: 'mark' }, 'companies');
    });
  });

  it('lets contacts belong to a company that is there', async () => {
    const company = await make({ name: 'Firma' }, 'companies');
    const anna = await make({ companyId: company.id });
    assert.deepEqual(await found({ companyId: company.id.toUpperCase() }), [anna.id]);
    await contacts.remove('companies', company.id);
    const missing = { status: 422, path: 'companyId' };
    for (const companyId of [company.id, quietWorld.newId(), anna.id]) {
      await assert.rejects(make({ companyId }), missing);
    }
    // What it belonged to before is nobody's business now.
    await contacts.update('contacts', anna.id, { firstName: 'Anna' });
    await contacts.restore('companies', company.id);
    assert.deepEqual(await found({ companyId: company.id }), [anna.id]);
  });

  it('keeps any text as it is', async () => {
    const odd = {
      firstName: 'nul \0 here',
      lastName: 'half \ud800',
      externalId: 'x\0',
      tags: ['\u0010'],
    };
    const { id } = await make(odd);
    const { fields } = await contacts.read('contacts', id);
    for (const [name, value] of Object.entries(odd)) assert.deepEqual(fields[name], value);
    assert.deepEqual(await found({ externalId: 'x\0' }), [id]);
  });

  describe('purges', () => {
    const secrets = { firstName: 'Canary', email: 'canary@example.com', externalId: 'canary-mark' };
    const rows = () =>
      database.sql<{ row: string }>(
        'select to_jsonb(i)::text as row from tributary.contact_item i where tenant_id = $1',
        [tenant],
      );

    it('only what is deleted, and leaves nothing of it but that it was there', async () => {
      const { id } = await make(secrets);
      const early = { status: 409, message: /is not deleted\. .* delete it first\./ };
      await assert.rejects(contacts.purge('contacts', id), early);
      await contacts.remove('contacts', id);
      assert.match(JSON.stringify(await rows()), /canary/i);
      await contacts.purge('contacts', id);
      assert.doesNotMatch(JSON.stringify(await rows()), /canary/i);
      const [tombstone] = await changes();
      assert.deepEqual([tombstone!.id, tombstone!.state, tombstone!.version], [id, 'purged', 3]);
      assert.deepEqual(
        new Set(Object.values(tombstone!.fields).map(String)),
        new Set(['null', '']),
      );
      const gone = { status: 410, message: /was purged\./ };
      await assert.rejects(contacts.read('contacts', id), gone);
      await assert.rejects(contacts.update('contacts', id, {}), gone);
      await assert.rejects(contacts.remove('contacts', id), gone);
      await assert.rejects(contacts.restore('contacts', id), gone);
      await contacts.purge('contacts', id);
      assert.equal((await changes())[0]!.version, 3);
    });

    it('so that what it had can be had by somebody new', async () => {
      const first = await make(secrets);
      await contacts.remove('contacts', first.id);
      await contacts.purge('contacts', first.id);
      const { item, made } = await contacts.create('contacts', secrets);
      assert.ok(made && item.id !== first.id);
    });

    it('a company, and contacts belong to it no more', async () => {
      const company = await make({ name: 'Firma' }, 'companies');
      const { id } = await make({ companyId: company.id });
      await contacts.remove('companies', company.id);
      await contacts.purge('companies', company.id);
      const { fields, version } = await contacts.read('contacts', id);
      assert.deepEqual([fields['companyId'], version], [null, 2]);
    });

    it('all that was deleted before a time, as many at once as it is told', async () => {
      const ids: string[] = [];
      for (const firstName of ['A', 'B', 'C', 'D']) ids.push((await make({ firstName })).id);
      for (const id of ids.slice(0, 3)) await contacts.remove('contacts', id);
      const [, , third] = await Promise.all(ids.map((id) => contacts.read('contacts', id)));
      assert.equal(await contacts.purgeBefore('contacts', third!.updatedAt, 1), 1);
      assert.equal(await contacts.purgeBefore('contacts', third!.updatedAt, 9), 1);
      assert.equal(await contacts.purgeBefore('contacts', third!.updatedAt, 9), 0);
      const states = new Map((await changes()).map(({ id, state }) => [id, state]));
      assert.deepEqual(
        ids.map((id) => states.get(id)),
        ['purged', 'purged', 'deleted', 'live'],
      );
    });
  });

  describe('tells changes', () => {
    it('in the order of their times, deleted and purged ones as well, page by page', async () => {
      const ids: string[] = [];
      for (const firstName of ['A', 'B', 'C']) ids.push((await make({ firstName })).id);
      await contacts.update('contacts', ids[0]!, { firstName: 'A2' });
      await contacts.remove('contacts', ids[1]!);
      const told: string[] = [];
      let last: ContactItem | undefined;
      for (;;) {
        const after = last && { at: last.updatedAt, id: last.id };
        const request = { ...EVERYTHING, limit: 1, ...(after && { after }) };
        const [item] = await contacts.list('contacts', request);
        if (item === undefined) break;
        told.push(item.id);
        last = item;
      }
      assert.deepEqual(told, [ids[2], ids[0], ids[1]]);
      const since = await contacts.list('contacts', { ...EVERYTHING, since: last!.updatedAt });
      assert.deepEqual(
        since.map(({ id, state }) => [id, state]),
        [[ids[1], 'deleted']],
      );
    });

    it('by times that only grow, also when the clock stands still or steps back', async () => {
      let now = 5_000;
      const odd = await open(tenant, () => now);
      const times: number[] = [];
      for (const next of [5_000, 5_000, 4_000, 9_000]) {
        now = next;
        times.push((await odd.create('contacts', {})).item.updatedAt);
      }
      assert.deepEqual(times, [5_000, 5_001, 5_002, 9_000]);
    });

    it('after whatever has the next time waited for the one before it to be committed', async () => {
      const early = new pg.Client(database.connection);
      await early.connect();
      try {
        await early.query('set role tributary_app; set search_path = tributary');
        await early.query(`begin; set local app.tenant = '${tenant}'`);
        const { rows } = await early.query<{ at: string }>(
          `insert into contact_clock values ($1, $2)
           on conflict (tenant_id) do update set at = greatest(contact_clock.at + 1, excluded.at)
           returning at`,
          [tenant, quietWorld.clock.now()],
        );
        const later = contacts.create('contacts', { firstName: 'Later' });
        const end = await Promise.race([later.then(() => 'overtook'), waits()]);
        assert.equal(end, 'waits');
        assert.deepEqual(await changes(), []);
        await early.query('commit');
        assert.ok((await later).item.updatedAt > Number(rows[0]!.at));
      } finally {
        await early.end();
      }
    });

    /** Until a statement of ours waits for somebody. */
    async function waits(): Promise<'waits'> {
      for (;;) {
        const [one] = await database.sql(
          `select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
        );
        if (one !== undefined) return 'waits';
      }
    }

    it('so that a reader who goes on from where he was misses none of many writers', async () => {
      const writers = [contacts, await open(tenant), await open(tenant)];
      const seen = new Map<string, number>();
      let place: { at: number; id: string } | undefined;
      const look = async (): Promise<number> => {
        const request = { ...EVERYTHING, limit: 7, ...(place && { after: place }) };
        const told = await contacts.list('contacts', request);
        for (const { id, version, updatedAt } of told) {
          seen.set(id, version);
          place = { at: updatedAt, id };
        }
        return told.length;
      };
      const writing = { isDone: false };
      const written = Promise.all(
        writers.map(async (writer, number) => {
          for (let turn = 0; turn < 12; turn += 1) {
            const { item } = await writer.create('contacts', { firstName: `${number} ${turn}` });
            if (turn % 2 === 0) await writer.update('contacts', item.id, { lastName: 'x' });
            if (turn % 3 === 0) await writer.remove('contacts', item.id);
          }
        }),
      ).finally(() => (writing.isDone = true));
      while (!writing.isDone) await look();
      await written;
      while ((await look()) > 0);
      const truth = (await changes()).map(({ id, version }) => [id, version] as const);
      assert.equal(truth.length, 36);
      assert.deepEqual(seen, new Map(truth));
    });
  });

  it('keeps tenants apart', async () => {
    const other = await open(quietWorld.newId() as TenantId);
    const { id } = await make({ email: 'anna@example.com', externalId: 'mark' });
    assert.deepEqual(await other.list('contacts', EVERYTHING), []);
    await assert.rejects(other.read('contacts', id), { status: 404 });
    await assert.rejects(other.update('contacts', id, { firstName: 'x' }), { status: 404 });
    const theirs = await other.create('contacts', {
      email: 'anna@example.com',
      externalId: 'mark',
    });
    assert.ok(theirs.made && theirs.item.id !== id);
    const company = await other.create('companies', {});
    await assert.rejects(make({ companyId: company.item.id }), { status: 422 });
  });
});
