/** The list of kinds: one line each. */
import { z } from 'zod';

import { date, dateTime, zonedDateTime } from './dates.ts';
import { domain, url } from './domain.ts';
import { email } from './email.ts';
import { json } from './json.ts';
import { refused } from './kind.ts';
import type { Kind, Parsed } from './kind.ts';
import { money, number } from './numbers.ts';
import { phone } from './phone.ts';
import { boolean, compositeOf, enumeration, reference, setOf } from './structures.ts';
import type { KindSpec } from './structures.ts';
import { text } from './text.ts';

/** A kind with its options as it stands in a configuration, options checked by their own kind. */
export const kindSpec: z.ZodType<KindSpec> = z
  .strictObject({ kind: z.string(), options: z.unknown().optional() })
  .superRefine(({ kind, options }, context) => {
    if (!isKindName(kind)) {
      const known = Object.keys(kinds).join(', ');
      context.addIssue({ code: 'custom', path: ['kind'], message: `expected one of ${known}` });
      return;
    }
    const checked = kinds[kind].options.safeParse(options ?? {});
    for (const issue of checked.error?.issues ?? []) {
      context.addIssue({
        code: 'custom',
        path: ['options', ...issue.path],
        message: issue.message,
      });
    }
  });

export const kinds = {
  text,
  email,
  phone,
  domain,
  url,
  money,
  number,
  date,
  dateTime,
  zonedDateTime,
  boolean,
  enum: enumeration,
  set: setOf(kindSpec, parse),
  composite: compositeOf(kindSpec, parse),
  reference,
  json,
};

export type KindName = keyof typeof kinds;

/** Parses with options that `kindSpec` has checked. */
export function parse(spec: KindSpec, raw: unknown): Parsed {
  if (!isKindName(spec.kind)) return refused('wrong-type', `there is no kind ${spec.kind}`);
  const kind: Kind<unknown> = kinds[spec.kind];
  return kind.parse(raw, spec.options);
}

function isKindName(name: string): name is KindName {
  return Object.hasOwn(kinds, name);
}
