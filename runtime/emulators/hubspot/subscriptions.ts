/** The calls that manage an app's webhooks. They are made with the developer key, and with nothing else. */
import { z } from 'zod';
import { batchAnswer, batchOf, shaped, type Ask, type Plan } from './asking.ts';
import { subscribe, type NewSubscription, type Subscription, type Target } from './app-settings.ts';
import { objectType } from './objects.ts';
import { invalid, notFound, type Complaint } from './refused.ts';

export function getTarget(ask: Ask): Plan {
  return managing(() => {
    const { target } = ask.host.app.latest;
    if (target === undefined) throw notFound();
    return { status: 200, body: shownTarget(target) };
  });
}

const targetShape = z.object({
  targetUrl: z.url({ protocol: /^https?$/ }),
  throttling: z.object({ maxConcurrentRequests: z.coerce.number() }),
});

export function putTarget(ask: Ask): Plan {
  const { targetUrl, throttling } = shaped(targetShape, ask.body);
  const { maxConcurrentRequests } = throttling;
  if (maxConcurrentRequests <= 5) throw invalid('maxConcurrentRequests must be greater than 5');
  return managing(() => {
    const { app, account } = ask.host;
    const updatedAt = new Date(account.nowMs).toISOString();
    const createdAt = app.latest.target?.createdAt ?? updatedAt;
    const target = { targetUrl, maxConcurrentRequests, createdAt, updatedAt };
    app.setTarget(target, account.worldMs);
    return { status: 200, body: shownTarget(target) };
  });
}

export function dropTarget(ask: Ask): Plan {
  return managing(() => {
    ask.host.app.setTarget(undefined, ask.host.account.worldMs);
    return { status: 204 };
  });
}

export function listSubscriptions(ask: Ask): Plan {
  return managing(() => ({
    status: 200,
    body: { results: [...ask.host.app.latest.subscriptions.values()].map(shown) },
  }));
}

export function getSubscription(ask: Ask): Plan {
  return managing(() => ({ status: 200, body: shown(known(ask)) }));
}

const subscriptionShape = z.object({
  eventType: z.string(),
  propertyName: z.string().nullish(),
  objectTypeId: z.string().nullish(),
  active: z.boolean().optional(),
});

/** Refuses what cannot be subscribed to. */
export function newSubscription(given: unknown): NewSubscription {
  const wanted = shaped(subscriptionShape, given);
  assertPossible(wanted);
  return wanted;
}

export function createSubscription(ask: Ask): Plan {
  const given = newSubscription(ask.body);
  return managing(() => {
    const { app, account } = ask.host;
    if (app.latest.subscriptions.size >= SUBSCRIPTIONS_MAX) {
      throw invalid(`An app has ${SUBSCRIPTIONS_MAX} subscriptions at most.`);
    }
    return { status: 201, body: shown(subscribe(app, given, account.worldMs)) };
  });
}

export function changeSubscription(ask: Ask): Plan {
  const { active } = shaped(z.object({ active: z.boolean().optional() }), ask.body);
  return managing(() => {
    const before = known(ask);
    const after = activate(ask, before, active ?? before.active);
    return { status: 200, body: shown(after) };
  });
}

export function changeSubscriptions(ask: Ask): Plan {
  const shape = batchOf(z.object({ id: z.coerce.number(), active: z.boolean() }), 1000);
  const { inputs } = shaped(shape, ask.body);
  return managing(() => {
    const results: object[] = [];
    const missing: string[] = [];
    for (const { id, active } of inputs) {
      const before = ask.host.app.latest.subscriptions.get(id);
      if (before === undefined) missing.push(String(id));
      else results.push(shown(activate(ask, before, active)));
    }
    const message = 'Some subscriptions do not exist.';
    const complaints: Complaint[] =
      missing.length === 0
        ? []
        : [{ status: 'error', category: 'OBJECT_NOT_FOUND', message, context: { ids: missing } }];
    return batchAnswer(ask, 200, results, complaints);
  });
}

export function dropSubscription(ask: Ask): Plan {
  return managing(() => {
    ask.host.app.drop(known(ask).id, ask.host.account.worldMs);
    return { status: 204 };
  });
}

const SUBSCRIPTIONS_MAX = 1000;
const NOT_TOLD = ['hs_lastmodifieddate', 'lastmodifieddate', 'num_unique_conversion_events'];

function managing(answer: Plan['carryOut']): Plan {
  return { action: 'hooks', carryOut: answer };
}

function activate({ host }: Ask, before: Subscription, active: boolean): Subscription {
  const updatedAt = new Date(host.account.nowMs).toISOString();
  return host.app.put({ ...before, active, updatedAt }, host.account.worldMs);
}

function known({ host, params }: Ask): Subscription {
  const found = host.app.latest.subscriptions.get(Number(params['id']));
  if (found === undefined) throw notFound();
  return found;
}

function assertPossible({ eventType, propertyName, objectTypeId }: NewSubscription): void {
  const [kind = '', event = ''] = eventType.split('.');
  const isKind = kind === 'object' || objectType(kind)?.singular === kind;
  const isPrivacy = eventType === 'contact.privacyDeletion';
  if (!isPrivacy && !(isKind && EVENTS.has(event))) {
    throw invalid(`${eventType} is no event type.`);
  }
  if (kind === 'object' && objectType(objectTypeId ?? '') === undefined) {
    throw invalid(`${eventType} needs an objectTypeId.`);
  }
  if (event !== 'propertyChange') return;
  if ((propertyName ?? '') === '') throw invalid(`${eventType} needs a propertyName.`);
  if (NOT_TOLD.includes(propertyName!)) {
    throw invalid(`${propertyName} cannot be subscribed to.`);
  }
}

const EVENTS: ReadonlySet<string> = new Set([
  'creation',
  'deletion',
  'propertyChange',
  'associationChange',
  'merge',
  'restore',
]);

function shownTarget({ targetUrl, maxConcurrentRequests, createdAt, updatedAt }: Target): object {
  return { targetUrl, throttling: { maxConcurrentRequests }, createdAt, updatedAt };
}

function shown({ id, ...subscription }: Subscription): object {
  return { id: String(id), ...subscription };
}
