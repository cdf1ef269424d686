import assert from 'node:assert/strict';
import { parseConfig, type Environment } from '../../../runtime/cli/config/config.ts';
import { setupOf } from '../../../runtime/cli/config/setup.ts';
import { template } from '../../../runtime/cli/template.ts';
import { readSettings } from '../../../runtime/engine/settings.ts';
import { lines } from './lines.ts';

const read = (text: string, environment: Record<string, string> = {}) =>
  parseConfig(text, { file: 'tributary.yaml', environment });

const said = (text: string, environment?: Record<string, string>): string => {
  try {
    read(text, environment);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
};

/** A good file of which single lines are replaced. */
const good = `accounts:
  crm: { vendor: grumpy, baseUrl: "http://127.0.0.1:1", token: t1 }
  desk: { vendor: grumpy, baseUrl: "http://127.0.0.1:2", token: t2 }
syncs:
  people:
    members:
      crm: { collection: people, fields: { email: email, name: name } }
      desk: { collection: people, fields: { email: mail, name: label } }
    fields:
      email: { kind: email, match: true }
      name: text
`;

describe('the configuration', () => {
  it('is understood when it is good, and has careful defaults', () => {
    const { tenant, syncs } = read(good);
    assert.equal(tenant, 'default');
    const { status, latency, deletes, brakes } = syncs['people']!;
    assert.deepEqual([status, latency], ['enabled', 'batched']);
    assert.deepEqual(deletes, {
      authority: [],
      elsewhere: 'ask',
      edited: 'ask',
      restored: 'ask',
    });
    assert.deepEqual(brakes.delete, { least: 10, share: 0.02 });
  });

  it('has no login for development in production, and says where', () => {
    const auth = '{ kind: development, customer: demo }';
    const app = `{ vendor: rest, baseUrl: "http://127.0.0.1:1", auth: ${auth} }`;
    const text = good.replace(/(?<=desk: )\{ vendor.*/, app);
    const readIn = (environment: Environment) =>
      parseConfig(text, { file: 'tributary.yaml', environment });
    for (const NODE_ENV of [undefined, 'development', 'test']) {
      assert.equal(readIn({ NODE_ENV }).accounts['desk']!.vendor, 'rest');
    }
    assert.throws(() => readIn({ NODE_ENV: 'production' }), {
      message: /tributary\.yaml:3:\d+ {2}accounts\.desk\.auth: This is for development.*Fill in/,
    });
  });

  it('may be JSON', () => {
    assert.deepEqual(read(JSON.stringify(read(good))), read(good));
  });

  it('that init writes is good, and the engine takes it', () => {
    const setup = setupOf(read(template), 0);
    const [people] = setup.syncs;
    assert.equal(readSettings(people!.title, people!.settings).brakes.create.least, 2000);
    assert.equal(setup.endpoints.length, 2);
  });

  it('that init writes has options that are good as well, once they are switched on', () => {
    const on = template.replaceAll(/^( *)# (\w+: .*)$/gm, '$1$2');
    assert.notEqual(on, template);
    const more = on
      .replace(/^ *company: .*\n/m, '')
      .replace('tags: tags }\n', 'tags: tags, stage: stage }\n');
    const environment = { DATABASE_URL: 'postgres://x', SALES_HOOK_SECRET: 'hush' };
    const { accounts, syncs } = read(more, environment);
    assert.equal(accounts['support']!.id, 'helpdesk');
    assert.equal(syncs['people']!.status, 'preview');
    assert.deepEqual(syncs['people']!.members['sales']!.filter, { tags: ['vip'] });
  });

  describe('takes variables of the environment', () => {
    const token = (text: string, environment: Record<string, string>): unknown =>
      read(
        good.replace('token: t1', () => `token: ${text}`),
        environment,
      ).accounts['crm']!['token'];

    for (const [text, environment, value] of [
      ['${CRM}', { CRM: 'abc' }, 'abc'],
      ['"x-${CRM}-y"', { CRM: 'abc' }, 'x-abc-y'],
      ['${CRM:-none}', {}, 'none'],
      ['${CRM:-none}', { CRM: '' }, 'none'],
      ['${CRM:-{a,b:c}', {}, '{a,b:c'],
      ['${A}${B}', { A: '1', B: '2' }, '12'],
      ['"$${CRM}"', {}, '${CRM}'],
    ] as const) {
      it(`${text} with ${JSON.stringify(environment)}`, () => {
        assert.equal(token(text, environment), value);
      });
    }

    it('and never reads what they hold as YAML', () => {
      const text = good.replace('name: text', 'name: { kind: text, default: ${NAME} }');
      const { fields } = read(text, { NAME: 'a: {b} # c' }).syncs['people']!;
      assert.deepEqual(fields['name'], { kind: 'text', match: false, default: 'a: {b} # c' });
    });

    it('as numbers and yes or no where these are meant', () => {
      const text = `${good}    brakes: { delete: { least: "\${LEAST}", share: \${SHARE} } }
    identity: { autoLink: \${AUTO} }
`;
      const { brakes, identity } = read(text, { LEAST: '7', SHARE: '0.5', AUTO: 'false' }).syncs[
        'people'
      ]!;
      assert.deepEqual([brakes.delete, identity.autoLink], [{ least: 7, share: 0.5 }, false]);
    });

    it('and tells which are missing, and never what one holds', () => {
      assert.equal(
        said(good.replace('token: t1', 'token: ${CRM_TOKEN}')),
        lines`
          tributary.yaml cannot be used:
            tributary.yaml:2:64  The variable CRM_TOKEN is not set. Set it in the environment, or write \${CRM_TOKEN:-what to use without it}.
           Nothing was read or written.`,
      );
      const wrong = said(good.replace('token: t1', 'token: ${CRM_TOKEN}'), {
        CRM_TOKEN: 'open sesame',
      });
      assert.match(wrong, /tributary\.yaml:2:64 {2}accounts\.crm\.token: a token has no spaces/);
      assert.doesNotMatch(wrong, /sesame/);
    });
  });

  describe('says where it is wrong, and what to do', () => {
    for (const [was, is, problem] of [
      [
        'vendor: grumpy',
        'vendor: hubspit',
        '2:18  accounts.crm.vendor: There is no vendor "hubspit". There are: grumpy',
      ],
      [
        'token: t1',
        'tokn: t1',
        '2:63  accounts.crm.tokn: Nothing is known about "tokn". Remove it, or correct its name.',
      ],
      [
        'syncs:',
        'sinks: {}\nsyncs:',
        '4:1  sinks: Nothing is known about "sinks". Remove it, or correct its name.',
      ],
      ['name: text', 'name: txet', '11:13  fields.name: expected one of "text"|"email"'],
      [
        '{ kind: email, match: true }',
        'email',
        '9:5  fields: No field says which items are the same record. Add "match: true"',
      ],
      [
        'desk: { coll',
        'dask: { coll',
        '8:7  members.dask: There is no account "dask". Accounts are: crm, desk.',
      ],
      [
        'name: label',
        'nam: label',
        '8:63  members.desk.fields.nam: This sync has no field "nam". Fields are: email, name.',
      ],
      ['name: label', 'name: { path: label, transforms: [{ use: scale, power: 2 }] }', '8:'],
      [
        'name: label',
        'name: { path: 3 }',
        '8:72  members.desk.fields.name.path: expected string, received number. Correct it.',
      ],
      [
        'name: text',
        'name: text\n      extra: text',
        '12:14  fields.extra: No member has this field. Say at the members where it stands.',
      ],
      [
        'name: text',
        'name: { kind: text, to: people }',
        '11:31  fields.name.to: A text leads nowhere.',
      ],
      [
        'name: text',
        'name: reference',
        '11:13  fields.name: A reference has to say to what. Add "to:" with the name of a sync.',
      ],
      [
        'name: text',
        'name: { kind: reference, to: firms }',
        '11:36  fields.name.to: There is no sync "firms". Syncs are: people.',
      ],
      [
        'name: text',
        'name: { kind: phone, options: { region: Hungary } }',
        '11:47  fields.name.options.region: a country is expected as two capital letters',
      ],
      [
        'name: text',
        'name: { kind: text, strategy: fieldLevelMerge }',
        '11:37  fields.name.strategy: A text has no parts to merge one by one.',
      ],
      [
        'name: text',
        'name: { kind: text, order: [crm, erp] }',
        '11:40  fields.name.order.1: "erp" is no member of this sync. Members are: crm, desk.',
      ],
      [
        'name: text',
        'name: text\n    deletes: { authority: [erp] }',
        '12:28  deletes.authority.0: "erp" is no member',
      ],
      [
        'name: text',
        'name: text\n    deletes: { elsewhere: maybe }',
        '12:27  deletes.elsewhere: expected one of "recreate"|"propagate"|"ask"|"unlink". Correct it.',
      ],
      [
        'name: text',
        'name: text\n    latency: soon',
        '12:14  latency: expected one of "immediate"|"batched"|"relaxed"|"daily".',
      ],
      [
        'name: text',
        'name: text\n    brakes: { protected: [{ field: vip, in: [true] }] }',
        '12:36  brakes.protected.0.field: This sync has no field "vip".',
      ],
      [
        'token: t2',
        'token: t2, id: crm',
        '3:3  accounts.desk: desk and crm have the same id "crm". Give one of them another.',
      ],
      [
        'collection: people, fields: { email: email',
        'fields: { email: email',
        '7:7  members.crm.collection: "collection" is missing. Add it.',
      ],
      [
        'crm: { vendor',
        'c.r.m: { vendor',
        '2:3  accounts.c.r.m: a name is letters, digits, - and _. Correct it.',
      ],
    ] as const) {
      it(is.replaceAll(/\s+/g, ' '), () => {
        assert.ok(good.includes(was), 'the good file has it');
        const message = said(good.replace(was, is)).replaceAll('syncs.people.', '');
        assert.ok(message.includes(`\n  tributary.yaml:${problem}`), message);
        assert.match(message, /\n Nothing was read or written\.$/);
      });
    }

    it('all at once, in the order of the file', () => {
      const bad = good
        .replace('token: t1', 'token: ${NO_TOKEN}')
        .replace('name: name', 'nome: name')
        .replace('token: t2', 'token: t2, hookSecret: ""');
      const places = [...said(bad).matchAll(/tributary\.yaml:(\d+):/g)].map(([, line]) => line);
      assert.deepEqual(places, ['2', '3', '7']);
    });

    it('also where it is no YAML at all', () => {
      assert.match(
        said('accounts: {a: b\nsyncs: ['),
        /tributary\.yaml:2:1 {2}.*The rest|Correct it; the rest/,
      );
      assert.match(
        said('accounts: {}\naccounts: {}\nsyncs: {}'),
        /tributary\.yaml:2:1 {2}Map keys must be unique/,
      );
      assert.match(said(''), /tributary\.yaml:1:1 {2}.*expected object/);
    });
  });
});
