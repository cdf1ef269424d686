import assert from 'node:assert/strict';
import { parseConfig } from '../../../runtime/cli/config/config.ts';
import { endpointIdOf, syncIdOf } from '../../../runtime/cli/config/names.ts';
import { setupOf } from '../../../runtime/cli/config/setup.ts';

const text = `
accounts:
  crm: { vendor: grumpy, baseUrl: "http://127.0.0.1:1", token: hush-hush }
  desk: { vendor: grumpy, baseUrl: "http://127.0.0.1:2", token: hush-hush, hookSecret: hush }
syncs:
  firms:
    members:
      crm: { collection: firms, fields: { domain: domain } }
      desk: { collection: firms, fields: { domain: domain } }
    fields: { domain: { kind: domain, match: true } }
  people:
    latency: relaxed
    members:
      crm:
        collection: people
        filter: { stage: [lead, customer], active: true }
        fields: { email: email, code: code, stage: stage, active: active, tags: tags, rights: rights, firm: firmId }
      desk:
        collection: contacts
        create: false
        onFilterLeft: unlink
        fields: { email: mail, code: { path: ref, direction: in }, stage: stage, active: on, firm: firm }
    fields:
      email: { kind: email, match: true }
      code: { kind: text, match: true }
      stage: { kind: enum, strategy: priority, order: [desk, crm], default: lead }
      active: boolean
      tags: set
      rights: { kind: set, strategy: manualReview }
      firm: { kind: reference, to: firms }
    deletes: { authority: [crm], elsewhere: recreate, edited: editWins, restored: revive }
    merges: follow
`;

const read = (given: string) => parseConfig(given, { file: 'a.yaml', environment: {} });
const [crm, desk] = [endpointIdOf('default', 'crm'), endpointIdOf('default', 'desk')];

describe('the set-up that a configuration stands for', () => {
  const setup = setupOf(read(text), 1_000);
  const people = setup.syncs[1]!;

  it('says who takes part, and with which rights', () => {
    assert.deepEqual(people.policy.members, [
      {
        endpoint: crm,
        create: true,
        delete: true,
        filter: [
          { field: 'stage', in: ['lead', 'customer'] },
          { field: 'active', in: [true] },
        ],
        onFilterLeft: 'hold',
      },
      { endpoint: desk, create: false, delete: true, onFilterLeft: 'unlink' },
    ]);
  });

  it('says how each field is kept, and not where it is not mapped', () => {
    assert.deepEqual(people.policy.fields, [
      { name: 'email', strategy: 'lastWriteWins' },
      { name: 'code', strategy: 'lastWriteWins', direction: { [desk]: 'in' } },
      { name: 'stage', strategy: 'priority', order: [desk, crm], default: 'lead' },
      { name: 'active', strategy: 'lastWriteWins' },
      { name: 'tags', strategy: 'fieldLevelMerge', parts: 'set', direction: { [desk]: 'off' } },
      { name: 'rights', strategy: 'manualReview', parts: 'set', direction: { [desk]: 'off' } },
      { name: 'firm', strategy: 'lastWriteWins', reference: true },
    ]);
  });

  it('says what deletions and merges mean, and who is who', () => {
    const { deleteAuthority, onRemoteDelete, onDeleteAndEdit, onRemoteRestore } = people.policy;
    assert.deepEqual(
      [deleteAuthority, onRemoteDelete, onDeleteAndEdit, onRemoteRestore],
      [[crm], 'recreate', 'editWins', 'revive'],
    );
    const { match, references, latency, onRemoteMerge } = people.settings;
    assert.deepEqual(match, [
      { field: 'email', kind: 'email' },
      { field: 'code', kind: 'xid' },
    ]);
    assert.deepEqual(references, { firm: syncIdOf('default', 'firms') });
    assert.deepEqual([latency, onRemoteMerge], [2, 'follow']);
  });

  it('holds no secret', () => {
    assert.doesNotMatch(JSON.stringify(setup), /hush/);
  });

  it('stays the same for accounts and syncs that keep their id under another name', () => {
    const renamed = text
      .replaceAll(/\bdesk\b/g, 'support')
      .replace('support: { vendor: grumpy,', 'support: { vendor: grumpy, id: desk,')
      .replace('  people:\n', '  persons:\n    id: people\n');
    const after = setupOf(read(renamed), 1_000);
    assert.deepEqual(
      after.endpoints.map(({ id, title }) => [id, title]),
      [
        [crm, 'crm'],
        [desk, 'support'],
      ],
    );
    assert.deepEqual(
      { ...after.syncs[1], title: 'people' },
      people,
      'only what people call it differs',
    );
  });

  it('keeps what was learnt, and when it was first seen', () => {
    const learnt = setup.endpoints.map((one) => ({ ...one, settings: { clockOffsetMs: 7 } }));
    const again = setupOf(read(text), 9_000, { ...setup, endpoints: learnt });
    assert.equal(again.tenant.createdAt, 1_000);
    assert.deepEqual(again.endpoints[0]!.settings, { clockOffsetMs: 7 });
  });

  it('of another tenant has other ids throughout', () => {
    const other = setupOf(read(`tenant: other\n${text}`), 1_000);
    const ids = (all: typeof setup): string[] =>
      [all.tenant, ...all.endpoints, ...all.syncs].map(({ id }) => id);
    assert.equal(new Set([...ids(setup), ...ids(other)]).size, 2 * ids(setup).length);
  });
});
