/** Deliveries: the genuine ones lead to items, all others lead nowhere. */
import assert from 'node:assert/strict';
import type { RawDelivery } from '../../../runtime/connectors/connector.ts';
import { promise, type Ability, type Scene, type Setting } from '../scene.ts';

export function promisesAboutWebhooks(settings: readonly Setting[]): void {
  promise(
    settings,
    'tells which item a genuine webhook is about, and takes it twice',
    async (scene) => {
      const receive = (received: RawDelivery) => scene.account.receive!(received);
      const { id, delivery } = await genuine(scene);
      const hints = receive(delivery);
      assert.deepEqual(
        hints.map((hint) => [hint.collection, hint.id]),
        [[scene.collection, id]],
      );
      assert.ok(hints[0]!.delivery !== '');
      assert.deepEqual(receive(delivery), hints);
      const spelled = Object.entries(delivery.headers).map(([name, value]) => [
        name.toUpperCase(),
        value,
      ]);
      const headers = Object.fromEntries(spelled) as RawDelivery['headers'];
      assert.deepEqual(receive({ ...delivery, headers }), hints);
    },
    takesWebhooks,
  );

  promise(
    settings,
    'refuses a webhook with a wrong signature, or none',
    async (scene) => {
      const { delivery } = await genuine(scene);
      refuses(scene, { ...delivery, headers: {} });
      for (const [name, value] of Object.entries(delivery.headers)) {
        if (!isSecurity(scene, delivery, name)) continue;
        const last = value.at(-1) === '0' ? '1' : '0';
        for (const wrong of [
          '',
          ' ',
          value.slice(0, -1),
          `${value.slice(0, -1)}${last}`,
          `${value}0`,
        ]) {
          refuses(scene, { ...delivery, headers: { ...delivery.headers, [name]: wrong } });
        }
      }
    },
    takesWebhooks,
  );

  promise(
    settings,
    'refuses a webhook whose body was changed, even in its blanks',
    async (scene) => {
      const { delivery } = await genuine(scene);
      const text = new TextDecoder().decode(delivery.body);
      for (const changed of [`${text} `, ` ${text}`, text.slice(0, -1), '', '{}']) {
        refuses(scene, { ...delivery, body: new TextEncoder().encode(changed) });
      }
    },
    takesSignedWebhooks,
  );

  promise(
    settings,
    'refuses a webhook that is old, which somebody may have copied',
    async (scene) => {
      const { delivery } = await genuine(scene);
      await scene.world.schedule.sleep(290_000);
      scene.account.receive!(delivery);
      await scene.world.schedule.sleep(15_000);
      refuses(scene, delivery);
    },
    takesSignedWebhooks,
  );
}

const takesWebhooks: Ability = { name: 'receive', isThere: ({ account }) => 'receive' in account };

const takesSignedWebhooks: Ability = {
  name: 'deliveryProof by signature',
  isThere: ({ account }) => account.deliveryProof === 'signature',
};

async function genuine(scene: Scene): Promise<{ id: string; delivery: RawDelivery }> {
  const id = scene.people.create(scene.sample(1));
  const delivery = await scene.delivery(() => scene.people.edit(id, scene.edit, 'person'));
  return { id, delivery };
}

/** Headers that come with every request prove nothing; the one without which it is refused does. */
function isSecurity({ account }: Scene, delivery: RawDelivery, name: string): boolean {
  const { [name]: _left, ...headers } = delivery.headers;
  try {
    account.receive!({ ...delivery, headers });
    return false;
  } catch {
    // Refused, as it should be without what proves it.
    return true;
  }
}

function refuses({ account }: Scene, delivery: RawDelivery): void {
  assert.throws(() => account.receive!(delivery), { code: 'delivery-refused' });
}
