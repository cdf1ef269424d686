/** What accounts keep, as a text that a store does not understand. */
import assert from 'node:assert/strict';
import type { EndpointId } from '../../../runtime/core/planner/model.ts';
import type { TenantId } from '../../../runtime/store/store.ts';
import { sceneIn, type Opened } from '../scene.ts';

export function promisesAboutKeepsakes(opened: () => Opened): void {
  it('keeps what an account has to know, the latest by each name, for that account alone', async () => {
    const { store, tenant } = await sceneIn(opened());
    const [endpoint, other] = [opened().newId(), opened().newId()] as [EndpointId, EndpointId];
    const stranger = opened().newId() as TenantId;
    const read = (who: TenantId, of: EndpointId, name = 'tokens') =>
      store.readKeepsake(who, { endpoint: of, name });

    assert.equal(await read(tenant, endpoint), undefined);
    await store.saveKeepsake(tenant, { endpoint, name: 'tokens', sealed: 'first' });
    await store.saveKeepsake(tenant, { endpoint, name: 'tokens', sealed: 'second' });
    await store.saveKeepsake(tenant, { endpoint, name: 'hooks', sealed: 'third' });
    assert.equal(await read(tenant, endpoint), 'second');
    assert.equal(await read(tenant, endpoint, 'hooks'), 'third');
    assert.equal(await read(tenant, other), undefined);
    assert.equal(await read(stranger, endpoint), undefined);
  });
}
