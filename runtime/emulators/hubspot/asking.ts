/** What a request is, once it was found out whose it is and which call: the same for all calls there are. */
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import type { Action } from '../call.ts';
import type { Host as CrmHost } from '../desk.ts';
import type { Doer } from '../crm/model.ts';
import type { Account } from './account.ts';
import type { AppSettings } from './app-settings.ts';
import { objectType, type ObjectType } from './objects.ts';
import type { Place } from './records.ts';
import { invalid, type Complaint } from './refused.ts';
import type { SearchIndex } from './search-index.ts';
import type { Tokens } from './tokens.ts';

export interface Host extends CrmHost {
  readonly account: Account;
  readonly world: World;
  readonly index: SearchIndex;
  readonly tokens: Tokens;
  /** The app's webhooks, which all accounts share that have the app. */
  readonly app: AppSettings;
}

export interface Ask {
  readonly host: Host;
  readonly method: string;
  /** As in the path: v3, v4, or a date. */
  readonly version: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON, or what a form has. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: object;
}

/** A call that was understood; `carryOut` may still be refused. */
export interface Plan {
  readonly action: Action;
  readonly object?: ObjectType;
  readonly items?: number;
  readonly ids?: readonly string[];
  carryOut(busy: readonly number[]): Answer;
}

export const APP: Doer = { by: 'app', via: 'api' };

/** The kind of records that the path names. */
export function objectIn({ params }: Ask, name = 'type'): ObjectType {
  const asked = params[name] ?? '';
  const found = objectType(asked);
  if (found !== undefined) return found;
  throw invalid(`Unable to infer object type from: ${asked}`);
}

export function placeOf({ host, version }: Ask, object: ObjectType): Place {
  const collection = host.account.collections.get(object.name)!;
  return { account: host.account, object, collection, version };
}

/** Several values behind one name, each perhaps a list with commas. */
export function listIn(query: URLSearchParams, name: string): readonly string[] {
  const all = query.getAll(name).flatMap((text) => text.split(','));
  return [...new Set(all.map((one) => one.trim()).filter((one) => one !== ''))];
}

/** What is no known word for true is false. */
export function flagIn(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === 'true';
}

/** A number of records per page, which has to be one. */
export function limitIn(
  query: URLSearchParams,
  { usual, most }: { usual: number; most: number },
): number {
  const text = query.get('limit');
  if (text === null) return usual;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= most) return limit;
  throw invalid(`Invalid limit: ${text}. It must be between 1 and ${most}.`);
}

/** Members that nobody knows are nobody's concern; those that are known have to fit. */
export function shaped<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw invalid(`Invalid input JSON: ${path} ${issue?.message ?? 'was not understood'}`, {
    errors: [{ message: issue?.message ?? '', in: path }],
  });
}

/** A batch of at least one and at most so many. */
export function batchOf<Item extends z.ZodType>(item: Item, most: number) {
  return z.object({
    inputs: z
      .array(item)
      .min(1, 'must not be empty')
      .max(most, `The maximum number of inputs is ${most}`),
  });
}

/** The frame that all answers to batches have. */
export function batchAnswer(
  { host, version }: Ask,
  status: number,
  results: readonly object[],
  complaints: readonly Complaint[] = [],
): Answer {
  const at = new Date(host.account.nowMs).toISOString();
  const failed =
    complaints.length === 0 ? {} : { numErrors: complaints.length, errors: complaints };
  return {
    // Versions with a date tell of what failed in the body alone.
    status: complaints.length > 0 && /^v\d$/.test(version) ? 207 : status,
    body: {
      status: 'COMPLETE',
      results: shuffled(host, results),
      ...failed,
      requestedAt: at,
      startedAt: at,
      completedAt: at,
    },
  };
}

/** In an order that has nothing to do with that of the question. */
function shuffled<One>({ chance }: Host, list: readonly One[]): readonly One[] {
  const all = [...list];
  for (let left = all.length - 1; left > 0; left -= 1) {
    const other = chance.below(left + 1);
    [all[left], all[other]] = [all[other]!, all[left]!];
  }
  return all;
}
