import assert from 'node:assert/strict';
import pg from 'pg';
import { tenantIdOf } from '../../../runtime/cli/config/names.ts';
import { commandFloor, configOf, type Fact } from '../floor.ts';

describe('the commands about runs and records', () => {
  const floor = commandFloor();
  const runs: Record<string, string> = {};

  before(() => {
    floor.write('tributary.yaml', configOf({ tenant: 'orders' }));
    crm().create('people', { email: 'anna@example.com', name: 'Anna' });
    crm().create('people', { email: 'bela@example.com', name: 'Béla' });
  });

  const crm = () => floor.grumpy.account('crm');
  const desk = () => floor.grumpy.account('desk');
  const namesAt = (hands: ReturnType<typeof crm>): string[] =>
    hands
      .items('people')
      .map(({ fields }) => fields['name'] as string)
      .toSorted((a, b) => (a < b ? -1 : 1));
  const idAt = (hands: ReturnType<typeof crm>, email: string): string =>
    hands.items('people').find(({ fields }) => fields['email'] === email)!.id;
  const named = (facts: readonly Fact[], event: string): Fact => {
    const fact = facts.find((each) => each['event'] === event);
    assert.ok(fact, `nothing was told about: ${event}`);
    return fact;
  };
  const writtenAt = (facts: readonly Fact[], event: string, account: string): Fact =>
    (named(facts, event)['written'] as Record<string, Fact>)[account]!;

  describe('apply', () => {
    it('has a preview that names its run, shows each write once and can be repeated', async () => {
      for (const time of ['first', 'second']) {
        const { code, facts } = await floor.run(['sync', '--once', '--preview', '--json']);
        assert.equal(code, 0);
        assert.equal(facts.filter(({ event }) => event === 'would-write').length, 2, time);
        runs['preview'] = String(named(facts, 'preview')['run']);
      }
      assert.deepEqual(namesAt(desk()), []);
    });

    it('sends what was shown, tells what has moved, and ends with 2 then', async () => {
      crm().edit('people', idAt(crm(), 'anna@example.com'), { name: 'Anna Nagy' });
      const { code, facts } = await floor.run(['apply', runs['preview']!, '--json']);
      assert.equal(code, 2);
      assert.deepEqual(writtenAt(facts, 'apply', 'desk'), {
        created: 1,
        updated: 0,
        deleted: 0,
        failed: 0,
      });
      const { account, op, after } = named(facts, 'moved');
      assert.deepEqual([account, op, (after as Fact)['name']], ['desk', 'create', 'Anna Nagy']);
      assert.deepEqual(namesAt(desk()), ['Béla']);
    });

    it('is told by the next preview what would happen now, and says the same to people', async () => {
      const shown = await floor.run(['sync', '--once', '--preview']);
      assert.match(
        shown.out,
        /^people: create at desk \(missing-there\)\n {4}\w+: \(empty\) -> "/m,
      );
      const [, run] = /to send exactly these: tributary apply (\S+)$/m.exec(shown.out)!;
      runs['second preview'] = run!;
      const { code, out } = await floor.run(['apply', run!]);
      assert.equal(code, 0);
      assert.match(out, /^ {2}desk: 1 created, 0 updated, 0 deleted$/m);
      assert.deepEqual(namesAt(desk()), ['Anna Nagy', 'Béla']);
    });

    it('knows runs only, and previews only', async () => {
      const unknown = await floor.run(['apply', '00000000-0000-7000-8000-000000000000']);
      assert.equal(unknown.code, 1);
      assert.match(unknown.err, /^There is no run 0{8}-\S+, [^\n]+List the runs[^\n]+\n$/);
      const { facts } = await floor.run(['runs', '--json']);
      const { id } = facts.find(({ trigger }) => String(trigger).startsWith('apply'))!;
      const wrong = await floor.run(['apply', String(id)]);
      assert.equal(wrong.code, 1);
      assert.match(wrong.err, /did not show any write/);
    });
  });

  describe('undo', () => {
    before(async () => {
      crm().edit('people', idAt(crm(), 'anna@example.com'), { name: 'Wrong' });
      crm().edit('people', idAt(crm(), 'bela@example.com'), { name: 'Wrong too' });
      const { code, facts } = await floor.run(['sync', '--once', '--json']);
      assert.equal(code, 0);
      runs['mistake'] = String(named(facts, 'summary')['run']);
      assert.deepEqual(namesAt(desk()), ['Wrong', 'Wrong too']);
    });

    it('shows with --preview what it would write, and sends nothing', async () => {
      const { code, facts } = await floor.run(['undo', runs['mistake']!, '--preview', '--json']);
      assert.equal(code, 0);
      const planned = facts
        .filter(({ event }) => event === 'would-write')
        .map(({ account, before, after }) =>
          [account, (before as Fact)['name'], (after as Fact)['name']].join(' '),
        );
      assert.deepEqual(planned.toSorted(), [
        'crm Wrong Anna Nagy',
        'crm Wrong too Béla',
        'desk Wrong Anna Nagy',
        'desk Wrong too Béla',
      ]);
      assert.deepEqual(namesAt(crm()), ['Wrong', 'Wrong too']);
    });

    it('puts the old values back everywhere, leaves alone what was edited since, and says so', async () => {
      desk().edit('people', idAt(desk(), 'anna@example.com'), { name: 'Right' });
      const { code, facts } = await floor.run(['undo', runs['mistake']!, '--json']);
      assert.equal(code, 2);
      const { field, why } = named(facts, 'left-alone');
      assert.deepEqual([field, why], ['name', 'edited since']);
      runs['undo'] = String(named(facts, 'undo')['run']);
      assert.equal((await floor.run(['sync', '--once'])).code, 0);
      assert.deepEqual(
        [namesAt(crm()), namesAt(desk())],
        [
          ['Béla', 'Right'],
          ['Béla', 'Right'],
        ],
      );
    });

    it('can itself be undone', async () => {
      const { code, out } = await floor.run(['undo', runs['undo']!]);
      assert.match(out, /^ {2}crm: 0 created, 1 updated, 0 deleted$/m);
      assert.match(out, /^ {2}desk: 0 created, 1 updated, 0 deleted$/m);
      assert.equal(code, 0, out);
      assert.deepEqual(
        [namesAt(crm()), namesAt(desk())],
        [
          ['Right', 'Wrong too'],
          ['Right', 'Wrong too'],
        ],
      );
    });

    it('is noted in the audit, as is apply, under the name of whoever ordered it', async () => {
      const client = new pg.Client(floor.database.connection);
      await client.connect();
      try {
        await client.query(`select set_config('app.tenant', $1, false)`, [tenantIdOf('orders')]);
        const { rows } = await client.query<{ item: Fact }>(
          'select jsonb_array_elements(items) as item from audit order by sequence',
        );
        const orders = rows.filter(({ item }) => String(item['actor']).endsWith('(command line)'));
        assert.deepEqual(
          orders.map(({ item }) => [item['action'], item['cause']]),
          [
            ['apply', runs['preview']],
            ['apply', runs['second preview']],
            ['undo', runs['mistake']],
            ['undo', runs['undo']],
          ],
        );
      } finally {
        await client.end();
      }
    });
  });

  describe('explain', () => {
    it('tells where a value comes from, and that nothing stops it', async () => {
      const id = idAt(crm(), 'anna@example.com');
      const { code, facts } = await floor.run(['explain', 'people', 'crm', id, 'name', '--json']);
      assert.equal(code, 0);
      const { life, gate, fields } = facts[0]!;
      assert.deepEqual([life, gate], ['live', undefined]);
      const [{ field, value, origin, rule, systems } = {}, ...others] = fields as readonly Fact[];
      assert.deepEqual(others, []);
      assert.deepEqual([field, value, origin, rule], ['name', 'Right', 'desk', 'newest-edit']);
      assert.deepEqual(
        (systems as readonly Fact[]).map(({ account, state }) => [account, state].join(' ')),
        ['crm in step', 'desk in step'],
      );
      const { out } = await floor.run(['explain', 'people', 'crm', id]);
      assert.match(
        out,
        /^name: "Right"\n {4}from desk, \d{4}-\S+Z\n {4}newest-edit: Several systems/m,
      );
      assert.match(out, /^Nothing stops it\.\n$/m);
    });

    it('tells what stops a record, with the next step, and ends with 2', async () => {
      const { code, out } = await floor.run(['explain', 'people', 'crm', 'never-there']);
      assert.equal(code, 2);
      assert.match(
        out,
        /^Stopped \(never-seen\): This item has never been looked at.*\nNext: Check/m,
      );
    });

    it('says in one line what there is instead', async () => {
      const id = idAt(crm(), 'anna@example.com');
      const [sync, account, field] = await Promise.all([
        floor.run(['explain', 'peolpe', 'crm', id]),
        floor.run(['explain', 'people', 'cmr', id]),
        floor.run(['explain', 'people', 'crm', id, 'nmae']),
      ]);
      assert.deepEqual([sync.code, account.code, field.code], [1, 1, 1]);
      assert.match(sync.err, /^There is no sync "peolpe"\. There are: people\.\n$/);
      assert.match(
        account.err,
        /^"cmr" is no member of the sync "people"\. There are: crm, desk\.\n$/,
      );
      assert.match(field.err, /has no field "nmae", but email, name, phone, stage\./);
    });
  });
});
