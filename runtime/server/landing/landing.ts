/**
 * The page at `/`: what is running here, whether it works, and where to click. It is plain HTML with
 * one style sheet, loads nothing from elsewhere, and needs no script, so its policy allows none.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import express, { type Response, type Router } from 'express';
import type { Part, Readiness, Report } from '../readiness.ts';
import { projectVersion } from '../settings.ts';

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const assets = {
  'landing.css': path.join(import.meta.dirname, 'landing.css'),
  'tributary.svg': path.join(import.meta.dirname, '../theme/tributary.svg'),
};

export function landingRoutes({
  readiness,
  login,
}: {
  readiness: Readiness;
  login: boolean;
}): Router {
  const page = readFileSync(path.join(import.meta.dirname, 'landing.html'), 'utf8');
  const version = projectVersion();
  const routes = express.Router();
  routes.get('/', async (_request, response) => {
    const report = await readiness.report();
    harden(response).set('cache-control', 'no-store').type('html');
    response.send(fill(page, { version, login: login ? 'needed' : 'off', ...wording(report) }));
  });
  for (const [name, file] of Object.entries(assets)) {
    routes.get(`/tributary/${name}`, (_request, response) => {
      harden(response).set('cache-control', 'max-age=3600').sendFile(file, { cacheControl: false });
    });
  }
  return routes;
}

function harden(response: Response): Response {
  return response.set({
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
}

function wording({ ready, waiting }: Report): Record<string, string> {
  const partState = (part: Part, works: string): string => waiting[part] ?? works;
  return {
    headline: ready ? 'Everything is running.' : 'Not everything is running.',
    flows: partState('flows', 'running'),
    flowsMood: waiting.flows === undefined ? 'ready' : 'waiting',
    database: partState('database', 'answering'),
    databaseMood: waiting.database === undefined ? 'ready' : 'waiting',
  };
}

/** Every value is a word of ours; should one ever come from elsewhere, it stays text. */
function fill(page: string, values: Readonly<Record<string, string>>): string {
  return page.replaceAll(/\{\{(\w+)\}\}/g, (_mark, name: string) =>
    (values[name] ?? '').replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  );
}
