import assert from 'node:assert/strict';
import type { Deed, Sketch } from '../sim/build.ts';
import { story, type Ending } from '../stories/story.ts';

const COMPANY = { system: 'hubspot', collection: 'companies', code: 'c0001' } as const;
const DELETED: Deed = { kind: 'delete', ...COMPANY };
const EMPTIED: Deed = {
  kind: 'edit',
  system: 'hubspot',
  collection: 'people',
  code: 'c0002',
  field: 'company',
  how: 'clear',
};

/** HubSpot does not show what leads to a company that was deleted. */
describe('A reference that is empty', () => {
  it('is taken over when somebody has emptied it', async () => {
    const ending = await withHubSpot([[61, EMPTIED]]);
    assert.deepEqual(companyIn(ending), { app: null, hubspot: null });
  });

  it('is written anew when what it led to was deleted there, and made anew', async () => {
    const ending = await withHubSpot([[61, DELETED]]);
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '102' });
  });

  it('is left alone as long as a person is asked what becomes of what it led to', async () => {
    const ending = await withHubSpot([[61, DELETED]], { policy: { onRemoteDelete: 'ask' } });
    assert.equal(ending.reviews.length, 1);
    assert.deepEqual(emptiedByUs(ending), []);
    assert.equal(companyIn(ending).app, '1');
  });

  it('is written anew once that person wants it to be there again', async () => {
    const ending = await withHubSpot(
      [
        [61, DELETED],
        [121, { kind: 'decide', pick: 0 }],
      ],
      { policy: { onRemoteDelete: 'ask' } },
    );
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '102' });
  });

  it('is taken over when somebody has emptied it after that', async () => {
    const ending = await withHubSpot([
      [61, DELETED],
      [121, EMPTIED],
    ]);
    assert.deepEqual(companyIn(ending), { app: null, hubspot: null });
  });

  it('is written anew however often that happens', async () => {
    const ending = await withHubSpot([
      [61, DELETED],
      [121, DELETED],
      [181, DELETED],
    ]);
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '104' });
  });

  it('leads there again when what it led to is restored', async () => {
    const ending = await withHubSpot(
      [
        [61, DELETED],
        [121, { kind: 'restore', ...COMPANY }],
      ],
      { policy: { onRemoteDelete: 'ask' } },
    );
    assert.deepEqual(emptiedByUs(ending), []);
    assert.deepEqual(companyIn(ending), { app: '1', hubspot: '101' });
  });
});

/** Somebody with a company; both are in our own app as well, where alone deletions count. */
function withHubSpot(
  happens: NonNullable<Sketch['happens']>,
  more: Partial<Sketch> = {},
): Promise<Ending> {
  return story({
    systems: { app: {}, hubspot: { vendor: 'hubspot' } },
    companies: { c0001: ['app', 'hubspot'] },
    people: { c0002: { systems: ['app', 'hubspot'], company: 'c0001' } },
    happens,
    ...more,
  });
}

function companyIn({ value }: Ending): { readonly app: unknown; readonly hubspot: unknown } {
  return {
    app: value('app', 'c0002', 'companyId'),
    hubspot: value('hubspot', 'c0002', 'companyId'),
  };
}

function emptiedByUs({ writes }: Ending): readonly string[] {
  return ['app', 'hubspot'].flatMap(writes).filter((told) => told.includes('"companyId":null'));
}
