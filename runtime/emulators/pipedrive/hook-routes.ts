/** Webhooks as an app sets them up: list, create, delete, and no way to change one. */
import { RequestRefused } from '../desk.ts';
import type { Body } from './given.ts';
import { ANSWER_MS_MAX, HOOK_ACTIONS, HOOK_OBJECTS, HOOKS_MOST, type Hook } from './hooks.ts';
import type { Asked, PipedriveHost, Route } from './host.ts';

const common = { scopes: ['admin'], isForAdmins: true } as const;
const call = { action: 'hooks', items: 1 } as const;

export const HOOK_ROUTES: readonly Route[] = [
  {
    ...common,
    method: 'GET',
    path: 'v1/webhooks',
    cost: 10,
    understand: ({ host }) => ({
      call,
      carryOut: () => {
        const data = [...host.webhooks.hooks].map(([id, hook]) => shownHook(host, id, hook));
        return Response.json({ status: 'ok', success: true, data });
      },
    }),
  },
  {
    ...common,
    method: 'POST',
    path: 'v1/webhooks',
    cost: 10,
    hasBody: true,
    async understand(asked) {
      const { host } = asked;
      const hook = hookOf(asked);
      await assertReachable(host, hook.url);
      const carryOut = (): Response => {
        if (host.webhooks.hooks.size >= HOOKS_MOST) {
          throw problem(400, 'webhooks', `limit of ${HOOKS_MOST} is reached`);
        }
        const id = host.webhooks.add(hook);
        const data = shownHook(host, id, hook);
        return Response.json({ status: 'ok', success: true, data }, { status: 201 });
      };
      return { call, carryOut };
    },
  },
  {
    ...common,
    method: 'DELETE',
    path: 'v1/webhooks/:id',
    cost: 6,
    understand: ({ host, places: [id = ''] }) => ({
      call,
      carryOut: () => {
        if (!host.webhooks.remove(id)) throw problem(404, 'id', 'not found');
        return Response.json({ status: 'ok', success: true });
      },
    }),
  },
];

function hookOf({ host, by, body }: Asked): Hook {
  const given = body as Body;
  const text = (name: string): string => {
    const value = given[name];
    if (typeof value === 'string' && value !== '') return value;
    throw problem(400, name, 'is required');
  };
  const url = text('subscription_url');
  const name = text('name');
  if (name.length > 255) throw problem(400, 'name', 'is longer than 255 characters');
  const action = text('event_action');
  const object = text('event_object');
  if (!(HOOK_ACTIONS as readonly string[]).includes(action)) {
    throw problem(400, 'event_action', `must be one of ${HOOK_ACTIONS.join(', ')}`);
  }
  if (!(HOOK_OBJECTS as readonly string[]).includes(object)) {
    throw problem(400, 'event_object', `must be one of ${HOOK_OBJECTS.join(', ')}`);
  }
  if ((given['version'] ?? '2.0') !== '2.0') throw problem(400, 'version', 'must be 2.0');
  const user = given['user_id'] ?? Number(host.company.asker);
  const isUser = typeof user === 'number' && host.company.collection('users').live(`${user}`);
  if (!isUser) throw problem(400, 'user_id', 'is of no user there is');
  const [login, password] = ['http_auth_user', 'http_auth_password'].map((part) => {
    const value = given[part] ?? '';
    if (typeof value === 'string') return value;
    throw problem(400, part, 'must be a text');
  }) as [string, string];
  const nowMs = host.account.nowMs;
  return {
    url,
    action,
    object,
    name,
    userId: user,
    user: login,
    password,
    hasLogin: login !== '' || password !== '',
    type: by === 'oauth' ? 'application' : 'general',
    addedAtMs: nowMs,
    lastSuccessMs: nowMs,
    lastDeliveryMs: undefined,
    lastStatus: undefined,
  };
}

/** Anything may be answered there, only not that it is somewhere else. */
async function assertReachable({ world }: PipedriveHost, url: string): Promise<void> {
  const tooLate = new AbortController();
  const callOff = world.schedule.after(ANSWER_MS_MAX, () => tooLate.abort());
  try {
    const request = new Request(url, { redirect: 'manual', signal: tooLate.signal });
    const response = await world.network.fetch(request);
    await response.body?.cancel();
    if (response.type !== 'opaqueredirect' && !(response.status >= 300 && response.status < 400)) {
      return;
    }
  } catch {
    // Whatever kept it from being reached, the answer is the same.
  } finally {
    callOff();
  }
  throw problem(400, 'subscription_url', 'invalid or non-reachable URL');
}

function problem(status: number, name: string, what: string): RequestRefused {
  return new RequestRefused(status, {
    status: 'error',
    success: false,
    errors: { [name]: [what] },
  });
}

function shownHook({ company }: PipedriveHost, id: string, hook: Hook): object {
  const time = (timeMs: number | undefined): string | null =>
    timeMs === undefined ? null : new Date(timeMs).toISOString();
  return {
    id: Number(id),
    company_id: company.id,
    owner_id: Number(company.asker),
    user_id: hook.userId,
    admin_id: Number(company.asker),
    event_action: hook.action,
    event_object: hook.object,
    subscription_url: hook.url,
    version: '2.0',
    is_active: 1,
    add_time: time(hook.addedAtMs),
    remove_time: null,
    type: hook.type,
    http_auth_user: hook.hasLogin ? hook.user : null,
    http_auth_password: hook.hasLogin ? hook.password : null,
    remove_reason: null,
    last_delivery_time: time(hook.lastDeliveryMs),
    last_http_status: hook.lastStatus ?? null,
    name: hook.name,
  };
}
