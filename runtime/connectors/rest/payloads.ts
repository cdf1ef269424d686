/**
 * Checks what is about to be sent against the schema of the request in the app's document, so that a mistake
 * is told before anything leaves, with the member that is at fault.
 *
 * Formats, such as that of an e-mail address, are the app's to judge: everybody means something else by
 * them. A schema that nobody here can follow checks nothing, and that is told.
 */
import { z } from 'zod';
import type { World } from '../../world/world.ts';
import { isObject, type Document, type Json, type Operation } from './document.ts';

export interface Flaw {
  readonly path: string;
  readonly message: string;
}

export type Check = (payload: object) => Flaw | undefined;

export function checkFor(
  { root }: Pick<Document, 'root'>,
  { body, sends }: Pick<Operation, 'body' | 'sends'>,
  { world, request }: { readonly world: World; readonly request: string },
): Check {
  if (body === undefined) return () => undefined;
  const isOld = String(root['openapi']).startsWith('3.0');
  const names = isOld ? 'definitions' : '$defs';
  const shared = isObject(root['components']) ? root['components']['schemas'] : undefined;
  const translate = (value: unknown): unknown => translated(value, names);
  const whole = { ...(translate(body) as Json), [names]: translate(shared ?? {}) };
  let schema: z.ZodType;
  try {
    schema = z.fromJSONSchema(whole, { defaultTarget: isOld ? 'openapi-3.0' : 'draft-2020-12' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `What is sent with ${request} is not checked, because its schema is not understood.`;
    world.log.write('warn', message, { reason });
    return () => undefined;
  }
  return (payload) => {
    // Some apps pass over what they do not know, and nobody would notice.
    const unknown = sends.size > 0 && Object.keys(payload).find((name) => !sends.has(name));
    if (unknown) return { path: unknown, message: 'the document does not know it' };
    const issue = schema.safeParse(payload).error?.issues[0];
    return issue && { path: pathOf(issue), message: issue.message };
  };
}

/** An unknown member is at fault itself, and not the object that has it. */
function pathOf({ path, ...issue }: z.core.$ZodIssue): string {
  const more = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...path, ...more].map(String).join('.');
}

const HOME = '#/components/schemas/';

/** With references to where the shared schemas are put, and without formats. */
function translated(value: unknown, names: string): unknown {
  if (Array.isArray(value)) return value.map((part) => translated(part, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      // A property may be called so as well; its value is a schema, and no text.
      .filter(([name, part]) => name !== 'format' || typeof part !== 'string')
      .map(([name, part]) => {
        const isReference = name === '$ref' && typeof part === 'string';
        const leads = isReference && part.startsWith(HOME);
        return [name, leads ? `#/${names}/${part.slice(HOME.length)}` : translated(part, names)];
      }),
  );
}
