/**
 * Is a change at a link the echo of our own write? Nothing here looks at a clock: an echo is known by
 * the version that the vendor's answer named, or by the value of a write whose answer was lost, or
 * as the vendor's own spelling of what was sent. Everything else was done by somebody else.
 */
import { same, type Value } from '../value.ts';
import type { Draft, Site } from './draft.ts';
import { isFormer } from './former-values.ts';
import type { FieldPolicy, Intent, LinkCell } from './model.ts';
import { cellNames, fieldOf, inParts, isCellValue, linkCell, valueInCell } from './parts.ts';
import { BEFORE_ALL, type Stamp } from './stamp.ts';

export interface OwnWrite {
  /** `null`: not what we sent, but the vendor's spelling of it; an element of a set, for example. */
  readonly stamp: Stamp | null;
  /** An older write than our latest one: it arrived late and has to be written over. */
  readonly late: boolean;
  /** It was none of what we wanted to write, and only went along. */
  readonly carried?: true;
}

export function ownWrite(
  site: Site,
  field: FieldPolicy,
  cell: string,
  value: Value,
): OwnWrite | undefined {
  let newerUnanswered = false;
  for (let i = site.intents.length - 1; i >= 0; i--) {
    const intent = site.intents[i];
    if (intent && mayPutBack(intent, field, cell, value))
      return { stamp: BEFORE_ALL, late: true, carried: true };
    if (!intent || intent.patch[field.name] === undefined) continue;
    const stamp = intent.stamps[cell];
    if (!stamp && value === null) {
      if (mayCover(intent, site, field, cell)) return { stamp: BEFORE_ALL, late: true };
      continue;
    }
    if (isEchoOf(intent, site, field, cell, value)) {
      if (stamp) return { stamp, late: newerUnanswered };
      // A part that went along unchanged, and was taken away meanwhile, came back with the write.
      const wentAlong = isCellValue(field, cell, intent.patch[field.name] ?? null, value);
      return wentAlong ? { stamp: BEFORE_ALL, late: true } : { stamp: null, late: false };
    }
    if (stamp && isUnanswered(intent)) newerUnanswered = true;
  }
  return undefined;
}

/** Brings the intents of a link up to date with what was read there. */
export function settleIntents(draft: Draft, site: Site): void {
  const { seen } = site;
  if (!seen) return;
  const { fields } = draft.input.policy;
  for (const intent of site.intents) {
    const isKnown = isAccountedFor(intent, site, fields);
    if (isBehind(intent, site, fields)) draft.needRead(site.link.id, 'too-early');
    if (intent.state === 'applied' && !intent.observed) {
      if (isKnown && isAfter(intent, site, fields)) {
        draft.setIntent({ ...intent, observed: true });
      }
    } else if (isUnanswered(intent) && intent.op !== 'delete') {
      if (shows(intent, site, fields) && isNews(intent, site, fields)) {
        draft.setIntent({ ...intent, state: 'applied', observed: true });
      } else if (isKnown && horizonPassed(intent, site, seen.takenAt)) {
        draft.setIntent({ ...intent, state: 'absent' });
      }
    }
  }
}

/** Whether some of what was read stood there before the write. */
function isBehind({ stamps }: Intent, site: Site, fields: readonly FieldPolicy[]): boolean {
  return fields.some((field) => {
    const whole = site.seen?.fields[field.name];
    const cells = Object.keys(stamps).filter((cell) => fieldOf(cell) === field.name);
    return cells.some((cell) => {
      const value = valueInCell(field, cell, whole);
      return value !== undefined && isFormer(site, field, cell, value);
    });
  });
}

/** Sent, or perhaps sent, and not answered. */
export function isUnanswered(intent: Intent): boolean {
  return intent.state === 'unknown' || intent.state === 'armed';
}

/** Whether a write that may still land, or be seen for the first time, says what a field is. */
export function mayTouch(intent: Intent, name: string): boolean {
  if (intent.patch[name] !== undefined) return isUnsettled(intent);
  return intent.carried?.[name] !== undefined && isUnanswered(intent);
}

/** Whether a write may have landed before an edit, so that its author has not seen what we had read last. */
export function mayHide(
  intent: Intent,
  field: FieldPolicy,
  cell: string,
  known: LinkCell | undefined,
): boolean {
  const carried = intent.carried?.[field.name];
  if (carried === undefined) return isUnsettled(intent) && cell in intent.stamps;
  return isUnanswered(intent) && !isCellValue(field, cell, carried, known?.base ?? null);
}

/** Its effect may still show for the first time. */
export function isUnsettled(intent: Intent): boolean {
  return isUnanswered(intent) || (intent.state === 'applied' && !intent.observed);
}

function isEchoOf(
  intent: Intent,
  site: Site,
  field: FieldPolicy,
  cell: string,
  value: Value,
): boolean {
  const sent = intent.patch[field.name];
  if (sent === undefined) return false;
  if (isUnanswered(intent)) {
    return (
      isCellValue(field, cell, sent, value) ||
      isCellValue(field, cell, site.facts.normalize(field.name, sent), value)
    );
  }
  // After a backup was put back, the number of a version that was compared is given to another one.
  if (intent.state !== 'applied' || intent.observed) return false;
  if (intent.resultVersion !== undefined) return site.seen?.version === intent.resultVersion;
  if (!mayBeOurs(intent, site, field)) return false;
  if (isCellValue(field, cell, site.facts.normalize(field.name, sent), value)) return true;
  if (inParts(field) && field.parts === 'set') return false;
  const part = valueInCell(field, cell, sent);
  return part !== undefined && site.facts.explains(field.name, part, value);
}

/**
 * A part that was typed after a write was planned is gone. The write took it away, or takes it away when it
 * lands late, or somebody did. Where nobody can tell, whatever else was edited there since, the part stays.
 */
function mayCover(intent: Intent, site: Site, field: FieldPolicy, cell: string): boolean {
  const sent = intent.patch[field.name];
  if (!inParts(field) || sent === undefined || !isCellValue(field, cell, sent, null)) return false;
  return isUnanswered(intent) || mayComeIntoSight(intent, site, field, sent);
}

/**
 * Whether a write that landed may show for the first time, since what was read after it may be older. Where
 * all that it wrote reads as in the last read, and otherwise than it was written, it does not.
 */
function mayComeIntoSight(intent: Intent, site: Site, field: FieldPolicy, sent: Value): boolean {
  const { state, observed, resultVersion, stamps } = intent;
  if (state !== 'applied' || observed || resultVersion !== undefined) return false;
  if (site.facts.answersLagMs === 0) return false;
  const written = Object.keys(stamps).filter((cell) => fieldOf(cell) === field.name);
  return written.some((cell) => {
    const read = site.read(field, cell);
    if (read === undefined) return false;
    const known = linkCell(field, cell, site.link.cells);
    return isCellValue(field, cell, sent, read) || !same(known?.base ?? null, read);
  });
}

/**
 * What reads as it did when an unanswered write took it along may be so because that write has landed late, or
 * because somebody has put it back. Nobody can tell.
 */
function mayPutBack(intent: Intent, field: FieldPolicy, cell: string, value: Value): boolean {
  const carried = intent.carried?.[field.name];
  return carried !== undefined && isUnanswered(intent) && isCellValue(field, cell, carried, value);
}

/** A write that changes nothing leaves the item to whoever changed it last. */
function mayBeOurs({ before }: Intent, { seen }: Site, { name }: FieldPolicy): boolean {
  if (seen?.author === undefined || seen.author === 'us') return true;
  const [was, is] = [before?.[name], seen.fields[name]];
  return was !== undefined && is !== undefined && same(was, is);
}

/** Whether every field of the write reads as it was written. */
function shows(intent: Intent, site: Site, fields: readonly FieldPolicy[]): boolean {
  return Object.entries(intent.patch).every(([name, sent]) => {
    const value = site.seen?.fields[name];
    const known = fields.some((field) => field.name === name);
    if (!known || value === undefined) return false;
    return same(value, sent) || same(value, site.facts.normalize(name, sent));
  });
}

/**
 * Whether the read shows something of the write that was not there before, and no other write of ours
 * accounts for it. Otherwise it may be another one that was seen, such as the same write when it was
 * repeated, and this one may still land.
 */
function isNews(intent: Intent, site: Site, fields: readonly FieldPolicy[]): boolean {
  const others = site.intents.filter((other) => other !== intent && isUnsettled(other));
  return fields.some((field) => {
    const sent = intent.patch[field.name];
    if (sent === undefined) return false;
    if (others.some(({ patch }) => same(patch[field.name] ?? null, sent))) return false;
    const names = [...cellNames(field, site.link.cells), ...Object.keys(intent.stamps)];
    return names
      .filter((cell) => fieldOf(cell) === field.name)
      .some((cell) => {
        const read = site.read(field, cell);
        const known = linkCell(field, cell, site.link.cells);
        return read !== undefined && !same(known?.base ?? null, read);
      });
  });
}

/**
 * A read that lacks a field of the write proves nothing about it, unless nobody reads that field there; nor
 * does one that shows something else for which no plan has found a place yet, because a person has to
 * choose first. What points to something unknown does not point to where we wrote.
 */
function isAccountedFor(intent: Intent, site: Site, fields: readonly FieldPolicy[]): boolean {
  return fields
    .filter((field) => intent.patch[field.name] !== undefined && isLookedAt(field, site))
    .every((field) =>
      Object.keys(intent.stamps)
        .filter((cell) => fieldOf(cell) === field.name)
        .every((cell) => {
          const read = site.read(field, cell);
          const known = linkCell(field, cell, site.cells);
          return read !== undefined && known !== undefined && same(known.base, read);
        }),
    );
}

function isLookedAt({ name, direction }: FieldPolicy, { facts, seen, endpoint }: Site): boolean {
  const isKnown = seen?.unresolved?.[name] === undefined;
  return isKnown && !facts.drifted?.[name] && direction?.[endpoint] !== 'off';
}

function horizonPassed(intent: Intent, site: Site, takenAt: number): boolean {
  const { sentAt } = intent;
  return sentAt !== undefined && takenAt >= sentAt + site.facts.absenceHorizonMs;
}

/** Whether a write that landed is in what was read: its version says so, or it shows, or the read is late enough. */
function isAfter(intent: Intent, site: Site, fields: readonly FieldPolicy[]): boolean {
  const { resultVersion, sentAt = -Infinity } = intent;
  const { version, takenAt = -Infinity } = site.seen ?? {};
  if (version !== undefined && resultVersion !== undefined) return version >= resultVersion;
  return showsChanges(intent, site, fields) || takenAt >= sentAt + site.facts.answersLagMs;
}

/** Whether all that the write changed reads as it was written, whatever was typed beside it. */
function showsChanges(
  { patch, stamps }: Intent,
  site: Site,
  fields: readonly FieldPolicy[],
): boolean {
  return Object.keys(stamps).every((cell) => {
    const field = fields.find(({ name }) => name === fieldOf(cell));
    if (!field) return false;
    const sent = patch[field.name];
    const read = site.read(field, cell);
    if (sent === undefined || read === undefined) return false;
    const spelled = site.facts.normalize(field.name, sent);
    return [sent, spelled].some((whole) => isCellValue(field, cell, whole, read));
  });
}
