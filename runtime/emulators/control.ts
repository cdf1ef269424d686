/**
 * The control API: what truly is, what people do, and how much trouble there is. For tests and
 * demonstrations; it has no lag, no limits and no bad days.
 *
 *     GET  /_emulator/truth                                                  every item, by account and collection
 *     GET  /_emulator/log?account=&after=                                    every change, from a place on
 *     GET  /_emulator/calls                                                  what the API was asked for, by account
 *     POST /_emulator/create   {"account", "collection", "fields"}           {"id"}
 *     POST /_emulator/edit     {"account", "collection", "id", "fields"}     {}
 *     POST /_emulator/remove   {"account", "collection", "id"}               {}
 *     POST /_emulator/restore  {"account", "collection", "id"}               {}
 *     POST /_emulator/merge    {"account", "collection", "loser", "winner"}  {"id"}
 *     POST /_emulator/fields   {"account", "collection", and one of these}   {"fields"}, all there are then
 *                              "add": {"path", "type", ...}
 *                              "remove": path
 *                              "rename": {"path", "to"}
 *                              "retype": {"path", "type", "options"?}
 *                              "dropOption": {"path", "option"}
 *     POST /_emulator/webhooks {"account", "targetUrl", "subscriptions"}     the same, as it is then, and "secret"
 *                              where a vendor has them set up in its pages, as for private apps of HubSpot:
 *                              {"eventType", "propertyName"?, "objectTypeId"?, "active"?}
 *     POST /_emulator/trouble  {"rates": {"lost": 0.1}, "seed"?}             {}
 *                              and "webhooks"?: {"lost", "doubled", "late"}, rates of what they bring
 *     POST /_emulator/advance  {"ms"}                                        {}, when all has happened that was due
 */
import express, { type Router } from 'express';
import { z } from 'zod';
import { TributaryError } from '../core/errors.ts';
import type { FieldOptions } from './crm/model.ts';
import { FIELD_TYPES } from './crm/values.ts';
import { Refused } from './crm/refused.ts';
import type { Directory } from './emulator.ts';
import type { MovableWorld } from './movable-world.ts';
import { TROUBLES, WEBHOOK_TROUBLES, type TroubleMaker } from './trouble.ts';

const BODY_BYTES_MAX = 1024 * 1024;

const where = { account: z.string(), collection: z.string() };
const id = z.string();
const fields = z.record(z.string(), z.unknown());
const path = z.string().min(1);
const type = z.enum(FIELD_TYPES);
const options = z.array(z.string()).optional();
const field = z.strictObject({
  path,
  type,
  options,
  maxLength: z.int().positive().optional(),
  readOnly: z.boolean().optional(),
  unique: z.boolean().optional(),
  to: z.string().optional(),
  quiet: z.boolean().optional(),
  own: z.record(z.string(), z.unknown()).optional(),
});

export function controlRoutes({
  directory,
  troubles,
  world,
}: {
  directory: Directory;
  troubles: TroubleMaker;
  world: MovableWorld;
}): Router {
  const routes = express.Router();
  routes.use(express.json({ limit: BODY_BYTES_MAX, strict: true }));

  routes.get('/truth', (_request, reply) => {
    const accounts = directory.accounts.map((name) => {
      const hands = directory.account(name);
      const all = hands.collections.map((collection) => [collection, hands.items(collection)]);
      return [name, Object.fromEntries(all) as object] as const;
    });
    reply.json(Object.fromEntries(accounts));
  });
  routes.get('/log', (request, reply) => {
    const { account, after } = understood(
      z.strictObject({
        account: z.string(),
        after: z.string().regex(/^\d+$/).transform(Number).default(0),
      }),
      request.query,
    );
    const { log } = directory.account(account);
    reply.json({ log: log.slice(after), next: log.length });
  });
  routes.get('/calls', (_request, reply) => {
    reply.json(
      Object.fromEntries(directory.accounts.map((name) => [name, directory.account(name).calls])),
    );
  });
  routes.post('/create', (request, reply) => {
    const given = understood(z.strictObject({ ...where, fields }), request.body);
    reply.json({ id: directory.account(given.account).create(given.collection, given.fields) });
  });
  routes.post('/edit', (request, reply) => {
    const given = understood(z.strictObject({ ...where, id, fields }), request.body);
    directory.account(given.account).edit(given.collection, given.id, given.fields);
    reply.json({});
  });
  routes.post('/remove', (request, reply) => {
    const given = understood(z.strictObject({ ...where, id }), request.body);
    directory.account(given.account).remove(given.collection, given.id);
    reply.json({});
  });
  routes.post('/restore', (request, reply) => {
    const given = understood(z.strictObject({ ...where, id }), request.body);
    directory.account(given.account).restore(given.collection, given.id);
    reply.json({});
  });
  routes.post('/merge', (request, reply) => {
    const given = understood(z.strictObject({ ...where, loser: id, winner: id }), request.body);
    const hands = directory.account(given.account);
    reply.json({ id: hands.merge(given.collection, given.loser, given.winner) });
  });
  routes.post('/fields', (request, reply) => {
    const { account, collection, ...edit } = understood(
      z.union([
        z.strictObject({ ...where, add: field }),
        z.strictObject({ ...where, remove: path }),
        z.strictObject({ ...where, rename: z.strictObject({ path, to: path }) }),
        z.strictObject({ ...where, retype: z.strictObject({ path, type, options }) }),
        z.strictObject({ ...where, dropOption: z.strictObject({ path, option: z.string() }) }),
      ]),
      request.body,
    );
    const hands = directory.account(account);
    if ('add' in edit) hands.addField(collection, edit.add as FieldOptions);
    else if ('remove' in edit) hands.removeField(collection, edit.remove);
    else if ('rename' in edit) hands.renameField(collection, edit.rename.path, edit.rename.to);
    else if ('dropOption' in edit) {
      hands.dropOption(collection, edit.dropOption.path, edit.dropOption.option);
    } else {
      hands.retypeField(collection, edit.retype.path, edit.retype.type, edit.retype.options);
    }
    reply.json({ fields: hands.fields(collection) });
  });
  routes.post('/webhooks', (request, reply) => {
    const { account, ...wanted } = understood(
      z.strictObject({
        account: z.string(),
        targetUrl: z.url({ protocol: /^https?$/ }),
        subscriptions: z.array(z.record(z.string(), z.unknown())),
      }),
      request.body,
    );
    reply.json(directory.setWebhooks(account, wanted));
  });
  routes.post('/advance', async (request, reply) => {
    const { ms } = understood(z.strictObject({ ms: z.int().min(0) }), request.body);
    await world.advance(ms);
    reply.json({});
  });
  routes.post('/trouble', (request, reply) => {
    const rate = z.number().min(0).max(1);
    const given = understood(
      z.strictObject({
        rates: z.partialRecord(z.enum(TROUBLES), rate),
        webhooks: z.partialRecord(z.enum(WEBHOOK_TROUBLES), rate).optional(),
        seed: z.int().default(1),
      }),
      request.body,
    );
    troubles.set(given.rates, given.seed, given.webhooks);
    reply.json({});
  });
  routes.use(notDone);
  return routes;
}

class NotUnderstood extends Error {}

function understood<Output>(shape: z.ZodType<Output>, given: unknown): Output {
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new NotUnderstood(z.prettifyError(parsed.error));
}

/** Says what was wrong with a request; what else goes wrong is somebody else's to report. */
function notDone(
  error: Error,
  _request: express.Request,
  reply: express.Response,
  next: express.NextFunction,
): void {
  const { message } = error;
  if (error instanceof Refused) reply.status(422).json(error.facts);
  else if (error instanceof TributaryError) reply.status(404).json({ code: error.code, message });
  else if (error instanceof NotUnderstood) {
    reply.status(400).json({ code: 'bad_request', message });
  } else next(error);
}
