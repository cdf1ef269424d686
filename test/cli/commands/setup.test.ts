import assert from 'node:assert/strict';
import { openHubSpot, type HubSpot } from '../../../runtime/emulators/hubspot/hubspot.ts';
import { ground, PASSWORD, type Ground } from '../../connectors/postgres/setting.ts';
import { served, type Server } from '../../emulators/served.ts';
import { commandFloor, type Fact } from '../floor.ts';

const MARKER = 'tributary_marker';

describe('the command setup', () => {
  const floor = commandFloor();
  let hubspot: Server<HubSpot>;
  let app: Ground;
  let owner: string;

  before(async () => {
    hubspot = await served(openHubSpot);
    app = await ground();
    owner = app.login();
    const { database } = app.database.connection;
    app.hands.sql(`grant create on database ${database} to ${owner};
      create schema app authorization ${owner}; set role ${owner};
      create table app.people (id int generated always as identity primary key, email text, name text);
      reset role`);
    const table = { name: 'app.people', marker: 'our_marker' };
    const login = { host: '127.0.0.1', port: app.wire.port, database, user: owner };
    const account = { ...login, password: PASSWORD, encryption: 'none', tables: [table] };
    floor.write(
      'tributary.yaml',
      `
tenant: setup
allow: [127.0.0.1]
accounts:
  crm: { vendor: hubspot, baseUrl: "${hubspot.url}", token: "\${CRM_TOKEN:-pat-eu1-demo-hubspot}" }
  app: ${JSON.stringify({ vendor: 'postgres', ...account })}
  desk: { vendor: grumpy, baseUrl: "\${GRUMPY}", token: token-of-desk }
syncs:
  people:
    members:
      crm: { collection: contacts, fields: { email: email, name: lastname } }
      app: { collection: app.people, fields: { email: email, name: name } }
    fields: { email: { kind: email, match: true }, name: text }
`,
    );
  });
  after(async () => {
    await hubspot.close();
    await app.stop();
  });

  const told = (facts: readonly Fact[], event: string): readonly string[] =>
    facts
      .filter((fact) => fact['event'] === event)
      .map(({ account, collection, what }) => {
        const [, short] = /"(\w+)"/.exec(String(what)) ?? [];
        return `${account as string} ${collection as string} ${short}`;
      });
  const ALL = [`crm contacts ${MARKER}`, 'app app.people tributary', 'app app.people our_marker'];
  const propertyThere = (): boolean =>
    hubspot.emulator
      .account('hubspot')
      .fields('contacts')
      .some(({ path }) => path === MARKER);

  it('says what is missing, and makes nothing in a preview', async () => {
    const { code, facts } = await floor.run(['setup', '--preview', '--json']);
    assert.equal(code, 2);
    assert.deepEqual(told(facts, 'missing'), ALL);
    assert.ok(!propertyThere());
    assert.deepEqual(app.hands.sql(`select from pg_namespace where nspname = 'tributary'`), []);
  });

  it('goes on where one account cannot be opened, and fails in the end', async () => {
    const { code, facts } = await floor.run(['setup', '--json'], { CRM_TOKEN: 'wrong' });
    assert.equal(code, 1);
    assert.deepEqual(told(facts, 'made'), ALL.slice(1));
    const failed = facts.filter(({ event }) => event === 'failed');
    assert.deepEqual(
      failed.map(({ account }) => account),
      ['crm'],
    );
    assert.match(String(failed[0]!['message']), /refused the (?:credentials|token)/);
  });

  it('makes what is missing, only that, and only at the account that is named', async () => {
    const one = await floor.run(['setup', 'app', '--json']);
    assert.deepEqual([one.code, told(one.facts, 'made'), propertyThere()], [0, [], false]);
    const all = await floor.run(['setup', '--json']);
    assert.deepEqual([all.code, told(all.facts, 'made')], [0, ALL.slice(0, 1)]);
    assert.ok(propertyThere());
    app.hands.sql(`insert into app.people (email) values ('anna@example.com')`);
    assert.equal(app.hands.sql('select from tributary.outbox').length, 1);
  });

  it('says to people that nothing is missing, and which permissions are', async () => {
    const { code, out } = await floor.run(['setup']);
    assert.equal(code, 0);
    assert.match(out, /^crm\n {2}contacts: nothing is missing\napp\n/);
    app.hands.sql(`revoke delete on app.people from ${owner}`);
    const less = await floor.run(['setup', 'app']);
    assert.equal(less.code, 2);
    assert.match(less.out, /the login may not: delete on app\.people/);
  });

  it('says that nothing is needed at an account that no sync uses, when it is named', async () => {
    const { code, out } = await floor.run(['setup', 'desk']);
    assert.equal(code, 0);
    assert.match(out, /^desk\n {2}no sync uses it/);
  });

  it('knows only accounts of the file', async () => {
    const { code, err } = await floor.run(['setup', 'shop']);
    assert.equal(code, 1);
    assert.match(err, /There is no account "shop".*crm, app, desk/);
  });
});
