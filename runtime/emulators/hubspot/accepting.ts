/**
 * What of a write is refused before anything is stored: all properties that are wrong are named at once.
 * And what the shared parts refuse, in the words of HubSpot.
 */
import type { Given, State } from '../crm/model.ts';
import { refusing, type Refused } from '../crm/refused.ts';
import { LIFECYCLE, systemFields } from './properties.ts';
import { propertyOf, type Place } from './records.ts';
import { invalid, invalidProperties, notFound, refusal, type Problem } from './refused.ts';
import { kept, textual } from './values.ts';

/** Properties by name, as requests have them. */
export type Sent = Readonly<Record<string, unknown>>;

/** Of a new record when there is none before. Answers what is to be written. */
export function accepted(place: Place, sent: Sent, before?: { id: string; state: State }): Given {
  const problems: Problem[] = [];
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(sent)) {
    const problem = problemWith(place, name, value, before?.state);
    if (problem !== undefined) problems.push({ name, ...problem });
    else given[name] = value;
  }
  if (isStageWrong(place, given, before)) {
    const message = `${String(given['dealstage'])} is not a stage of the pipeline of this deal.`;
    problems.push({ name: 'dealstage', error: 'INVALID_OPTION', message });
  }
  if (problems.length > 0) throw invalidProperties(problems);
  if (before !== undefined) return goingForward(place, given, before);
  assertComplete(place, given);
  return given;
}

/** What a write is refused with by those who keep the records. */
export function worded<Result>(place: Place, id: string | undefined, work: () => Result): Result {
  return refusing(work, (refused) => {
    throw inWords(place, id, refused);
  });
}

function inWords(place: Place, id: string | undefined, refused: Refused): Error {
  const { account, object, collection } = place;
  const { code, path = '', existingId = '', reason, message } = refused;
  if (code === 'missing') return notFound();
  if (code !== 'duplicate') {
    return invalidProperties([{ name: path, error: reason ?? 'INVALID_VALUE', message }]);
  }
  if (collection.schema.field(path)?.type === 'email') {
    return refusal(409, 'CONFLICT', `Contact already exists. Existing ID: ${existingId}`);
  }
  const value = id === undefined ? '' : propertyOf(place, id, collection.live(id)!, path);
  const coordinates = `portalId=${account.settings.portalId}, objectTypeId=${object.typeId}, propertyName=${path}, value=${value ?? ''}`;
  return invalid(
    `Cannot set PropertyValueCoordinates{${coordinates}} on ${id ?? collection.freshId()}. ${existingId} already has that value.`,
  );
}

function problemWith(
  { account, collection, object }: Place,
  name: string,
  value: unknown,
  before: State | undefined,
): Omit<Problem, 'name'> | undefined {
  if (systemFields(object.name).some(({ path }) => path === name)) return readOnly(name);
  const field = collection.schema.field(name);
  if (field === undefined || field.own?.['association'] === true) {
    return { error: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` };
  }
  if (field.readOnly === true) return readOnly(name);
  if (value === null || typeof value === 'object') {
    return { error: 'INVALID_STRING', message: `Property "${name}" takes a text` };
  }
  const owner = textual(value);
  if (field.type === 'reference' && owner !== '') {
    const owners = account.collections.get('owners')!;
    if (owners.entry(owner) === undefined) {
      return { error: 'INVALID_OWNER_ID', message: `Owner ${owner} does not exist` };
    }
  }
  if (field.type === 'email' && account.blocked.has(owner.trim().toLowerCase())) {
    return { error: 'INVALID_EMAIL', message: `Email address ${owner} can not be used` };
  }
  return refusing(
    () => void kept(field, value, before?.values[field.key] ?? null, account.settings),
    ({ reason = 'INVALID_VALUE', message }) => ({ error: reason, message }),
  );
}

function readOnly(name: string): Omit<Problem, 'name'> {
  const message = `"${name}" is a read only property; its value cannot be set.`;
  return { error: 'READ_ONLY_VALUE', message };
}

/** Only a deal has both. */
function isStageWrong(
  place: Place,
  given: Given,
  before: { id: string; state: State } | undefined,
): boolean {
  const { pipelines } = place.account.settings;
  if (place.object.name !== 'deals') return false;
  if ((given['dealstage'] ?? '') === '' && (given['pipeline'] ?? '') === '') return false;
  const valueOf = (name: string): string | undefined =>
    textual(given[name] ?? (before && propertyOf(place, before.id, before.state, name)) ?? '');
  const only = pipelines.length === 1 ? pipelines[0]!.id : '';
  const pipeline = pipelines.find(({ id }) => id === (valueOf('pipeline') || only));
  const stage = valueOf('dealstage');
  if (pipeline === undefined || stage === '') return false;
  return !pipeline.stages.some(({ id }) => id === stage);
}

function assertComplete({ account, object }: Place, given: Given): void {
  const { pipelines, required } = account.settings;
  const needsPipeline = object.name === 'deals' && pipelines.length > 1 ? [['pipeline']] : [];
  const wanted = (required[object.name] ?? []).map((name) => [name]);
  const missing = [...object.required, ...needsPipeline, ...wanted].filter(
    (names) => !names.some((name) => (given[name] ?? '') !== ''),
  );
  if (missing.length === 0) return;
  const kind = object.singular.toUpperCase();
  throw invalid(`Error creating ${kind}. Some required properties were not set.`, {
    errors: missing.map((names) => ({
      message: `One of these has to be set: ${names.join(', ')}`,
      code: 'REQUIRED_FIELD',
      context: { propertyName: names },
    })),
  });
}

/** A life cycle goes one way only, unless it was emptied first. */
function goingForward(
  place: Place,
  given: Record<string, unknown>,
  { id, state }: { id: string; state: State },
): Given {
  const stages: readonly string[] = LIFECYCLE;
  const was = stages.indexOf(propertyOf(place, id, state, 'lifecyclestage') ?? '');
  const becomes = stages.indexOf(textual(given['lifecyclestage'] ?? ''));
  if (becomes === -1 || becomes >= was) return given;
  if (place.account.settings.lifecycleBack === 'refused') {
    const message = `lifecyclestage cannot go back to ${stages[becomes]}`;
    throw invalidProperties([{ name: 'lifecyclestage', error: 'INVALID_OPTION', message }]);
  }
  const { lifecyclestage: _ignored, ...rest } = given;
  return rest;
}
