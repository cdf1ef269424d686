/** Tenants: what is configured, and that nobody sees anybody else's. */
import assert from 'node:assert/strict';
import type { TenantId } from '../../../runtime/store/store.ts';
import { LEASE_MS, sceneIn, START, type Opened } from '../scene.ts';

export function promisesAboutTenants(opened: () => Opened): void {
  it('gives back a set-up, and adds to it what is saved later', async () => {
    const { store, tenant, setup, newId } = await sceneIn(opened());
    assert.deepEqual(await store.readSetup(tenant), setup);
    const [endpoint] = setup.endpoints;
    const paused = { ...endpoint!, status: 'paused' } as const;
    const added = { ...endpoint!, id: newId() as typeof paused.id };
    await store.saveSetup({ tenant: setup.tenant, endpoints: [paused, added] });
    const endpoints = [paused, setup.endpoints[1]!, added];
    assert.deepEqual(await store.readSetup(tenant), { ...setup, endpoints });
  });

  it('knows no tenant that was never set up', async () => {
    const { store, newId } = opened();
    const tenant = newId() as TenantId;
    assert.equal(await store.readSetup(tenant), undefined);
    const audit = { now: START, items: [{ actor: 'ann', action: 'export' }] };
    await assert.rejects(store.appendAudit(tenant, audit), { code: 'tenant-unknown' });
  });

  it('keeps tenants apart even where they use the same ids', async () => {
    const ours = await sceneIn(opened());
    const { store, entity, link, loadOne, commit, conflict, intent } = ours;
    const own = entity();
    const links = [link(own, { remoteId: '1' })];
    const keys = { add: ['shared'], remove: [] };
    const conflicts = [conflict()];
    await commit({ entity: own, links, keys, conflicts, intents: [intent()] });
    const before = await loadOne(own.id);

    const other = ours.newId() as TenantId;
    await store.saveSetup({ tenant: { id: other, name: 'Other', createdAt: START } });
    const { sync, left } = ours;
    const key = { kind: 'item', sync, endpoint: left, remoteId: '1' } as const;
    assert.deepEqual(await store.load(other, [key]), [{ key, reviews: [] }]);
    assert.deepEqual(await store.findLinks(other, [key]), [undefined]);
    assert.deepEqual(await store.findKeys(other, ['shared']), [undefined]);
    assert.deepEqual(await store.findEntities(other, [own.id]), [undefined]);
    assert.deepEqual(await store.listConflicts(other, { state: 'open', limit: 10 }), []);

    await store.mark(other, { now: START, marks: [{ key, priority: 1, windowMs: 0 }] });
    const claim = { tenant: other, sync, now: START, leaseMs: LEASE_MS, limit: 1 };
    const [lease] = await store.claim(claim);
    const record = { commitId: ours.newId(), entity: own, links, keys };
    const outcomes = await store.commit(other, START, [{ lease: lease!, record }]);
    assert.equal(outcomes[0]?.outcome, 'stored');
    assert.deepEqual(await loadOne(own.id), before);
  });

  it('answers when asked whether it is there', async () => {
    await opened().store.check();
  });
}
