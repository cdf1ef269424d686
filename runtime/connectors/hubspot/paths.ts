/**
 * Where things are, by the version of the API. Versions are named by the month they came out in, and each
 * is served for 18 months; before them was `v3`, in which associations and logins have versions apart.
 */

export interface Paths {
  objects(type: string, ...names: readonly string[]): readonly string[];
  properties(type: string, ...names: readonly string[]): readonly string[];
  /** A batch of associations. */
  associations(from: string, to: string, ...names: readonly string[]): readonly string[];
  readonly account: readonly string[];
  readonly owners: readonly string[];
  /** Of deals. */
  readonly pipelines: readonly string[];
  hooks(app: string, ...names: readonly string[]): readonly string[];
  /** Of the end point for tokens. */
  readonly token: string;
}

export function pathsOf(version: string): Paths {
  const isOld = version === 'v3';
  const objects = isOld ? ['crm', 'v3', 'objects'] : ['crm', 'objects', version];
  const properties = isOld ? ['crm', 'v3', 'properties'] : ['crm', 'properties', version];
  const associations = isOld ? ['crm', 'v4', 'associations'] : ['crm', 'associations', version];
  const hooks = isOld ? ['webhooks', 'v3'] : ['app-webhooks', version];
  return {
    objects: (...names) => [...objects, ...names],
    properties: (...names) => [...properties, ...names],
    associations: (from, to, ...names) => [...associations, from, to, 'batch', ...names],
    account: ['account-info', version, 'details'],
    owners: isOld ? ['crm', 'v3', 'owners'] : ['crm', 'owners', version],
    pipelines: [...(isOld ? ['crm', 'v3', 'pipelines'] : ['crm', 'pipelines', version]), 'deals'],
    hooks: (...names) => [...hooks, ...names],
    token: isOld ? 'oauth/v1/token' : `oauth/${version}/token`,
  };
}
