/** Serves a contact store, and works in it for a thread that stands still meanwhile. */
import http from 'node:http';
import { workerData } from 'node:worker_threads';
import type { Express } from 'express';
import type pg from 'pg';
import { contactsApi } from '../../../runtime/contacts/api.ts';
import { openContacts, type Contacts } from '../../../runtime/contacts/contacts.ts';
import type { CollectionName, Fields } from '../../../runtime/contacts/fields.ts';
import { loginWith } from '../../../runtime/contacts/login.ts';
import { listen, type Door } from '../../../runtime/server/listening.ts';
import type { TenantId } from '../../../runtime/store/store.ts';
import { systemWorld } from '../../../runtime/world/system.ts';
import { answerCalls } from '../../support/standing-still.ts';

export type StoreCall =
  | { readonly do: 'listen' }
  /** A new store in place of the one before. */
  | { readonly do: 'open'; readonly tenant: TenantId }
  | { readonly do: 'secret'; readonly secret: string; readonly name: string }
  | { readonly do: 'create'; readonly collection: CollectionName; readonly fields: Fields }
  | { readonly do: 'update'; readonly id: string; readonly fields: Fields }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'list' }
  | { readonly do: 'stop' };

/** More than any promise is about. */
const ALL = 10_000;

answerCalls(workerData, (connection: pg.PoolConfig) => {
  const world = systemWorld({ log: { write: () => true } });
  let app: Express | undefined;
  let contacts: Contacts | undefined;
  let door: Door | undefined;
  const there = (): Contacts => contacts!;
  return async (asked) => {
    const call = asked as StoreCall;
    switch (call.do) {
      case 'listen': {
        const server = http.createServer((request, reply) => void app!(request, reply));
        door = await listen(server, { port: 0, schedule: world.schedule });
        return door.url;
      }
      case 'open':
        await contacts?.close();
        contacts = await openContacts({ connection, world, tenant: call.tenant });
        return undefined;
      case 'secret': {
        const login = loginWith({ secret: call.secret, audience: call.name });
        app = contactsApi({ contacts: there(), login, title: call.name, world });
        return undefined;
      }
      case 'create':
        return (await there().create(call.collection, call.fields)).item.id;
      case 'update':
        await there().update('contacts', call.id, call.fields);
        return undefined;
      case 'remove':
        await there().remove('contacts', call.id);
        return undefined;
      case 'list': {
        const everybody = { limit: ALL, byTime: false, includeDeleted: false, search: {} };
        const items = await there().list('contacts', everybody);
        return items.map(({ id, fields }) => ({ id, raw: fields }));
      }
      case 'stop':
        await door?.close();
        await contacts?.close();
        return undefined;
    }
  };
});
