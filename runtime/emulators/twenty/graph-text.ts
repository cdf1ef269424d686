/** Reads documents of GraphQL, as far as requests need them: one operation, with fragments and variables. */
import { badRequest } from './refused.ts';

export interface Operation {
  readonly kind: 'query' | 'mutation';
  readonly fields: readonly FieldNode[];
}

export interface FieldNode {
  readonly name: string;
  /** What it is called in the answer. */
  readonly key: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly fields: readonly FieldNode[] | undefined;
}

type Variables = Readonly<Record<string, unknown>>;

type Part =
  | {
      readonly kind: 'field';
      readonly name: string;
      readonly key: string;
      readonly args: Arguments;
      readonly parts: readonly Part[] | undefined;
    }
  | { readonly kind: 'spread'; readonly name: string }
  | { readonly kind: 'inline'; readonly parts: readonly Part[] };

type Arguments = readonly (readonly [name: string, value: Literal])[];

type Literal = (variables: Variables) => unknown;

interface Definition {
  readonly kind: 'query' | 'mutation';
  readonly name: string | undefined;
  readonly parts: readonly Part[];
  readonly defaults: readonly (readonly [name: string, value: Literal])[];
}

const TOKEN =
  /"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[_A-Za-z]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[!$():=@[\]{|}]|[\s,\uFEFF]+|#[^\n]*|./gu;

export function operationIn(
  text: string,
  { variables, name }: { variables: Variables; name: string | undefined },
): Operation {
  const { definitions, fragments } = documentIn(text);
  const wanted = name === undefined ? definitions : definitions.filter((one) => one.name === name);
  const [chosen, ...more] = wanted;
  if (chosen === undefined) throw syntax('Unknown operation.');
  if (more.length > 0)
    throw syntax('Must provide operation name if query contains multiple operations.');
  const given: Record<string, unknown> = { ...variables };
  for (const [variable, value] of chosen.defaults) given[variable] ??= value({});
  const flat = (listed: readonly Part[]): readonly FieldNode[] =>
    listed.flatMap((part): readonly FieldNode[] => {
      if (part.kind === 'inline') return flat(part.parts);
      if (part.kind === 'spread') {
        const fragment = fragments.get(part.name);
        if (fragment === undefined) throw syntax(`Unknown fragment "${part.name}".`);
        return flat(fragment);
      }
      const args = part.args
        .map(([argument, value]) => [argument, value(given)] as const)
        .filter(([, value]) => value !== undefined);
      const fields = part.parts && flat(part.parts);
      return [{ name: part.name, key: part.key, args: Object.fromEntries(args), fields }];
    });
  return { kind: chosen.kind, fields: flat(chosen.parts) };
}

function documentIn(text: string) {
  const reader = readerOf(text);
  const definitions: Definition[] = [];
  const fragments = new Map<string, readonly Part[]>();
  while (reader.peek() !== undefined) {
    if (reader.peek() === 'fragment') {
      reader.next();
      const name = reader.name();
      reader.expect('on');
      reader.name();
      fragments.set(name, parts(reader));
    } else definitions.push(definition(reader));
  }
  return { definitions, fragments };
}

type Reader = ReturnType<typeof readerOf>;

function readerOf(text: string) {
  const tokens = (text.match(TOKEN) ?? []).filter(
    (token) => !/^(?:[\s,\uFEFF]+|#.*)$/s.test(token),
  );
  let at = 0;
  const next = (): string => {
    const token = tokens[at];
    if (token === undefined) throw syntax('Syntax Error: Unexpected <EOF>.');
    at += 1;
    return token;
  };
  return {
    peek: (): string | undefined => tokens[at],
    next,
    name(): string {
      const token = next();
      if (/^[_A-Za-z]/.test(token)) return token;
      throw syntax(`Syntax Error: Expected Name, found "${token}".`);
    },
    expect(wanted: string): void {
      const token = next();
      if (token !== wanted) throw syntax(`Syntax Error: Expected "${wanted}", found "${token}".`);
    },
    /** Whether it is there, and then it is taken. */
    skip(wanted: string): boolean {
      if (tokens[at] !== wanted) return false;
      at += 1;
      return true;
    },
  };
}

function definition(reader: Reader): Definition {
  if (reader.peek() === '{') {
    return { kind: 'query', name: undefined, parts: parts(reader), defaults: [] };
  }
  const kind = reader.name();
  if (kind !== 'query' && kind !== 'mutation') {
    throw syntax(`Syntax Error: Unexpected Name "${kind}".`);
  }
  const name = /^[_A-Za-z]/.test(reader.peek() ?? '') ? reader.name() : undefined;
  const defaults: (readonly [string, Literal])[] = [];
  if (reader.skip('(')) {
    while (!reader.skip(')')) {
      reader.expect('$');
      const variable = reader.name();
      reader.expect(':');
      skipType(reader);
      if (reader.skip('=')) defaults.push([variable, literal(reader)]);
    }
  }
  return { kind, name, parts: parts(reader), defaults };
}

function skipType(reader: Reader): void {
  if (reader.skip('[')) {
    skipType(reader);
    reader.expect(']');
  } else reader.name();
  reader.skip('!');
}

function parts(reader: Reader): readonly Part[] {
  const found: Part[] = [];
  reader.expect('{');
  while (!reader.skip('}')) {
    if (!reader.skip('...')) found.push(fieldPart(reader));
    else if (reader.skip('on')) {
      reader.name();
      found.push({ kind: 'inline', parts: parts(reader) });
    } else if (reader.peek() === '{') found.push({ kind: 'inline', parts: parts(reader) });
    else found.push({ kind: 'spread', name: reader.name() });
  }
  return found;
}

function fieldPart(reader: Reader): Part {
  const first = reader.name();
  const name = reader.skip(':') ? reader.name() : first;
  const args: (readonly [string, Literal])[] = [];
  if (reader.skip('(')) {
    while (!reader.skip(')')) {
      const argument = reader.name();
      reader.expect(':');
      args.push([argument, literal(reader)]);
    }
  }
  if (reader.peek() === '@') throw syntax('Directives are not understood here.');
  const inner = reader.peek() === '{' ? parts(reader) : undefined;
  return { kind: 'field', name, key: first, args, parts: inner };
}

function literal(reader: Reader): Literal {
  const token = reader.next();
  if (token === '$') {
    const name = reader.name();
    return (variables) => variables[name];
  }
  if (token === '[') {
    const all: Literal[] = [];
    while (!reader.skip(']')) all.push(literal(reader));
    return (variables) => all.map((one) => one(variables));
  }
  if (token === '{') {
    const all: (readonly [string, Literal])[] = [];
    while (!reader.skip('}')) {
      const name = reader.name();
      reader.expect(':');
      all.push([name, literal(reader)]);
    }
    return (variables) =>
      Object.fromEntries(
        all
          .map(([name, value]) => [name, value(variables)])
          .filter(([, value]) => value !== undefined),
      );
  }
  const value = plain(token);
  return () => value;
}

function plain(token: string): unknown {
  if (token.startsWith('"""')) return token.slice(3, -3).trim();
  if (token.startsWith('"') || /^-?\d/.test(token)) return JSON.parse(token);
  if (token === 'null') return null;
  if (token === 'true' || token === 'false') return token === 'true';
  // The rest are names of options.
  if (/^[_A-Za-z]/.test(token)) return token;
  throw syntax(`Syntax Error: Unexpected "${token}".`);
}

function syntax(message: string): Error {
  return badRequest(message);
}
