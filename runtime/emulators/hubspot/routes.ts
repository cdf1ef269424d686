/**
 * Every call there is, in both families of paths: those with a version in front, and those with a date.
 * What one of them needs to be granted stands beside it.
 */
import * as about from './about.ts';
import * as associating from './associating.ts';
import { objectIn, type Ask, type Plan } from './asking.ts';
import { batchArchive, batchCreate, batchUpdate, batchUpsert } from './batches.ts';
import * as defining from './defining.ts';
import { batchRead, get, list } from './reading.ts';
import { noSuchPath, wrongMethod } from './refused.ts';
import { search } from './search.ts';
import * as subscriptions from './subscriptions.ts';
import { archive, create, forget, merge, update } from './writing.ts';

export interface Route {
  readonly method: string;
  readonly names: readonly string[];
  readonly family: Family;
  readonly plan: (ask: Ask) => Plan;
  /** Any of these will do; none, where the way in is another one. */
  readonly scopes: (ask: Ask) => readonly string[];
}

/** What a call costs depends on this, and on whether it is one about many records. */
export type Family = 'crm' | 'search' | 'associations' | 'associationBatches' | 'oauth' | 'hooks';

export interface Found {
  readonly route: Route;
  readonly version: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Refuses paths that there are not, and methods that a path does not have. */
export function find(method: string, pathname: string): Found {
  const names = pathname
    .split('/')
    .filter((name, index, all) => index > 0 && !(name === '' && index === all.length - 1));
  let isPath = false;
  for (const route of ROUTES) {
    const params = matching(route.names, names);
    if (params === undefined) continue;
    isPath = true;
    if (route.method !== method) continue;
    const version = names.find((name) => /^(v\d|\d{4}-\d\d)$/.test(name)) ?? '';
    return { route, version, params };
  }
  throw isPath ? wrongMethod() : noSuchPath();
}

/** A name that begins with a colon stands for any. */
function matching(
  names: readonly string[],
  asked: readonly string[],
): Record<string, string> | undefined {
  if (names.length !== asked.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const given = asked[index]!;
    if (name.startsWith(':')) params[name.slice(1)] = decoded(given);
    else if (name !== given) return undefined;
  }
  return params;
}

/** What was not escaped well is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}

type Scopes = Route['scopes'];

const NONE: Scopes = () => [];
const reads: Scopes = (ask) => [objectIn(ask).scopes.read];
const writes: Scopes = (ask) => [objectIn(ask).scopes.write];
const schemaReads: Scopes = (ask) => [schemaScope(ask, 'read'), objectIn(ask).scopes.read];
const schemaWrites: Scopes = (ask) => [schemaScope(ask, 'write')];
const owners: Scopes = () => ['crm.objects.owners.read'];

/** Engagements go with contacts. */
function schemaScope(ask: Ask, right: string): string {
  return objectIn(ask).scopes.read.replace('objects', 'schemas').replace('read', right);
}

const DATES = ['2026-03', '2026-09'];

/** The same calls, wherever a path begins like one of these. */
function under(
  prefixes: readonly string[],
  family: Family,
  calls: readonly (readonly [call: string, plan: Route['plan'], scopes: Scopes])[],
): readonly Route[] {
  return prefixes.flatMap((prefix) =>
    calls.map(([call, plan, scopes]) => {
      const [method = '', path = ''] = call.split(' ');
      const names = `${prefix}${path}`.split('/').slice(1);
      return { method, names, family, plan, scopes };
    }),
  );
}

const OBJECTS = ['/crm/v3/objects', ...DATES.map((date) => `/crm/objects/${date}`)];
const PAIRS = ['/crm/v4/objects', ...DATES.map((date) => `/crm/objects/${date}`)];
const ASSOCIATIONS = ['/crm/v4/associations', ...DATES.map((date) => `/crm/associations/${date}`)];
const PROPERTIES = ['/crm/v3/properties', ...DATES.map((date) => `/crm/properties/${date}`)];
const RULES = [
  '/crm/v3/property-validations',
  ...DATES.map((date) => `/crm/property-validations/${date}`),
];
const PIPELINES = ['/crm/v3/pipelines', ...DATES.map((date) => `/crm/pipelines/${date}`)];

const ROUTES: readonly Route[] = [
  ...under(OBJECTS, 'crm', [
    ['POST /:type/batch/read', batchRead, reads],
    ['POST /:type/batch/create', batchCreate, writes],
    ['POST /:type/batch/update', batchUpdate, writes],
    ['POST /:type/batch/upsert', batchUpsert, writes],
    ['POST /:type/batch/archive', batchArchive, writes],
    ['POST /:type/merge', forMergeable(merge), writes],
    ['POST /:type/gdpr-delete', forContacts(forget), writes],
  ]),
  ...under(OBJECTS, 'search', [['POST /:type/search', search, reads]]),
  ...under(OBJECTS, 'crm', [
    ['GET /:type', list, reads],
    ['POST /:type', create, writes],
    ['GET /:type/:id', get, reads],
    ['PATCH /:type/:id', update, writes],
    ['DELETE /:type/:id', archive, writes],
  ]),
  ...under(PAIRS, 'associations', [
    ['PUT /:type/:id/associations/default/:other/:otherId', associating.putDefault, writes],
    ['PUT /:type/:id/associations/:other/:otherId', associating.put, writes],
    ['DELETE /:type/:id/associations/:other/:otherId', associating.remove, writes],
  ]),
  // The newest version has no list of one record's associations.
  ...under(['/crm/v4/objects', '/crm/objects/2026-03'], 'associations', [
    ['GET /:type/:id/associations/:other', associating.list, reads],
  ]),
  ...under(ASSOCIATIONS, 'associationBatches', [
    ['POST /:type/:other/batch/read', associating.batchRead, reads],
    ['POST /:type/:other/batch/create', associating.batchCreate, writes],
    ['POST /:type/:other/batch/archive', associating.batchArchive, writes],
    ['POST /:type/:other/batch/associate/default', associating.batchDefault, writes],
    ['POST /:type/:other/batch/labels/archive', associating.batchArchiveLabels, writes],
  ]),
  ...under(['/crm/v3/associations'], 'associationBatches', [
    ['POST /:type/:other/batch/read', associating.batchRead, reads],
    ['POST /:type/:other/batch/create', associating.batchCreate, writes],
    ['POST /:type/:other/batch/archive', associating.batchArchive, writes],
  ]),
  ...under([...ASSOCIATIONS, '/crm/associations/v4'], 'crm', [
    ['GET /:type/:other/labels', associating.labels, reads],
    ['POST /:type/:other/labels', associating.createLabel, writes],
    ['PUT /:type/:other/labels', associating.changeLabel, writes],
    ['DELETE /:type/:other/labels/:label', associating.removeLabel, writes],
  ]),
  ...under(PROPERTIES, 'crm', [
    ['GET /:type', defining.listProperties, schemaReads],
    ['POST /:type', defining.createProperty, schemaWrites],
    ['POST /:type/batch/read', defining.batchRead, schemaReads],
    ['POST /:type/batch/create', defining.batchCreate, schemaWrites],
    ['POST /:type/batch/archive', defining.batchArchive, schemaWrites],
    ['GET /:type/groups', defining.listGroups, schemaReads],
    ['POST /:type/groups', defining.createGroup, schemaWrites],
    ['GET /:type/groups/:name', defining.getGroup, schemaReads],
    ['PATCH /:type/groups/:name', defining.changeGroup, schemaWrites],
    ['DELETE /:type/groups/:name', defining.archiveGroup, schemaWrites],
    ['GET /:type/:name', defining.getProperty, schemaReads],
    ['PATCH /:type/:name', defining.changeProperty, schemaWrites],
    ['DELETE /:type/:name', defining.archiveProperty, schemaWrites],
  ]),
  ...under(RULES, 'crm', [
    ['GET /:type', defining.listRules, schemaReads],
    ['GET /:type/:name', defining.getRules, schemaReads],
  ]),
  ...under(['/crm/v3/owners', ...DATES.map((date) => `/crm/owners/${date}`)], 'crm', [
    ['GET ', about.listOwners, owners],
    ['GET /:id', about.getOwner, owners],
  ]),
  ...under(PIPELINES, 'crm', [
    ['GET /:type', about.listPipelines, schemaReads],
    ['GET /:type/:pipeline', about.getPipeline, schemaReads],
    ['GET /:type/:pipeline/stages', about.listStages, schemaReads],
    ['GET /:type/:pipeline/stages/:stage', about.getStage, schemaReads],
  ]),
  ...under(['/account-info/v3', ...DATES.map((date) => `/account-info/${date}`)], 'crm', [
    ['GET /details', about.details, NONE],
    ['GET /api-usage/daily/private-apps', about.usage, NONE],
  ]),
  ...under(['/oauth/v1', '/oauth/v3', '/oauth/2026-09'], 'oauth', [
    ['POST /token', about.exchangeToken, NONE],
  ]),
  ...under(['/oauth/v3', '/oauth/2026-09'], 'oauth', [
    ['POST /token/introspect', about.introspect, NONE],
    ['POST /token/revoke', about.revoke, NONE],
  ]),
  ...under(['/oauth/v1'], 'oauth', [
    ['GET /access-tokens/:token', about.accessToken, NONE],
    ['GET /refresh-tokens/:token', about.refreshToken, NONE],
    ['DELETE /refresh-tokens/:token', about.refreshToken, NONE],
  ]),
  ...under(['/webhooks/v3', ...DATES.map((date) => `/app-webhooks/${date}`)], 'hooks', [
    ['GET /:app/settings', subscriptions.getTarget, NONE],
    ['PUT /:app/settings', subscriptions.putTarget, NONE],
    ['DELETE /:app/settings', subscriptions.dropTarget, NONE],
    ['GET /:app/subscriptions', subscriptions.listSubscriptions, NONE],
    ['POST /:app/subscriptions', subscriptions.createSubscription, NONE],
    ['POST /:app/subscriptions/batch/update', subscriptions.changeSubscriptions, NONE],
    ['GET /:app/subscriptions/:id', subscriptions.getSubscription, NONE],
    ['PATCH /:app/subscriptions/:id', subscriptions.changeSubscription, NONE],
    ['DELETE /:app/subscriptions/:id', subscriptions.dropSubscription, NONE],
  ]),
];

function forMergeable(plan: Route['plan']): Route['plan'] {
  return (ask) => {
    if (!objectIn(ask).canMerge) throw noSuchPath();
    return plan(ask);
  };
}

function forContacts(plan: Route['plan']): Route['plan'] {
  return (ask) => {
    if (objectIn(ask).name !== 'contacts') throw noSuchPath();
    return plan(ask);
  };
}
