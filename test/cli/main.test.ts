import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { openPostgresStore } from '../../runtime/store/postgres.ts';
import { endpointIdOf, syncIdOf, tenantIdOf } from '../../runtime/cli/config/names.ts';
import { quietWorld } from '../support/test-database.ts';
import { commandFloor, configOf, SECRET, type Fact } from './floor.ts';

describe('the command', () => {
  const floor = commandFloor();

  const named = (facts: readonly Fact[], event: string): Fact =>
    facts.find((fact) => fact['event'] === event)!;
  const writes = (): number =>
    ['crm', 'desk'].reduce((sum, name) => {
      const { create, update, delete: gone } = floor.grumpy.account(name).calls;
      return sum + [create, update, gone].reduce((all, tally) => all + (tally?.requests ?? 0), 0);
    }, 0);
  const people = (account: string) =>
    floor.grumpy
      .account(account)
      .items('people')
      .map(({ fields }) => fields);
  const byEmail = (account: string) =>
    people(account)
      .map(({ email, name, phone, stage }) => JSON.stringify({ email, name, phone, stage }))
      .toSorted();

  describe('with a configuration', () => {
    before(() => {
      floor.write('tributary.yaml', configOf({ tenant: 'main' }));
      const [crm, desk] = [floor.grumpy.account('crm'), floor.grumpy.account('desk')];
      crm.create('people', { email: 'anna@example.com', name: 'Anna', phone: '+36201234567' });
      crm.create('people', { email: 'bela@example.com', name: 'Béla' });
      desk.create('people', { email: 'ANNA@example.com', name: 'Anna', stage: 'lead' });
      desk.create('people', { email: 'csilla@example.com', name: 'Csilla' });
    });

    it('refuses to talk about a sync that never was', async () => {
      const { code, err } = await floor.run(['reviews']);
      assert.equal(code, 1);
      assert.match(err, /nothing was synced yet\. Run "tributary sync --once" first/);
    });

    it('says in one sentence that a token is wrong, and never repeats it', async () => {
      const { code, out, err } = await floor.run(['sync', '--once'], { CRM_TOKEN: 'sesame-4711' });
      assert.equal(code, 1);
      assert.match(err, /^Account "crm": grumpy refused the token .*Nothing was written\.\n$/);
      assert.doesNotMatch(out + err, /sesame-4711/);
      assert.equal(writes(), 0);
    });

    it('shows with --preview what it would write, and sends nothing', async () => {
      const { code, facts } = await floor.run(['sync', '--once', '--preview', '--json']);
      assert.equal(code, 0);
      assert.equal(writes(), 0);
      const planned = facts
        .filter(({ event }) => event === 'would-write')
        .map(({ account, op, after }) => [account, op, (after as Fact)['name']].join(' '));
      assert.deepEqual(planned.toSorted(), [
        'crm create Csilla',
        'crm update ',
        'desk create Béla',
        'desk update ',
      ]);
      assert.equal(named(facts, 'preview')['writes'], 4);
    });

    it('makes two systems that overlap the same, and ends with 0', async () => {
      const { code, out } = await floor.run(['sync', '--once']);
      assert.equal(code, 0);
      assert.match(out, /crm: 1 created, 1 updated, 0 deleted/);
      assert.match(out, /desk: 1 created, 1 updated, 0 deleted/);
      assert.equal(people('crm').length, 3);
      const small = (all: readonly string[]): string[] => all.map((each) => each.toLowerCase());
      assert.deepEqual(small(byEmail('crm')), small(byEmail('desk')));
    });

    it('writes nothing the second time, and certifies that all is equal', async () => {
      const before = writes();
      const { code, facts } = await floor.run(['sync', '--once', '--full', '--json']);
      assert.equal(code, 0);
      assert.equal(writes(), before);
      const certificates = named(facts, 'summary')['certificates'] as readonly Fact[];
      const told = certificates.map(({ account, compared, equal }) => [account, compared, equal]);
      assert.deepEqual(new Set(told.map(String)), new Set(['crm,3,3', 'desk,3,3']));
    });

    it('carries an edit on', async () => {
      const crm = floor.grumpy.account('crm');
      const bela = crm.items('people').find(({ fields }) => fields['name'] === 'Béla')!;
      crm.edit('people', bela.id, { name: 'Béla Nagy' });
      const { code, facts } = await floor.run(['sync', '--once', '--json']);
      assert.equal(code, 0);
      const { desk } = named(facts, 'summary')['written'] as Record<string, Fact>;
      assert.equal(desk!['updated'], 1);
      assert.ok(people('desk').some(({ name }) => name === 'Béla Nagy'));
    });

    it('asks about a match that is not certain, and settles it as it is told', async () => {
      floor.grumpy.account('desk').create('people', { name: 'A. Kovács', phone: '06 20 123 4567' });
      const asked = await floor.run(['sync', '--once']);
      assert.equal(asked.code, 2);
      assert.match(asked.out, /1 reviews wait for a person: tributary reviews/);

      const { code, facts } = await floor.run(['reviews', '--json']);
      assert.equal(code, 2);
      assert.equal(facts.length, 1);
      const { id, account, reason, choices } = facts[0]!;
      assert.deepEqual([account, reason], ['desk', 'weak-key']);
      const offered = (choices as readonly Fact[]).map(({ choice }) => choice);
      assert.deepEqual(offered, ['link', 'new', 'ignore']);
      const { out } = await floor.run(['reviews']);
      assert.match(out, /tributary resolve \S+ new +It is somebody new\./);

      const wrong = await floor.run(['resolve', String(id), 'perhaps']);
      assert.equal(wrong.code, 1);
      assert.match(wrong.err, /takes one of: link, new, ignore/);
      assert.equal((await floor.run(['resolve', String(id), 'new'])).code, 0);
      assert.equal((await floor.run(['sync', '--once'])).code, 0);
      assert.ok(people('crm').some(({ name }) => name === 'A. Kovács'));
    });

    it('asks about two people whom a vendor merged, and follows it when told to', async () => {
      const crm = floor.grumpy.account('crm');
      const idOf = (email: string): string =>
        crm.items('people').find(({ fields }) => fields['email'] === email)!.id;
      crm.merge('people', idOf('bela@example.com'), idOf('csilla@example.com'));
      assert.equal((await floor.run(['sync', '--once'])).code, 2);
      const { facts } = await floor.run(['reviews', '--json']);
      const { id, reason, choices } = facts[0]!;
      assert.equal(reason, 'remote-merge');
      const offered = (choices as readonly Fact[]).map(({ choice }) => choice);
      assert.deepEqual(offered, ['follow', 'separate']);
      assert.equal((await floor.run(['resolve', String(id), 'follow'])).code, 0);
      assert.equal((await floor.run(['sync', '--once'])).code, 0);
      assert.ok(people('desk').every(({ name }) => name !== 'Béla Nagy'));
    });

    it('shows a conflict with the values of both, and takes the one that is chosen', async () => {
      for (const [account, stage] of [
        ['crm', 'customer'],
        ['desk', 'lead'],
      ] as const) {
        const hands = floor.grumpy.account(account);
        const csilla = hands.items('people').find(({ fields }) => fields['name'] === 'Csilla')!;
        hands.edit('people', csilla.id, { stage });
      }
      assert.equal((await floor.run(['sync', '--once'])).code, 2);
      const { code, facts } = await floor.run(['conflicts', '--json']);
      assert.equal(code, 2);
      const { id, field, kind, choices } = facts[0]!;
      assert.deepEqual([facts.length, field, kind], [1, 'stage', 'contested']);
      assert.deepEqual(choices, [
        { choice: 'crm', value: 'customer' },
        { choice: 'desk', value: 'lead' },
      ]);
      assert.equal((await floor.run(['resolve', String(id), 'crm'])).code, 0);
      assert.equal((await floor.run(['sync', '--once'])).code, 0);
      const stages = people('desk').filter(({ name }) => name === 'Csilla');
      assert.deepEqual(
        stages.map(({ stage }) => stage),
        ['customer'],
      );
    });

    it('lists dead letters, and tries them again', async () => {
      await giveUpOn('never-there');
      const { code, facts } = await floor.run(['dead-letters', '--json']);
      assert.equal(code, 2);
      const { id, about, message } = facts[0]!;
      assert.deepEqual([facts.length, about, message], [1, 'crm never-there', 'It is no use.']);
      const told = await floor.run(['status']);
      assert.equal(told.code, 2);
      assert.match(told.out, /1 dead letters wait for a person: tributary dead-letters/);

      assert.equal((await floor.run(['replay', String(id)])).code, 0);
      assert.equal((await floor.run(['sync', '--once'])).code, 0);
      const again = await floor.run(['dead-letters']);
      assert.deepEqual([again.code, again.out], [0, 'Nothing waits here.\n']);
    });

    it('tells what was done lately', async () => {
      const { code, facts } = await floor.run(['runs', '--json', '--limit', '3']);
      assert.equal(code, 0);
      assert.equal(facts.length, 3);
      assert.ok(facts.every(({ sync, trigger }) => sync === 'people' && trigger === 'command'));
    });

    /** As the engine does with work that failed for good. */
    async function giveUpOn(remoteId: string): Promise<void> {
      const tenant = tenantIdOf('main');
      const key = {
        kind: 'item',
        sync: syncIdOf('main', 'people'),
        endpoint: endpointIdOf('main', 'crm'),
        remoteId,
      } as const;
      const { connection } = floor.database;
      const store = await openPostgresStore({ connection, world: quietWorld, auditKey: SECRET });
      const now = quietWorld.clock.now();
      await store.mark(tenant, { now, marks: [{ key, priority: 0, windowMs: 0 }] });
      const request = { now, leaseMs: 60_000, limit: 1, tenant, sync: key.sync };
      const [lease] = await store.claim(request);
      const deadLetter = { code: 'refused', message: 'It is no use.', payload: null, attempts: 3 };
      await store.commit(tenant, now, [{ lease: lease!, ending: 'done', deadLetter }]);
      await store.close();
    }
  });

  describe('on a bare machine', () => {
    const OWN = { DATABASE_URL: '', TRIBUTARY_SECRET: '' };

    it('writes a configuration that works with the practice vendor, and never writes over one', async () => {
      const inside = (name: string): string => path.join(floor.folder, name);
      const file = 'own.yaml';
      assert.equal((await floor.run(['init', '--file', file])).code, 0);
      assert.ok(existsSync(inside('tributary.schema.json')));
      const again = await floor.run(['init', '--file', file]);
      assert.equal(again.code, 1);
      assert.match(again.err, /own\.yaml is there already and was left alone/);

      const practice = floor.start(['emulate', 'grumpy', '--port', '0', '--records', '2']);
      const [, url = ''] = await practice.says(/ready at (\S+)/);
      const text = readFileSync(inside(file), 'utf8');
      floor.write(file, text.replaceAll('http://127.0.0.1:4010', url));
      const { code, facts } = await floor.run(['sync', '--once', '--json', '--config', file], OWN);
      assert.equal(code, 0);
      const { open } = named(facts, 'summary') as { open: unknown };
      assert.deepEqual(open, { conflicts: 0, reviews: 0, deadLetters: 0 });
      assert.equal(statSync(inside('.tributary/secrets.json')).mode & 0o077, 0);
      practice.child.kill('SIGTERM');
      assert.equal((await practice.ended).code, 0);
    });
  });

  describe('misused', () => {
    it('says in one line what there is', async () => {
      const [command, option] = await Promise.all([
        floor.run(['frobnicate']),
        floor.run(['sync', '--twice']),
      ]);
      assert.deepEqual([command.code, command.out], [1, '']);
      assert.match(
        command.err,
        /^There is no command "frobnicate"\. There are: init, setup, sync, [^\n]+\n$/,
      );
      assert.deepEqual([option.code, option.out], [1, '']);
      assert.match(option.err, /^tributary sync: Unknown option '--twice'\. [^\n]+\n$/);
    });

    it('helps', async () => {
      const [all, one, version] = await Promise.all([
        floor.run(['--help']),
        floor.run(['sync', '--help']),
        floor.run(['--version']),
      ]);
      assert.match(all.out, /^ {2}dead-letters {2}work that failed for good$/m);
      assert.match(one.out, /^ {2}--wait <seconds> /m);
      assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
      assert.deepEqual([all.code, one.code, version.code], [0, 0, 0]);
    });
  });
});
