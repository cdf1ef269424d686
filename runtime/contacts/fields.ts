/**
 * What contacts and companies consist of, said once: requests are checked against these schemas, the
 * OpenAPI document shows them, and rows are filled from them. A field that is added here needs nothing else;
 * items that were stored before have it empty.
 *
 * Nothing is required, because other systems know less of people than one would like. `null` clears.
 */
import { z } from 'zod';
import type { Parsed } from '../core/values/kind.ts';
import { kinds } from '../core/values/kinds.ts';

export type CollectionName = 'contacts' | 'companies';

/** The members that callers write. A missing one is left as it is, or empty in what is created. */
export type Fields = Readonly<Record<string, unknown>>;

export interface CollectionForm {
  readonly name: CollectionName;
  /** As schemas and sentences call one of them. */
  readonly one: 'contact' | 'company';
  /** All members that callers write, as an item has them. */
  readonly shape: z.ZodRawShape;
  /** What callers may send. */
  readonly input: z.ZodObject;
  /** The member that an item is found by in any spelling, and what spellings have in common. */
  readonly key: {
    readonly member: string;
    readonly canonicalOf: (value: unknown) => string | null;
  };
  /** No two items that are not deleted have the same key. */
  readonly isKeyUnique: boolean;
  /** Members that lists can be searched by. */
  readonly searchable: readonly string[];
  /** As an item that says nothing. */
  readonly blank: Fields;
}

const line = (most: number) => z.string().max(most).nullable();

/** The marker of whoever made the item. */
const externalId = z.string().min(1).max(200).nullable().meta({
  description:
    'An id of the caller for the item. No two items have the same, deleted ones included; creating again with it and the same members answers with the first item.',
});

const parseEmail = (value: unknown): Parsed => kinds.email.parse(value, {});
const parseDomain = (value: unknown): Parsed => kinds.domain.parse(value, {});

const email = checked(254, parseEmail, 'an e-mail address').meta({
  format: 'email',
  'x-unique': true,
  description: 'No two contacts that are not deleted have the same, in whatever spelling.',
});

const domain = checked(253, parseDomain, 'a domain, such as example.com');

const contact = {
  firstName: line(80),
  lastName: line(80),
  email,
  phone: line(40),
  jobTitle: line(120),
  stage: z.enum(['lead', 'customer', 'former']).nullable(),
  tags: z.array(z.string().min(1).max(60)).max(50),
  birthday: z.iso.date().nullable(),
  street: line(200),
  postalCode: line(20),
  city: line(80),
  country: line(80),
  remark: line(5_000),
  companyId: z.uuid().toLowerCase().nullable().meta({ description: 'The id of a company.' }),
  externalId,
};

const company = {
  name: line(200),
  domain,
  phone: line(40),
  industry: line(80),
  employees: z.int().min(0).max(10_000_000).nullable(),
  street: line(200),
  postalCode: line(20),
  city: line(80),
  country: line(80),
  remark: line(5_000),
  externalId,
};

export const COLLECTIONS: Readonly<Record<CollectionName, CollectionForm>> = {
  contacts: {
    name: 'contacts',
    one: 'contact',
    shape: contact,
    input: z.strictObject(contact).partial(),
    key: { member: 'email', canonicalOf: canonical(parseEmail) },
    isKeyUnique: true,
    searchable: ['email', 'externalId', 'companyId'],
    blank: blankOf(contact),
  },
  companies: {
    name: 'companies',
    one: 'company',
    shape: company,
    input: z.strictObject(company).partial(),
    key: { member: 'domain', canonicalOf: canonical(parseDomain) },
    isKeyUnique: false,
    searchable: ['domain', 'externalId'],
    blank: blankOf(company),
  },
};

/** A text that means something; it is kept as it was typed. */
function checked(most: number, parse: (value: string) => Parsed, what: string) {
  return z
    .string()
    .max(most)
    .refine((value) => parse(value).ok, `This is not ${what}.`)
    .nullable();
}

function canonical(parse: (value: unknown) => Parsed): (value: unknown) => string | null {
  return (value) => {
    const parsed = parse(value);
    return parsed.ok && typeof parsed.value === 'string' ? parsed.value : null;
  };
}

function blankOf(shape: Readonly<Record<string, z.ZodType>>): Fields {
  const members = Object.entries(shape).map(
    ([name, schema]) => [name, schema.safeParse(null).success ? null : []] as const,
  );
  return Object.fromEntries(members);
}
