/**
 * The page at `/`: what is in the accounts, and the means to change it as a person would. It is plain
 * HTML with forms; the few lines of script only keep the list fresh while nobody is typing. A form
 * sends what was changed in it and nothing else, so it never writes an old value back over a new one.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import express, { type Request, type Response as Reply, type Router } from 'express';
import { Refused } from '../crm/refused.ts';
import type { Directory } from '../emulator.ts';
import { changedFields, type Form } from './form.ts';
import { renderPage, type Place } from './render.ts';

const POLICY = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Nothing is open and no field has changed: then the items may be shown anew. */
const SCRIPT = `setInterval(async () => {
  if (document.hidden || document.querySelector('details[open]')) return;
  const response = await fetch(location.href).catch(() => undefined);
  if (!response?.ok || document.querySelector('details[open]')) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  document.getElementById('items').replaceWith(fresh.getElementById('items'));
}, 2000);
`;

const BODY_BYTES_MAX = 256 * 1024;

export function pageRoutes(directory: Directory): Router {
  const routes = express.Router();
  const style = readFileSync(path.join(import.meta.dirname, 'page.css'), 'utf8');
  routes.get('/page.css', (_request, reply) => {
    harden(reply).type('css').send(style);
  });
  routes.get('/page.js', (_request, reply) => {
    harden(reply).type('js').send(SCRIPT);
  });
  routes.get('/', (request, reply) => {
    const place = placeOf(directory, request.query);
    if (place === undefined) return lost(request, reply);
    return harden(reply).type('html').send(renderPage(directory, place));
  });
  routes.post(
    '/',
    express.urlencoded({ extended: false, limit: BODY_BYTES_MAX }),
    (request, reply) => {
      const place = placeOf(directory, request.query);
      if (place === undefined) return lost(request, reply);
      try {
        act(directory, place, (request.body ?? {}) as Form);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const page = renderPage(directory, place, error.message);
        return harden(reply).status(422).type('html').send(page);
      }
      return reply.redirect(303, request.originalUrl);
    },
  );
  return routes;
}

function act(directory: Directory, { account, collection }: Place, form: Form): void {
  const hands = directory.account(account);
  const id = String(form['id'] ?? '');
  if (form['act'] === 'remove') {
    hands.remove(collection, id);
    return;
  }
  const fields = changedFields(hands.fields(collection), form);
  if (form['act'] === 'create') hands.create(collection, fields);
  else hands.edit(collection, id, fields);
}

/** Back to the start, unless there is nothing at the start either. */
function lost({ query }: Request, reply: Reply): void {
  if (Object.keys(query).length > 0) reply.redirect(303, '/');
  else reply.status(404).type('text').send('There are no collections.\n');
}

/** Undefined when there is no such place; without any, the first one. */
function placeOf(directory: Directory, query: object): Place | undefined {
  const asked = query as Readonly<Record<string, unknown>>;
  const text = (name: string): string => {
    const value = asked[name];
    return typeof value === 'string' ? value : '';
  };
  const account = text('account') || directory.accounts[0]!;
  if (!directory.accounts.includes(account)) return undefined;
  const { collections } = directory.account(account);
  const collection = text('collection') || collections[0]!;
  if (!collections.includes(collection)) return undefined;
  const page = Math.max(1, Math.floor(Number(text('page'))) || 1);
  return { account, collection, page, wanted: text('wanted') };
}

function harden(reply: Reply): Reply {
  return reply.set({
    'cache-control': 'no-store',
    'content-security-policy': POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
}
