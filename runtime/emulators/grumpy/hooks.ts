/** How Grumpy tells those who asked: what changed and where, signed, four times at most. */
import { createHmac } from 'node:crypto';
import type { Change } from '../crm/model.ts';
import type { WebhookDialect } from '../webhooks.ts';

export interface Hook {
  readonly url: string;
  readonly secret: string;
  readonly collections: readonly string[];
}

type Event = Pick<Change, 'collection' | 'id' | 'kind'>;

export const GRUMPY_WEBHOOKS: WebhookDialect<Hook, readonly Event[]> = {
  answerMsMax: 5000,
  retriesAfterMs: [10_000, 60_000, 300_000],
  messages({ collections }, changes) {
    const events = changes
      .filter(({ collection }) => collections.includes(collection))
      .map(({ collection, id, kind }): Event => ({ collection, id, kind: knownKind(kind) }));
    return events.length === 0 ? [] : [events];
  },
  letter({ secret }, events, { delivery, nowMs }) {
    const body = JSON.stringify({ delivery, events });
    const seconds = Math.floor(nowMs / 1000);
    const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    return { headers: { 'x-grumpy-signature': `t=${seconds},v1=${signature}` }, body };
  },
};

/** Its API knows one depth of deleting. */
function knownKind(kind: Change['kind']): Change['kind'] {
  return kind === 'destroyed' ? 'deleted' : kind;
}
