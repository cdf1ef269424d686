/** Deliveries: the genuine ones lead to items, all others lead nowhere. */
import assert from 'node:assert/strict';
import type { Hooks, RawDelivery } from '../../../runtime/connectors/connector.ts';
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
    'is told of changes as often as before when it asks for it again, and then no more',
    async (scene) => {
      const { account, collection, people, sample, edit, world } = scene;
      const wanted = { url: HOOK, secret: 'canary-secret-9d41', collections: [collection] };
      const arrived = arrivals(scene);
      let hooks: Hooks = { secret: 'none yet' };
      const toldOf = async (number: number): Promise<number> => {
        arrived.length = 0;
        const id = people.create(sample(number));
        await world.schedule.sleep(SENT_MS);
        people.edit(id, edit, 'person');
        await world.schedule.sleep(SENT_MS);
        const hints = arrived.flatMap((delivery) => account.receive!(delivery, hooks.secret));
        for (const hint of hints) assert.deepEqual([hint.collection, hint.id], [collection, id]);
        return hints.length;
      };
      hooks = await account.webhooks!.ensure(wanted);
      const once = await toldOf(1);
      assert.ok(once > 0);
      hooks = await account.webhooks!.ensure(wanted);
      assert.equal(await toldOf(2), once);
      await account.webhooks!.remove(HOOK);
      await account.webhooks!.remove(HOOK);
      assert.equal(await toldOf(3), 0);
    },
    { name: 'webhooks', isThere: ({ account }) => 'webhooks' in account },
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

/** Until the vendor has sent what it has to send, and has settled its own. */
const SENT_MS = 120_000;
const HOOK = 'https://ours.example/hooks';

/** What has arrived so far. */
function arrivals({ world }: Scene): RawDelivery[] {
  const arrived: RawDelivery[] = [];
  world.serve!(new URL(HOOK).origin, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const { method, url } = request;
    const headers = Object.fromEntries(request.headers);
    arrived.push({ method, url, headers, body });
    return new Response();
  });
  return arrived;
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
