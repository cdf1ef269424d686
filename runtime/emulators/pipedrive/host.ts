/** A company with everything that is around it, and what a route of its API is. */
import type { Call } from '../call.ts';
import type { Host } from '../desk.ts';
import type { Doer } from '../crm/model.ts';
import type { Webhooks } from '../webhooks.ts';
import type { World } from '../../world/world.ts';
import type { Meter, Patience } from './budget.ts';
import type { Company } from './company.ts';
import type { Hook } from './hooks.ts';
import type { Grants } from './oauth.ts';
import type { Query } from './query.ts';
import type { Trail } from './trail.ts';

export interface PipedriveHost extends Host {
  readonly world: World;
  readonly company: Company;
  readonly webhooks: Webhooks<Hook>;
  readonly trail: Trail;
  readonly patience: Patience;
  readonly meter: Meter;
  /** Where an app may ask for this company's data. */
  readonly grants: Grants | undefined;
}

/** One request, as its route gets it. */
export interface Asked {
  readonly host: PipedriveHost;
  /** `oauth` is on behalf of an app. */
  readonly by: 'token' | 'oauth';
  readonly query: Query;
  /** What stands in the place of `:id` and the like, in order. */
  readonly places: readonly string[];
  /** Undefined where there is none to be read. */
  readonly body: unknown;
}

export interface Task {
  readonly call: Omit<Call, 'account'>;
  /** Once. A single write cannot be stored just now when it is busy. */
  carryOut(isBusy: boolean): Response;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** From behind the mount, such as `v2/persons/:id`. */
  readonly path: string;
  readonly cost: number;
  /** Any of these lets an app in. */
  readonly scopes: readonly string[];
  readonly isSearch?: true;
  /** Whoever may not see it is refused. */
  readonly collection?: string;
  /** Only for administrators. */
  readonly isForAdmins?: true;
  /** Whether a body is read. Without it there is none, whatever comes. */
  readonly hasBody?: true;
  readonly understand: (asked: Asked) => Task | Promise<Task>;
}

/** Who writes through the API. */
export const APP: Doer = { by: 'app', via: 'api' };

export function done(data: unknown, status = 200): Response {
  return Response.json({ success: true, data }, { status });
}
