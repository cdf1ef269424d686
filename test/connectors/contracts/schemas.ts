/**
 * Schemas of API descriptions (OpenAPI 3.0 and 3.1) as plain JSON schemas, and what is wrong with a value
 * by one of them.
 *
 * A member that is not described is wrong too, unless the description lets others in. Null is a type of its
 * own here, `nullable` or not; a discriminator says which of several forms counts.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

export type Json = Readonly<Record<string, unknown>>;

export interface Flaw {
  // Of the member, with a star for its place in a list or its name among any: /results/*/id
  readonly at: string;
  readonly what: string;
}

export interface Schemas {
  flaws(schema: unknown, value: unknown): readonly Flaw[];
  /** What a `$ref` leads to; anything else is itself. */
  resolved(described: unknown): Json;
}

export function schemasOf(document: Json): Schemas {
  const forms = new Map<string, unknown>();
  const validators = new Map<unknown, ValidateFunction>();
  const compiled = new Map<unknown, ValidateFunction>();

  function resolved(described: unknown): Json {
    const { $ref } = (described ?? {}) as { $ref?: string };
    if ($ref === undefined) return (described ?? {}) as Json;
    const names = $ref.replace(/^#\//, '').split('/').map(unescaped);
    const found = names.reduce<unknown>((at, name) => (at as Json | undefined)?.[name], document);
    if (found === undefined) throw new Error(`The description has nothing at ${$ref}.`);
    return resolved(found);
  }

  /** `isOpen`: whoever it is a part of says what other members there may be. */
  function plain(schema: unknown, isOpen = false): unknown {
    if (typeof schema !== 'object' || schema === null) return schema;
    const { $ref, nullable, discriminator, ...rest } = schema as Described;
    if ($ref !== undefined) return { $ref: `#/$defs/${nameOfForm($ref, isOpen)}` };
    const { properties, items, additionalProperties, allOf, oneOf, anyOf, type, ...others } = rest;
    const isWhole = !isOpen && additionalProperties === undefined;
    const isMixed = properties !== undefined || allOf !== undefined;
    const branches = (list: readonly unknown[]) =>
      list.map((each) => plain(each, isOpen || isMixed));
    const form: Record<string, unknown> = { ...others };
    const isTyped = typeof type === 'string';
    if (type !== undefined) form['type'] = isTyped && nullable === true ? [type, 'null'] : type;
    if (isTyped && nullable === true && Array.isArray(others['enum'])) {
      form['enum'] = [...(others['enum'] as unknown[]), null];
    }
    if (properties !== undefined) {
      const described = Object.entries(properties).map(([name, each]) => [name, plain(each)]);
      form['properties'] = Object.fromEntries(described);
    }
    if (items !== undefined) form['items'] = plain(items);
    if (additionalProperties !== undefined) {
      form['additionalProperties'] = plain(additionalProperties);
    }
    if (allOf !== undefined) form['allOf'] = allOf.map((each) => plain(each, true));
    if (anyOf !== undefined) form['anyOf'] = branches(anyOf);
    if (oneOf !== undefined) {
      form['oneOf'] =
        discriminator === undefined ? branches(oneOf) : chosen(oneOf, discriminator, branches);
    }
    if (isWhole && isMixed) form['unevaluatedProperties'] = false;
    return nullable === true && !isTyped ? { anyOf: [{ type: 'null' }, form] } : form;
  }

  function nameOfForm($ref: string, isOpen: boolean): string {
    const name = `${$ref.replaceAll(/\W/g, '_')}${isOpen ? '_open' : ''}`;
    if (!forms.has(name)) {
      // Forms may contain themselves.
      forms.set(name, true);
      forms.set(name, plain(resolved({ $ref }), isOpen));
    }
    return name;
  }

  function validator(schema: unknown): ValidateFunction {
    return once(validators, schema, () => compile(plain(schema)));
  }

  function compile(form: unknown): ValidateFunction {
    return once(compiled, form, () =>
      new Ajv2020(OPTIONS).compile({ $defs: Object.fromEntries(forms), allOf: [form] }),
    );
  }

  /** One for every member, whatever its place in a list. */
  function told(errors: readonly ErrorObject[]): Flaw[] {
    const flaws = errors.flatMap((error, index) => {
      // What is wrong by each of several forms comes before the choice, which tells it.
      const isTold = errors.slice(index + 1).some((later) => isWithin(error, later));
      if (isTold) return [];
      return isChoice(error) ? chosenFlaws(error) : [flawOf(error)];
    });
    return [...new Map(flaws.map((flaw) => [`${flaw.at} ${flaw.what}`, flaw])).values()];
  }

  /** What is wrong by the form that is meant: the one with the right name, or with the fewest flaws. */
  function chosenFlaws(choice: ErrorObject): readonly Flaw[] {
    const { schema, data, params, instancePath } = choice;
    if (Array.isArray((params as { passingSchemas?: unknown }).passingSchemas)) {
      return [{ at: placeOf(instancePath), what: 'fits more than one form' }];
    }
    const readings = (schema as readonly { readonly type?: unknown }[])
      .filter(({ type }) => type !== 'null')
      .map((form) => {
        const validate = compile(form);
        validate(data);
        return told(validate.errors ?? []);
      });
    const weight = (flaws: readonly Flaw[]): number =>
      flaws.length + 1_000 * flaws.filter(({ what }) => IS_ANOTHER.test(what)).length;
    const best = readings.toSorted((one, other) => weight(one) - weight(other))[0]!;
    return best.map(({ at, what }) => ({ at: `${placeOf(instancePath)}${at}`, what }));
  }

  return {
    resolved,
    flaws(schema, value) {
      const validate = validator(schema);
      return validate(value) ? [] : told(validate.errors ?? []);
    },
  };
}

function once<Made>(made: Map<unknown, Made>, key: unknown, make: () => Made): Made {
  const known = made.get(key);
  if (known !== undefined) return known;
  const one = make();
  made.set(key, one);
  return one;
}

interface Described extends Json {
  readonly $ref?: string;
  readonly nullable?: boolean;
  readonly discriminator?: Discriminator;
  readonly type?: unknown;
  readonly properties?: Json;
  readonly items?: unknown;
  readonly additionalProperties?: unknown;
  readonly allOf?: readonly unknown[];
  readonly oneOf?: readonly unknown[];
  readonly anyOf?: readonly unknown[];
}

interface Discriminator {
  readonly propertyName: string;
  readonly mapping?: Readonly<Record<string, string>>;
}

/** Each form with the values of the member that chooses it: those of the mapping, or its own name. */
function chosen(
  oneOf: readonly unknown[],
  { propertyName, mapping = {} }: Discriminator,
  branches: (list: readonly unknown[]) => readonly unknown[],
): readonly unknown[] {
  return branches(oneOf).map((branch, index) => {
    const { $ref = '' } = oneOf[index] as Described;
    const own = $ref.split('/').at(-1)!;
    const mapped = Object.keys(mapping).filter((name) => [$ref, own].includes(mapping[name]!));
    const names = mapped.length > 0 ? mapped : [own];
    const choice = { properties: { [propertyName]: { enum: names } }, required: [propertyName] };
    return { allOf: [branch, choice] };
  });
}

function unescaped(name: string): string {
  return decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~');
}

const DATE = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`;

/** Those that descriptions use and that say something about the text; others are hints for people. */
const FORMATS = {
  date: new RegExp(`^${DATE}$`),
  'date-time': new RegExp(String.raw`^${DATE}[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$`),
  email: /^[^@\s]+@[^@\s]+$/,
  uri: /^[a-z][a-z0-9+.-]*:\S*$/i,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

const OPTIONS = {
  allErrors: true,
  // The value comes with the error: what it is, is told; what is in it, is not.
  verbose: true,
  // Descriptions are full of what is for people only.
  strict: false,
  logger: false,
  validateSchema: false,
  formats: FORMATS,
} as const;

function isChoice({ keyword }: ErrorObject): boolean {
  return keyword === 'anyOf' || keyword === 'oneOf';
}

function isWithin(error: ErrorObject, choice: ErrorObject): boolean {
  return isChoice(choice) && `${error.instancePath}/`.startsWith(`${choice.instancePath}/`);
}

const NO_SUCH_VALUE = 'is none of the values that there are';

/** What is wrong with a value that was meant to be something else. */
const IS_ANOTHER = new RegExp(`^(${NO_SUCH_VALUE}|has to be .*, and is (?!null).*)$`);

/** With a star for every number. */
function placeOf(instancePath: string): string {
  return instancePath.replaceAll(/\/\d+(?=\/|$)/g, '/*');
}

function flawOf({
  keyword,
  instancePath,
  schemaPath,
  params,
  message = keyword,
  data,
}: ErrorObject): Flaw {
  const isAnyName = /\/additionalProperties\/\w+$/.test(schemaPath);
  const named = isAnyName ? instancePath.replace(/[^/]+$/, '*') : instancePath;
  const at = placeOf(named);
  const { unevaluatedProperty, additionalProperty, missingProperty, allowedValues } =
    params as Readonly<Record<string, string | undefined>>;
  const extra = unevaluatedProperty ?? additionalProperty;
  if (extra !== undefined) {
    // Fields of people's own have numbers or keys for names.
    const name = extra.replace(/^[0-9a-f]{40}$|\d+$/, '*');
    return { at: `${at}/${name}`, what: 'is not described' };
  }
  if (missingProperty !== undefined) return { at: `${at}/${missingProperty}`, what: 'is missing' };
  if (allowedValues !== undefined) return { at, what: NO_SUCH_VALUE };
  const is = keyword === 'type' ? `, and is ${kindOf(data)}` : '';
  return { at, what: `${message.replace(/^must /, 'has to ')}${is}` };
}

function kindOf(data: unknown): string {
  if (data === null) return 'null';
  return Array.isArray(data) ? 'array' : typeof data;
}
