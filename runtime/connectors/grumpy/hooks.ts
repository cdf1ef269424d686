/** Webhooks of an account: each has an address, a secret of ours, and the collections that it is about. */
import type { Hooks, WantedHooks, Webhooks } from '../connector.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';

const PATH = ['v1', 'hooks'];

export function webhooks(rest: Rest): Webhooks {
  async function leadingTo(url: string, signal?: AbortSignal): Promise<readonly api.WireHook[]> {
    const { hooks } = await rest.send({ method: 'GET', path: PATH, answer: api.hooks, signal });
    return hooks.filter((hook) => hook.url === url);
  }

  async function drop(hooks: readonly api.WireHook[], signal?: AbortSignal): Promise<void> {
    for (const { id } of hooks) {
      await rest.send({ method: 'DELETE', path: [...PATH, id], answer: api.nothing, signal });
    }
  }

  return {
    /** What it tells of a hook is not its secret, so one that is there may have another: it is made anew. */
    async ensure(wanted: WantedHooks, signal?: AbortSignal): Promise<Hooks> {
      const old = await leadingTo(wanted.url, signal);
      await rest.send({ method: 'POST', path: PATH, body: wanted, answer: api.made, signal });
      await drop(old, signal);
      return { secret: wanted.secret };
    },
    remove: async (url, signal) => drop(await leadingTo(url, signal), signal),
  };
}
