/**
 * The associations of items, as their members. HubSpot keeps them apart from the items: each kind takes a
 * call of its own to be read, and two or three to be changed.
 *
 * Traps: the same two objects are associated once for each label. Who has no associations may be missing
 * in an answer, or be called an error. A batch may be refused in parts or as a whole.
 */
import { z } from 'zod';
import { partsOf } from '../batches.ts';
import { VendorError } from '../connector.ts';
import type { Rest } from '../http.ts';
import * as api from './api.ts';
import { afterOthers, refusedBy, type Deed } from './complaints.ts';
import type { ObjectType, Reference } from './objects.ts';
import type { Paths } from './paths.ts';

export interface Context {
  readonly rest: Rest;
  readonly paths: Paths;
  readonly type: ObjectType;
  /** What errors call the account. */
  readonly login: string;
}

/** The member of an item that all of them are in. */
export const ASSOCIATIONS = 'associations';

/** By the id of the item: `{ companies: ['7', '9'], company: '9' }`. */
export async function readReferences(
  context: Context,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const { references } = context.type;
  const held = await Promise.all(
    references.map((reference) => heldBy(context, reference, ids, signal)),
  );
  const membersOf = (id: string) =>
    references.flatMap(({ to, one }, n) => {
      const { ids: all, chosen } = held[n]!.get(id) ?? NONE;
      return [
        [to, all],
        [one, chosen],
      ] as const;
    });
  return new Map(ids.map((id) => [id, Object.fromEntries(membersOf(id))]));
}

interface Held {
  /** The lowest first. */
  readonly ids: readonly string[];
  /** The primary one, or the lowest where no such is known. */
  readonly chosen: string | null;
}

const NONE: Held = { ids: [], chosen: null };

async function heldBy(
  { rest, paths, type }: Context,
  { to, primary }: Reference,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Held>> {
  const all = new Map<string, Set<string>>();
  const primaries = new Map<string, string>();
  let inputs: readonly { id: string; after?: string }[] = ids.map((id) => ({ id }));
  while (inputs.length > 0) {
    const { results } = await rest.send({
      method: 'POST',
      path: paths.associations(type.name, to, 'read'),
      body: { inputs },
      answer: api.associations,
      // An error of another kind would pass for an item without associations.
      flawIn: ({ errors }) => errors?.find(({ category }) => category !== NOT_FOUND)?.category,
      writes: false,
      signal,
    });
    for (const { from, to: targets } of results) {
      const known = all.get(from.id) ?? new Set<string>();
      all.set(from.id, known);
      for (const { toObjectId, associationTypes } of targets) {
        known.add(toObjectId);
        const isPrimary = associationTypes.some(
          ({ category, typeId }) => category === OF_HUBSPOT && typeId === primary,
        );
        if (isPrimary) primaries.set(from.id, toObjectId);
      }
    }
    // Who has very many is told in parts.
    inputs = results.flatMap(({ from, paging }) =>
      paging?.next ? [{ id: from.id, after: paging.next.after }] : [],
    );
  }
  return new Map(
    [...all].map(([id, set]) => {
      const sorted = [...set].toSorted(byNumber);
      const lowest = primary === undefined ? sorted[0] : undefined;
      return [id, { ids: sorted, chosen: primaries.get(id) ?? lowest ?? null }];
    }),
  );
}

const NOT_FOUND = 'OBJECT_NOT_FOUND';
/** What HubSpot calls its own types of associations. */
export const OF_HUBSPOT = 'HUBSPOT_DEFINED';

/** Ids are numbers in texts, without zeros in front. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** What the members of one item ask for. */
export interface Wish {
  readonly reference: Reference;
  /** The member that asks, for complaints. */
  readonly path: string;
  readonly all?: readonly string[];
  readonly chosen?: string | null;
}

const target = z.union([z.string().regex(/^\d+$/), z.literal('').transform(() => null)]);
const members = z.record(
  z.string(),
  z.union([target, z.array(z.string().regex(/^\d+$/)), z.null()]),
);

/** A path, where there is something that is no reference. */
export function wishesIn(
  raw: Readonly<Record<string, unknown>>,
  { references }: ObjectType,
): readonly Wish[] | { readonly wrong: string } {
  const given = raw[ASSOCIATIONS];
  if (given === undefined) return [];
  const { success, data, error } = members.safeParse(given);
  if (!success) {
    return { wrong: [ASSOCIATIONS, ...(error.issues[0]?.path ?? [])].slice(0, 2).join('.') };
  }
  const known = new Set(references.flatMap(({ to, one }) => [to, one]));
  const stranger = Object.keys(data).find((name) => !known.has(name));
  if (stranger !== undefined) return { wrong: `${ASSOCIATIONS}.${stranger}` };
  const wishes: Wish[] = [];
  for (const each of references) {
    for (const [name, isList] of [
      [each.to, true],
      [each.one, false],
    ] as const) {
      const value = data[name];
      if (value === undefined) continue;
      const path = `${ASSOCIATIONS}.${name}`;
      if (Array.isArray(value) && !isList) return { wrong: path };
      const list = Array.isArray(value) ? value : value === null ? [] : [value];
      // Without a primary one, the one is all there is.
      const isAll = isList || each.primary === undefined;
      wishes.push({
        reference: each,
        path,
        ...(isAll ? { all: list } : { chosen: list[0] ?? null }),
      });
    }
  }
  return wishes;
}

export interface WantedReferences {
  readonly id: string;
  readonly wishes: readonly Wish[];
  /** Nothing leads from it yet. */
  readonly isNew: boolean;
}

/** What went wrong, by the id of the item. Throws when nobody can tell of which. */
export async function writeReferences(
  context: Context,
  wanted: readonly WantedReferences[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, VendorError>> {
  const failures = new Map<string, VendorError>();
  let hasLanded = false;
  for (const each of context.type.references) {
    const items = wanted.filter(({ wishes }) => wishes.some((wish) => wish.reference === each));
    if (items.length === 0) continue;
    const old = items.filter(({ isNew }) => !isNew).map(({ id }) => id);
    try {
      const held = await heldBy(context, each, old, signal);
      for (const step of stepsFor(each, items, held)) {
        if (step.pairs.length === 0) continue;
        const refused = await take(context, each, step, signal);
        for (const [id, error] of refused) failures.set(id, hasLanded ? afterOthers(error) : error);
        hasLanded = true;
      }
    } catch (error) {
      throw error instanceof VendorError && hasLanded ? afterOthers(error) : error;
    }
  }
  return failures;
}

interface Pair {
  readonly from: string;
  readonly to: string;
  /** The member that asks for it. */
  readonly path: string;
}

interface Step {
  readonly kind: 'add' | 'choose' | 'remove';
  readonly pairs: readonly Pair[];
}

/** What is there goes last, so that nothing is lost when a step before is refused. */
function stepsFor(
  reference: Reference,
  items: readonly WantedReferences[],
  held: ReadonlyMap<string, Held>,
): readonly Step[] {
  const adds: Pair[] = [];
  const chosen: Pair[] = [];
  const removes: Pair[] = [];
  for (const { id: from, wishes } of items) {
    const now = held.get(from) ?? NONE;
    for (const { reference: asked, path, all, chosen: one } of wishes) {
      if (asked !== reference) continue;
      if (all !== undefined) {
        adds.push(
          ...pairs(
            from,
            all.filter((to) => !now.ids.includes(to)),
            path,
          ),
        );
        removes.push(
          ...pairs(
            from,
            now.ids.filter((to) => !all.includes(to)),
            path,
          ),
        );
      } else if (one !== now.chosen) {
        if (one) chosen.push({ from, to: one, path });
        else if (now.chosen !== null) removes.push({ from, to: now.chosen, path });
      }
    }
  }
  return [
    { kind: 'add', pairs: adds },
    { kind: 'choose', pairs: chosen },
    { kind: 'remove', pairs: removes },
  ];
}

function pairs(from: string, ids: readonly string[], path: string): Pair[] {
  return ids.map((to) => ({ from, to, path }));
}

/** HubSpot takes 2,000 at once to make, and does not say how many to remove. */
const PAIRS_MAX = 1_000;

async function take(
  context: Context,
  reference: Reference,
  { kind, pairs: all }: Step,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, VendorError>> {
  const failures = new Map<string, VendorError>();
  for (const part of partsOf(all, PAIRS_MAX)) {
    for (const [pair, error] of await takePart(context, reference, { kind, pairs: part }, signal)) {
      failures.set(pair.from, error);
    }
  }
  return failures;
}

async function takePart(
  context: Context,
  { to, primary }: Reference,
  { kind, pairs: part }: Step,
  signal: AbortSignal | undefined,
): Promise<readonly (readonly [Pair, VendorError])[]> {
  const { rest, paths, type } = context;
  const ends = part.map((pair) => ({ from: { id: pair.from }, to: { id: pair.to } }));
  const types = [{ associationCategory: OF_HUBSPOT, associationTypeId: primary }];
  const [action, inputs] = {
    add: ['associate/default', ends] as const,
    choose: ['create', ends.map((pair) => ({ ...pair, types }))] as const,
    remove: ['archive', ends.map((pair) => ({ from: pair.from, to: [pair.to] }))] as const,
  }[kind];
  const answer = await rest.send<Taken>({
    method: 'POST',
    path: paths.associations(type.name, to, ...action.split('/')),
    body: { inputs },
    answer: kind === 'remove' ? api.dissociated : api.associated,
    answers: { 400: api.refusal, 404: api.refusal, 409: api.refusal },
    signal,
  });
  const [first] = part;
  if ('refused' in answer) {
    const isOne = part.every(({ from }) => from === first!.from);
    const deed = `associate ${isOne ? `item ${first!.from}` : `${part.length} items`}`;
    const error = refusedBy(answer.refused, deedOf(context, deed), first!.path);
    if (!isOne) throw error;
    return [[first!, error]];
  }
  const { errors } = answer;
  if (!errors?.length) return [];
  const made = new Set('results' in answer ? answer.results.map((pair) => nameOf(pair)) : []);
  return part
    .filter((pair) => !made.has(nameOf(pair)))
    .map((pair) => {
      const about = errors.find(({ context: told }) => isAbout(told, pair)) ?? errors[0]!;
      const deed = deedOf(context, `associate item ${pair.from}`);
      return [pair, refusedBy(about, deed, pair.path)] as const;
    });
}

type Taken = z.infer<typeof api.associated> | z.infer<typeof api.dissociated> | api.WireRefusal;

function nameOf({ from, to }: Pick<Pair, 'from' | 'to'>): string {
  return `${from} ${to}`;
}

function isAbout(told: api.WireComplaint['context'], { from, to }: Pair): boolean {
  const ids = Object.values(told ?? {}).flat();
  return ids.includes(from) || ids.includes(to);
}

function deedOf({ rest, login, type }: Context, deed: string): Deed {
  return { rest, login, type, deed };
}
