import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { quietWorld } from '../../support/test-database.ts';
import { SECRET, tokenFor } from '../../contacts/token.ts';
import { commandFloor, type Fact, type Running } from '../floor.ts';

describe('the command "contacts"', () => {
  const floor = commandFloor();
  const urls: Record<string, string> = {};

  const ask = async (store: string, method: string, place: string, body?: Fact): Promise<Fact> => {
    const response = await fetch(`${urls[store]}${place}`, {
      method,
      headers: {
        authorization: `Bearer ${tokenFor(store, quietWorld.clock.now())}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Fact);
  };
  const everybody = async (store: string, query = ''): Promise<readonly Fact[]> =>
    (await ask(store, 'GET', `contacts?limit=100${query}`))['items'] as readonly Fact[];
  const idOf = async (store: string, email: string): Promise<string> =>
    String((await everybody(store, `&email=${email}`))[0]!['id']);
  const versionsIn = async (store: string): Promise<readonly (readonly unknown[])[]> =>
    (await everybody(store)).map(({ id, version, updatedAt }) => [id, version, updatedAt]);
  /** What the two are to agree on. */
  const people = async (store: string): Promise<string[]> => {
    const companies = (await ask(store, 'GET', 'companies'))['items'] as readonly Fact[];
    const names = new Map(companies.map(({ id, name }) => [id, name]));
    return (await everybody(store))
      .map(({ email, firstName, lastName, phone, stage, tags, companyId }) =>
        JSON.stringify([
          String(email).toLowerCase(),
          firstName,
          lastName,
          phone,
          stage,
          tags,
          names.get(companyId),
        ]),
      )
      .toSorted();
  };

  async function sync(): Promise<{ code: number | null; written: unknown; out: string }> {
    const environment = {
      TRIBUTARY_CONTACTS_SECRET: SECRET,
      SHOP: urls['shop']!,
      OFFICE: urls['office']!,
    };
    const { code, out, err, facts } = await floor.run(['sync', '--once', '--json'], environment);
    const summaries = facts.filter(({ event }) => event === 'summary');
    const written = summaries.flatMap((summary) =>
      Object.values(summary['written'] as Record<string, Record<string, number>>).flatMap(
        Object.values,
      ),
    );
    assert.equal(summaries.length, 2, `${out}\n${err}`);
    return { code, written: written.reduce<number>((sum, count) => sum + Number(count), 0), out };
  }

  it('refuses to start without a secret, and says how to make one', async () => {
    const { code, out, err } = await floor.run(['contacts', '--port', '0']);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /^The secret .* is missing\. Set TRIBUTARY_CONTACTS_SECRET .*openssl rand/);
  });

  it('keeps everything in a private folder where no database is named, also when it is stopped', async () => {
    const environment = { DATABASE_URL: '', TRIBUTARY_CONTACTS_SECRET: SECRET };
    const args = ['contacts', '--port', '0', '--data', 'own', '--tenant', 'alone'];
    const serving = async (): Promise<Running> => {
      const running = floor.start(args, environment);
      [, urls['alone'] = ''] = await running.says(/is ready at (http\S+) /);
      return running;
    };
    const first = await serving();
    await ask('alone', 'POST', 'contacts', { email: 'anna@example.com' });
    assert.equal(statSync(path.join(floor.folder, 'own')).mode & 0o066, 0);
    first.child.kill('SIGTERM');
    assert.equal((await first.ended).code, 0);
    const second = await serving();
    assert.equal((await everybody('alone')).length, 1);
    second.child.kill('SIGTERM');
    await second.ended;
  });

  it('says where it serves, to whom, and keeps two stores apart in one database', async () => {
    for (const store of ['shop', 'office']) {
      const args = ['contacts', '--port', '0', '--tenant', store, '--json'];
      const running = floor.start(args, { TRIBUTARY_CONTACTS_SECRET: SECRET });
      const [line] = await running.says(/^\{"event":"ready".*\}$/m);
      urls[store] = (JSON.parse(line) as { url: string }).url;
      assert.match(urls[store], /^http:\/\/127\.0\.0\.1:\d+\/$/);
    }
    const { port } = new URL(urls['shop']!);
    const taken = await floor.run(['contacts', '--port', port], {
      TRIBUTARY_CONTACTS_SECRET: SECRET,
    });
    assert.equal(taken.code, 1);
    assert.match(taken.err, /cannot be served \(EADDRINUSE\)\. Choose another port with --port\./);
    const { id } = await ask('shop', 'POST', 'companies', { name: 'Firma', domain: 'firma.hu' });
    const anna = {
      email: 'anna@example.com',
      firstName: 'Anna',
      phone: '+36201234567',
      companyId: id!,
    };
    await ask('shop', 'POST', 'contacts', { ...anna, tags: ['vip'] });
    await ask('shop', 'POST', 'contacts', {
      email: 'bela@example.com',
      firstName: 'Béla',
      stage: 'lead',
    });
    await ask('office', 'POST', 'contacts', { email: 'ANNA@Example.com', lastName: 'Kovács' });
    await ask('office', 'POST', 'contacts', { email: 'csilla@example.com', firstName: 'Csilla' });
    assert.equal((await everybody('office')).length, 2);
    const stranger = { authorization: `Bearer ${tokenFor('shop', quietWorld.clock.now())}` };
    const { status } = await fetch(`${urls['office']}contacts`, { headers: stranger });
    assert.equal(status, 401);
  });

  it('serves what a sync brings in step, so that the second one writes nothing', async () => {
    floor.write('tributary.yaml', CONFIG);
    const first = await sync();
    assert.equal(first.code, 0, first.out);
    const agreed = await people('shop');
    assert.equal(agreed.length, 3);
    assert.deepEqual(await people('office'), agreed);
    assert.ok(
      agreed.includes('["anna@example.com","Anna","Kovács","+36201234567",null,["vip"],"Firma"]'),
    );
    const versions = await Promise.all(['shop', 'office'].map(versionsIn));
    const second = await sync();
    assert.deepEqual([second.code, second.written], [0, 0]);
    assert.deepEqual(await Promise.all(['shop', 'office'].map(versionsIn)), versions);
  });

  it('serves edits and deletions, which a sync carries on and a purge does not bring back', async () => {
    const bela = await idOf('shop', 'bela@example.com');
    await ask('shop', 'PATCH', `contacts/${bela}`, { stage: 'customer' });
    await ask('shop', 'DELETE', `contacts/${await idOf('shop', 'csilla@example.com')}`);
    assert.equal((await sync()).code, 0);
    assert.deepEqual(await people('office'), await people('shop'));
    const [deleted] = (await everybody('office', '&includeDeleted=true')).filter(
      ({ email }) => email === 'csilla@example.com',
    );
    assert.equal(deleted!['deleted'], true);
    for (const store of ['shop', 'office']) {
      const deletedBefore = new Date(quietWorld.clock.now() + 60_000).toISOString();
      const purged = await ask(store, 'POST', 'contacts/purge', { deletedBefore });
      assert.equal(purged['purged'], 1);
    }
    const { code, written } = await sync();
    assert.deepEqual([code, written], [0, 0]);
    assert.equal((await everybody('shop')).length, 2);
  });
});

const CONFIG = `
tenant: stores
allow: [127.0.0.1]
accounts:
  shop:
    vendor: rest
    baseUrl: "\${SHOP}"
    auth: { kind: jwt, secret: "\${TRIBUTARY_CONTACTS_SECRET}", audience: shop }
  office:
    vendor: rest
    baseUrl: "\${OFFICE}"
    auth: { kind: jwt, secret: "\${TRIBUTARY_CONTACTS_SECRET}", audience: office }
syncs:
  companies:
    latency: immediate
    members:
      shop: &company { collection: companies, fields: { name: name, domain: domain } }
      office: *company
    fields:
      name: text
      domain: { kind: domain, match: true }
    deletes: { authority: [shop] }
  people:
    latency: immediate
    members:
      shop: &person
        collection: contacts
        fields: { email: email, first: firstName, last: lastName, phone: phone, stage: stage, tags: tags, company: companyId }
      office: *person
    fields:
      email: { kind: email, match: true }
      first: text
      last: text
      phone: { kind: phone, match: true, options: { region: HU } }
      stage: { kind: enum, options: { values: [lead, customer, former] } }
      tags: set
      company: { kind: reference, to: companies }
    deletes: { authority: [shop] }
`;
