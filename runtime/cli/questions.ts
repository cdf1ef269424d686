/**
 * What waits for a person, in words: conflicts between values, reviews of whole records, and work that
 * failed for good. Each comes with the answers it takes.
 */
import { identityAnswers, reviewAnswers } from '../core/answers.ts';
import type { EndpointId, Origin } from '../core/planner/model.ts';
import { conflictKinds, identityReasons, reviewReasons } from '../core/reasons.ts';
import type { Value } from '../core/value.ts';
import type { StoredConflict, StoredDeadLetter, StoredReview, WorkKey } from '../store/store.ts';
import type { Site } from './installation.ts';

/** Names as the file has them, for ids that the store has. */
export interface Names {
  account(endpoint: EndpointId): string;
  sync(id: string): string;
  origin(origin: Origin): string;
}

export function namesIn({ setup }: Pick<Site, 'setup'>): Names {
  const accounts = new Map<string, string>(setup.endpoints.map(({ id, title }) => [id, title]));
  const syncs = new Map<string, string>(setup.syncs.map(({ id, title }) => [id, title]));
  const account = (id: string): string => accounts.get(id) ?? id;
  return {
    account,
    sync: (id) => syncs.get(id) ?? id,
    origin: (origin) => (origin === 'person' || origin === 'default' ? origin : account(origin)),
  };
}

export interface Choice {
  /** What is typed to choose it. */
  readonly choice: string;
  readonly value: Value;
}

/** Values that a conflict offers, each under the name of who has it. */
export function choicesOf(conflict: StoredConflict, names: Names): Choice[] {
  const offered = conflict.values ?? (conflict.losing ? [conflict.losing] : []);
  const choices = offered.map(({ origin, value }) => ({ choice: names.origin(origin), value }));
  const { winner } = conflict;
  return winner === undefined ? choices : [{ choice: 'keep', value: winner }, ...choices];
}

export function tellConflict(conflict: StoredConflict, names: Names) {
  const { id, at, sync, entity, cell, kind, decision } = conflict;
  return {
    id,
    at: timeOf(at),
    sync: names.sync(sync),
    entity,
    field: cell,
    kind,
    meaning: conflictKinds[kind],
    choices: choicesOf(conflict, names),
    ...(decision ? { decided: decision.choice } : {}),
  };
}

/** What a review takes for an answer. */
export function answersTo({ reason, candidates }: StoredReview): Answer[] {
  const { link, ...others } = identityAnswers;
  const byReason: Readonly<Record<string, Readonly<Record<string, string>>>> = reviewAnswers;
  const answers = byReason[reason] ?? (candidates.length > 0 ? { link, ...others } : others);
  return Object.entries(answers).map(([choice, meaning]) => ({ choice, meaning }));
}

interface Answer {
  readonly choice: string;
  /** What comes of it. */
  readonly meaning: string;
}

export function tellReview(review: StoredReview, names: Names) {
  const { id, at, sync, endpoint, remoteId, reason, entity, candidates } = review;
  return {
    id,
    at: timeOf(at),
    sync: names.sync(sync),
    account: names.account(endpoint),
    item: remoteId,
    reason,
    meaning: { ...identityReasons, ...reviewReasons }[reason],
    ...(entity === undefined ? {} : { entity }),
    candidates,
    choices: answersTo(review),
  };
}

export function tellDeadLetter(letter: StoredDeadLetter, names: Names) {
  const { id, key, code, message, attempts, firstAt, at } = letter;
  return {
    id,
    at: timeOf(at),
    firstAt: timeOf(firstAt),
    sync: names.sync(key.sync),
    about: aboutOf(key, names),
    code,
    message,
    attempts,
  };
}

function aboutOf(key: WorkKey, names: Names): string {
  switch (key.kind) {
    case 'entity':
      return `record ${key.entity}`;
    case 'item':
      return `${names.account(key.endpoint)} ${key.remoteId}`;
    case 'poll':
    case 'sweep':
      return `the ${key.kind} of ${names.account(key.endpoint)}`;
  }
}

export function timeOf(at: number): string {
  return new Date(at).toISOString();
}
