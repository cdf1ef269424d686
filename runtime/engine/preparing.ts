/**
 * From plans to writes that can be sent: references become the vendor's ids, values take the vendor's
 * form, and each write gets its intent, which is stored before anything is sent.
 */
import { fingerprintOf } from '../core/hash.ts';
import type { EndpointId, LinkId, Write } from '../core/planner/model.ts';
import { fieldOf } from '../core/planner/parts.ts';
import { canonicalText, same, type Value } from '../core/value.ts';
import { linkOf, replaceIntent, setBack, type Case, type Sending } from './case.ts';
import { orderFor, refTo, setbackWithout, type Context } from './context.ts';
import { isUnread } from './comparing.ts';
import { markerFor } from './creating.ts';
import { intentFor } from './intents.ts';
import type { Member } from './member.ts';
import { isAtBase, shownIn } from './reading.ts';
import { placesOf, type Places } from './references.ts';

export async function prepareWrites(
  context: Context,
  cases: readonly Case[],
  refused: ReadonlySet<Write>,
): Promise<void> {
  const wanted = cases.flatMap((one) =>
    (one.plan?.writes ?? [])
      .filter((write) => !refused.has(write))
      .map((write) => ({ one, write })),
  );
  const surplus = cases.flatMap((one) =>
    [...one.surplus].flatMap((id) => {
      const write = deletionOf(one, id);
      return write ? [{ one, write }] : [];
    }),
  );
  const undone = cases.flatMap((one) => undoneOf(context, one));
  const all = [...wanted.filter(({ write }) => !isUndone(undone, write)), ...surplus, ...undone];
  if (all.length === 0) return;
  const places = await placesOf(
    context,
    all.map(({ write }) => write),
  );
  for (const { one, write } of all) prepare(context, one, write, places);
}

function prepare(context: Context, one: Case, planned: Write, places: Places): void {
  const { sync, world } = context;
  const member = sync.members.get(planned.endpoint);
  if (!member) {
    one.held.push({ reason: 'unavailable', endpoint: planned.endpoint });
    setBack(one, setbackWithout(context, planned.endpoint));
    return;
  }
  const ordered = partInOrder(context, one, planned);
  const formed = ordered && inVendorsForm(context, one, member, ordered, places);
  if (!formed) return;
  const { write, raw, led } = formed;
  const instead = insteadOf(context, one, write);
  if (instead !== undefined) {
    if (wasTold(context, one, write)) return;
    one.told.push(toldOf(one, write, instead));
    context.run.count(instead === 'moved' ? 'moved' : `would ${write.op}`);
    return;
  }
  if (isReadOnce(context, member, one, write) || isBehind(context, member, one, write)) {
    const why = `It is read once more, because "${member.title}" may answer with an old state.`;
    setBack(one, { kind: 'again', why, at: world.clock.now() + member.can.readLagMs + 1 });
    return;
  }
  const link = write.link && linkOf(one, write.link);
  const seen = write.link && one.items.get(write.link);
  const marker = write.op === 'create' && member.can.marker !== undefined;
  const isGuarded = member.can.conditionalWrites && context.rules.has('conditional-writes');
  const sending: Sending = {
    member,
    write,
    intentId: world.newId(),
    raw,
    ...(led ? { led } : {}),
    wave: 0,
    ...(marker ? { marker: markerFor(context, member, one, write.generation) } : {}),
    ...(link ? { remoteId: link.remoteId } : {}),
    ...(seen?.version === undefined ? {} : { seenVersion: seen.version }),
    ...(isGuarded && seen?.version !== undefined ? { ifVersion: seen.version } : {}),
  };
  one.sendings.push(sending);
  replaceIntent(one, intentFor(one, sending, world.clock.now()));
}

/**
 * Where answers may be old and nothing tells what a write covers up, nothing is written on top of the very
 * first read: there is nothing yet to tell an old state by.
 */
function isReadOnce(
  { rules }: Context,
  { can }: Member,
  { stored, intents }: Case,
  { op, link: id }: Write,
): boolean {
  const isGuarded = can.version !== 'none' && (can.conditionalWrites || can.history);
  if (op !== 'update' || can.readLagMs === 0 || isGuarded) return false;
  if (!rules.has('doubt-unversioned')) return false;
  const isOurs = intents.some((intent) => intent.op === 'create' && intent.link === id);
  const known = stored?.links.find((link) => link.id === id);
  return !isOurs && (!known || isUnread(known));
}

/** Nor on top of a state beside which a read has just shown another, whatever that was for. */
function isBehind(
  { doubts, sync, rules }: Context,
  member: Member,
  one: Case,
  { link: id }: Write,
): boolean {
  const { readLagMs } = member.can;
  const link = id && linkOf(one, id);
  const seen = id && one.observed.get(id);
  const item = id && one.items.get(id);
  if (!link || !item || seen?.kind !== 'present' || readLagMs === 0) return false;
  if (!rules.has('doubt-unversioned')) return false;
  return doubts.isBehind(refTo(sync, link), shownIn(member, item), seen.takenAt, readLagMs);
}

/** An undo writes nothing but what it takes back. What people have done since is left to the next pass. */
function partInOrder({ mode }: Context, { entity, plan }: Case, write: Write): Write | undefined {
  const order = mode.orders?.get(entity.id);
  if (order?.kind !== 'undo' || write.op !== 'update') return write;
  const back = order.resolutions.flatMap((resolution) => {
    if (resolution.kind !== 'edit') return [];
    const { cell, value } = resolution;
    return same(plan?.entity.cells[cell]?.value ?? null, value) ? [fieldOf(cell)] : [];
  });
  const others = Object.keys(write.patch).filter((field) => !back.includes(field));
  if (others.length === 0) return write;
  mode.told?.set(entity.id, mode.told.get(entity.id) ?? new Map<EndpointId, string>());
  const rest = without(write, others);
  return Object.keys(rest.patch).length > 0 ? rest : undefined;
}

/** What is told about a write that is not sent; undefined when it is. */
function insteadOf(context: Context, one: Case, write: Write): string | undefined {
  const order = orderFor(context, one.entity.id);
  if (order?.kind === 'apply') return order.expected.has(nameOfWrite(write)) ? undefined : 'moved';
  if (order?.kind === 'undo') return order.isPreview ? 'would write' : undefined;
  return context.mode.kind === 'preview' ? 'would write' : undefined;
}

/** A record may be planned several times while one thing after the other becomes known. */
function wasTold({ mode }: Context, { entity }: Case, write: Write): boolean {
  if (!mode.told) return false;
  const known = mode.told.get(entity.id) ?? new Map<EndpointId, string>();
  const name = nameOfWrite(write);
  const isKnown = known.get(write.endpoint) === name;
  mode.told.set(entity.id, known.set(write.endpoint, name));
  return isKnown;
}

/** The same for the same write, whoever plans it. */
function nameOfWrite({ endpoint, op, patch, before }: Write): string {
  return fingerprintOf(canonicalText([endpoint, op, patch, before] as Value));
}

function toldOf(one: Case, write: Write, outcome: string) {
  const { op, patch, before, reason, endpoint } = write;
  const remoteId = write.link && linkOf(one, write.link)?.remoteId;
  return {
    outcome,
    entity: one.entity.id,
    endpoint,
    detail: {
      op,
      reason,
      patch,
      before,
      name: nameOfWrite(write),
      ...(remoteId === undefined ? {} : { remoteId }),
    },
  };
}

/** What has no form there, or was refused before, stays behind; the rest goes out. */
function inVendorsForm(
  context: Context,
  one: Case,
  member: Member,
  planned: Write,
  places: Places,
): (Pick<Sending, 'write' | 'raw'> & Partial<Pick<Sending, 'led'>>) | undefined {
  if (planned.op === 'delete') return { write: planned, raw: {} };
  const { endpoint } = member;
  const isReference = (field: string): boolean =>
    context.sync.policy.fields.some(({ name, reference }) => name === field && reference);
  const left: string[] = [];
  const values: Record<string, Value> = {};
  for (const [field, value] of Object.entries(planned.patch)) {
    const there = isReference(field) ? places.of(value, endpoint) : value;
    const hash = fingerprintOf(canonicalText(value));
    if (planned.op === 'create' && context.refusals.has(one.entity.id, endpoint, field, hash)) {
      one.held.push({ reason: 'refused', endpoint, field });
      left.push(field);
    } else if (there === undefined) {
      one.held.push({ reason: 'reference-pending', endpoint, field });
      setBack(one, {
        kind: 'wait',
        why: `The target of ${field} has no item at "${member.title}".`,
      });
      left.push(field);
    } else {
      values[field] = there;
    }
  }
  const current = planned.link && one.items.get(planned.link)?.raw;
  const { item: raw, problems } = member.write(values, current);
  for (const { field } of problems) {
    one.held.push({ reason: 'no-form', endpoint, field });
    left.push(field);
  }
  if (Object.keys(raw).length === 0) return undefined;
  const write = left.length === 0 ? planned : without(planned, left);
  const led = Object.entries(write.patch).flatMap(([field, value]) => {
    return isReference(field) ? places.ledTo(value, endpoint) : [];
  });
  return { write, raw, led };
}

/** The same write, as if these fields were not to be written. */
export function without(write: Write, fields: readonly string[]): Write {
  const isLeft = (name: string): boolean =>
    fields.some((field) => name === field || name.startsWith(`${field}#`));
  const keep = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !isLeft(name)));
  return {
    ...write,
    patch: keep(write.patch),
    before: keep(write.before),
    stamps: keep(write.stamps),
  };
}

/** What a run made goes when it is still as the run left it. */
function undoneOf({ run, sync }: Context, one: Case) {
  return [...one.undone].flatMap((id) => {
    const link = linkOf(one, id);
    const seen = one.observed.get(id);
    const isUntouched =
      link !== undefined && seen?.kind === 'present' && isAtBase(sync.policy.fields, link, seen);
    const write = isUntouched ? deletionOf(one, id) : undefined;
    if (write) return [{ one, write }];
    if (link?.state === 'live' && seen) {
      run.count('left alone: edited since');
      one.told.push({
        outcome: 'left alone',
        entity: one.entity.id,
        endpoint: link.endpoint,
        detail: { why: 'edited since', remoteId: link.remoteId },
      });
    }
    return [];
  });
}

function isUndone(undone: readonly { readonly write: Write }[], { link }: Write): boolean {
  return link !== undefined && undone.some(({ write }) => write.link === link);
}

function deletionOf(one: Case, id: LinkId): Write | undefined {
  const link = linkOf(one, id);
  const seen = one.observed.get(id);
  if (!link || seen?.kind !== 'present') return undefined;
  return {
    endpoint: link.endpoint,
    op: 'delete',
    link: id,
    patch: {},
    before: seen.fields,
    stamps: {},
    generation: link.generation,
    reason: link.state === 'duplicate' ? 'surplus' : 'undone',
  };
}
