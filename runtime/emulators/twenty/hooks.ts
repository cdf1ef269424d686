/**
 * How Twenty tells of changes: one event a letter, once, in no order, with the whole record and a
 * signature over the time and the very body. What was not heard within five seconds is not said again.
 */
import { createHmac } from 'node:crypto';
import { iso } from '../crm/item.ts';
import type { Change } from '../crm/model.ts';
import type { WebhookDialect } from '../webhooks.ts';
import type { Random } from '../../world/world.ts';
import type { Account } from './account.ts';
import { namedId } from './ids.ts';
import { shownItem, type Shown } from './showing.ts';

export interface Hook {
  readonly account: Account;
  readonly chance: Random;
  readonly about: HookEntity;
  readonly url: string;
}

export interface HookEntity {
  readonly id: string;
  readonly targetUrl: string;
  readonly operations: readonly string[];
  readonly description: string | null;
  readonly secret: string;
  readonly workspaceId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
}

export type EventAction = 'created' | 'updated' | 'deleted' | 'destroyed' | 'restored';

interface Message {
  readonly action: EventAction;
  readonly singular: string;
  readonly objectId: string;
  readonly record: Shown;
  readonly updatedFields: readonly string[] | undefined;
  readonly isPerson: boolean;
}

export const TWENTY_WEBHOOKS: WebhookDialect<Hook, Message> = {
  answerMsMax: 5000,
  retriesAfterMs: [],
  messages({ account, about }, changes) {
    if (account.settings.blocksPrivateTargets && isPrivate(about.targetUrl)) return [];
    return changes
      .filter(({ via }) => via !== 'vendor')
      .flatMap((change) => messageOf(account, change, changes))
      .filter(({ singular, action }) => isWanted(about.operations, { singular, action }));
  },
  letter({ account, about, chance }, message, { nowMs }) {
    const { action, singular, objectId, record, updatedFields, isPerson } = message;
    const who = isPerson ? namedId(`user ${account.name}`) : undefined;
    const body = JSON.stringify({
      targetUrl: about.targetUrl,
      eventName: `${singular}.${action}`,
      objectMetadata: { id: objectId, nameSingular: singular },
      workspaceId: account.workspaceId,
      webhookId: about.id,
      eventDate: iso(nowMs),
      userId: who,
      workspaceMemberId: who === undefined ? undefined : namedId(`member ${account.name}`),
      record,
      updatedFields,
    });
    if (about.secret === '') return { headers: {}, body };
    const nonce = Array.from({ length: 32 }, () => chance.below(16).toString(16)).join('');
    return {
      headers: {
        'x-twenty-webhook-timestamp': String(nowMs),
        'x-twenty-webhook-signature': signatureOf(about.secret, { timestamp: nowMs, body }),
        'x-twenty-webhook-nonce': nonce,
      },
      body,
    };
  },
};

/** @internal */
export function signatureOf(
  secret: string,
  { timestamp, body }: { timestamp: number; body: string },
): string {
  return createHmac('sha256', secret).update(`${timestamp}:${body}`).digest('hex');
}

/** A record that an upsert brings back is only an updated one. */
function messageOf(account: Account, change: Change, all: readonly Change[]): readonly Message[] {
  const { collection, id, kind, before, after, by } = change;
  const object = account.objects.get(collection);
  const action = ACTIONS[kind];
  const item = action === 'destroyed' ? before : after;
  if (object === undefined || item === undefined) return [];
  const isOvertaken =
    kind === 'restored' && all.some((other) => other.id === id && other.kind === 'updated');
  if (isOvertaken) return [];
  const its = account.collections.get(collection)!;
  const deletedAtMs = item.archived === true ? change.at : undefined;
  return [
    {
      action,
      singular: object.nameSingular,
      objectId: object.id,
      record: shownItem(account, its, { item, deletedAtMs }),
      updatedFields: action === 'updated' ? changedIn(change) : undefined,
      isPerson: by === 'person',
    },
  ];
}

const ACTIONS: Readonly<Record<Change['kind'], EventAction>> = {
  created: 'created',
  updated: 'updated',
  deleted: 'deleted',
  destroyed: 'destroyed',
  restored: 'restored',
  // Whoever was taken over is deleted like others.
  merged: 'deleted',
};

function changedIn({ before, after }: Change): readonly string[] {
  return Object.keys(after?.fields ?? {}).filter(
    (path) =>
      JSON.stringify(before?.fields[path] ?? null) !== JSON.stringify(after?.fields[path] ?? null),
  );
}

/** `person.created`, `person.*`, `*.created` or `*.*`. */
function isWanted(
  operations: readonly string[],
  { singular, action }: { singular: string; action: string },
): boolean {
  return operations.some((operation) => {
    const [object, wanted] = operation.split('.');
    return (object === '*' || object === singular) && (wanted === '*' || wanted === action);
  });
}

function isPrivate(target: string): boolean {
  const { hostname } = new URL(target);
  return /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|\[)/.test(
    hostname,
  );
}
