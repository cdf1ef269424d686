/**
 * The text of a configuration, YAML or JSON, as a value of which every part still knows its line. In
 * values, `${NAME}` stands for a variable of the environment, `${NAME:-text}` for it or else for the
 * text, and `$${` for the two characters themselves. What a variable holds is never read as YAML, so
 * that no token can change what the file says.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';

export type Path = readonly PropertyKey[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Mistake {
  readonly place: Place;
  readonly what: string;
  readonly next: string;
}

export interface Source {
  readonly value: unknown;
  /** What is wrong before anybody asks what it means. */
  readonly mistakes: readonly Mistake[];
  /** Where something stands, or where the nearest thing around it does. */
  placeOf(path: Path): Place;
  /** Whether it came from the environment, where everything is text. */
  isFromEnvironment(path: Path): boolean;
}

export function readSource(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Source {
  const lines = new LineCounter();
  const document = parseDocument(masked(text), { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const mistakes: Mistake[] = [...document.errors, ...document.warnings].map((error) => ({
    place: placeAt(error.pos[0]),
    what: unmasked(error.message.replace(/\.$/, '')),
    next: 'Correct it; the rest of the file cannot be understood before.',
  }));
  const expanded = new Set<Node>();
  visit(document, {
    Scalar(role, node) {
      if (typeof node.value !== 'string') return;
      const given = unmasked(node.value);
      node.value = given;
      if (role === 'key' || !given.includes('$')) return;
      const { text: filled, missing } = fillIn(given, environment);
      node.value = filled;
      if (filled !== given) expanded.add(node);
      for (const name of missing) mistakes.push(notSet(name, placeAt(node.range?.[0] ?? 0)));
    },
  });
  return {
    value: document.errors.length > 0 ? undefined : document.toJS(),
    mistakes,
    placeOf: (path) => placeAt(find(document, path).offset),
    isFromEnvironment(path) {
      const { node, isExact } = find(document, path);
      return isExact && node !== undefined && expanded.has(node);
    },
  };
}

const REFERENCE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}\n]*))?\}/g;

/** Where signs of private use begin. YAML gives them no meaning. */
const PRIVATE = 0xe000;

/** Braces have a meaning in YAML, so references are hidden from it, sign by sign: places stay. */
function masked(text: string): string {
  return text.replaceAll(REFERENCE, (reference) =>
    reference.replaceAll(/[\x20-\x7e]/g, (sign) =>
      String.fromCharCode(PRIVATE + sign.charCodeAt(0)),
    ),
  );
}

function unmasked(text: string): string {
  return text.replaceAll(/[\ue020-\ue07e]/g, (sign) =>
    String.fromCharCode(sign.charCodeAt(0) - PRIVATE),
  );
}

function fillIn(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): { text: string; missing: string[] } {
  const missing: string[] = [];
  const filled = text.replaceAll(REFERENCE, (_all, name?: string, otherwise?: string) => {
    if (name === undefined) return '${';
    // As in a shell: with a default, an empty variable counts as not set.
    const value = otherwise === undefined ? environment[name] : environment[name] || otherwise;
    if (value === undefined) missing.push(name);
    return value ?? '';
  });
  return { text: filled, missing };
}

function notSet(name: string, place: Place): Mistake {
  return {
    place,
    what: `The variable ${name} is not set`,
    next: `Set it in the environment, or write \${${name}:-what to use without it}.`,
  };
}

interface Found {
  readonly node: Node | undefined;
  readonly offset: number;
  readonly isExact: boolean;
}

function find(document: Document.Parsed, path: Path): Found {
  let node: Node | undefined = document.contents ?? undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    const inside = childOf(node, step);
    if (!inside) return { node, offset, isExact: false };
    ({ node, offset } = inside);
  }
  return { node, offset, isExact: true };
}

function childOf(
  node: Node | undefined,
  step: PropertyKey,
): { node: Node | undefined; offset: number } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined;
    return item && { node: item, offset: item.range?.[0] ?? 0 };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (!pair) return undefined;
  const [key, value] = [pair.key as Node, pair.value as Node | undefined];
  const shown = isScalar(value) ? value : key;
  return { node: value, offset: shown.range?.[0] ?? key.range?.[0] ?? 0 };
}
