import assert from 'node:assert/strict';
import { installOutbox, postgres } from '../../../runtime/connectors/postgres/postgres.ts';
import { ground, PASSWORD, worldAround, type Ground } from '../../connectors/postgres/setting.ts';
import { commandFloor, type Running } from '../floor.ts';

/** Changes of a daily sync are looked for once a day, unless the system speaks up. */
describe('a daemon with a member that says when something changes', () => {
  const floor = commandFloor();
  let app: Ground;
  let daemon: Running;

  before(async () => {
    app = await ground();
    const owner = app.login();
    const { database } = app.database.connection;
    app.hands.sql(`grant create on database ${database} to ${owner};
      create schema app authorization ${owner}; set role ${owner};
      create table app.people (id int generated always as identity primary key, email text, name text);
      insert into app.people (email, name) values ('anna@example.com', 'Anna');
      reset role`);
    const { port } = app.wire;
    const login = { host: '127.0.0.1', port, database, user: owner, encryption: 'none' };
    const account = { ...login, password: PASSWORD, tables: [{ name: 'app.people' }] };
    await installOutbox(postgres.config.parse(account), worldAround(app.wire));
    floor.write(
      'tributary.yaml',
      `
allow: [127.0.0.1]
accounts:
  app: ${JSON.stringify({ vendor: 'postgres', ...account })}
  crm: { vendor: grumpy, baseUrl: "\${GRUMPY}", token: token-of-crm }
syncs:
  people:
    latency: daily
    members:
      app: { collection: app.people, fields: { email: email, name: name } }
      crm: { collection: people, fields: { email: email, name: name } }
    fields: { email: { kind: email, match: true }, name: text }
`,
    );
    daemon = floor.start(['sync', '--daemon', '--port', '0', '--json']);
    await turnsUp('Anna');
  });
  after(() => app.stop());

  /** Resolves as soon as the CRM holds somebody of that name. */
  async function turnsUp(name: string): Promise<void> {
    const crm = floor.grumpy.account('crm');
    const isThere = (): boolean =>
      crm.items('people').some(({ fields }) => fields['name'] === name);
    if (isThere()) return;
    await new Promise<void>((resolve) => {
      const stop = crm.onChange(() => {
        if (!isThere()) return;
        stop();
        resolve();
      });
    });
  }

  it('carries an edit on at once', async () => {
    app.hands.sql(`update app.people set name = 'Anna Kovács'`);
    await turnsUp('Anna Kovács');
  });

  it('ends orderly', async () => {
    daemon.child.kill('SIGTERM');
    const { code, out, err } = await daemon.ended;
    assert.equal(code, 0);
    assert.doesNotMatch(out + err, /"level":"(?:warn|error)"/);
  });
});
