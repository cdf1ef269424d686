/**
 * Keeps `docs/requirements.md` honest: no id twice, no row lost, a reason beside every refusal, and
 * behind every `done` a file that exists and still holds the title it is known by. Each problem is
 * told with its line and what to do about it.
 *
 * It shows that a proof is there, not that the proof is good; that takes a reader.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Problem {
  readonly line: number;
  readonly message: string;
}

export interface Report {
  readonly counts: Readonly<Record<State, number>>;
  readonly problems: readonly Problem[];
}

type State = 'done' | 'open' | 'refused';

/** The text of a file, by its path from the top of the repository; undefined when there is no such file. */
type ReadText = (path: string) => string | undefined;

const page = 'docs/requirements.md';

/** As many requirements as the list began with. Rows are refused, never removed, so fewer means some went unseen. */
const rowsMinByDefault = 385;

export function checkRequirements(
  text: string,
  { readText, rowsMin = rowsMinByDefault }: { readText: ReadText; rowsMin?: number },
): Report {
  const counts = { done: 0, open: 0, refused: 0 };
  const problems: Problem[] = [];
  const lineOf = new Map<string, number>();

  for (const { line, cells } of tableRows(text)) {
    const [id = '', , state = ''] = cells;
    const before = lineOf.get(id);
    if (before === undefined) lineOf.set(id, line);
    else
      problems.push({ line, message: `${id} is on line ${before} already. Keep one of the two.` });
    if (isState(state)) counts[state] += 1;
    for (const message of faultsOfRow(cells, readText)) problems.push({ line, message });
  }

  if (lineOf.size < rowsMin) {
    const message = `${lineOf.size} requirements were read, and at least ${rowsMin} are known. Put the missing rows back; refuse what is unwanted.`;
    problems.push({ line: 1, message });
  }
  return { counts, problems };
}

/** Prints the problems and the counts, and returns the exit code. */
export function main(root: string, print: (line: string) => void): number {
  const readText: ReadText = (path) => {
    const file = join(root, path);
    return statSync(file, { throwIfNoEntry: false })?.isFile()
      ? readFileSync(file, 'utf8')
      : undefined;
  };
  const text = readText(page);
  if (text === undefined) {
    print(`${page} is not in ${root}. Run this from the top of the repository.`);
    return 1;
  }
  const { counts, problems } = checkRequirements(text, { readText });
  for (const { line, message } of problems) print(`${page}:${line}: ${message}`);
  print(`requirements: ${counts.done} done, ${counts.open} open, ${counts.refused} refused`);
  return problems.length === 0 ? 0 : 1;
}

/** Every table row of the page but the headings and the rules under them. */
function tableRows(text: string): { line: number; cells: string[] }[] {
  return text
    .split('\n')
    .map((content, index) => ({ line: index + 1, content: content.trim() }))
    .filter(({ content }) => content.startsWith('|'))
    .map(({ line, content }) => ({ line, cells: cellsOf(content) }))
    .filter(({ cells }) => cells[0] !== 'id' && !cells.every((cell) => /^:?-+:?$/.test(cell)));
}

function cellsOf(row: string): string[] {
  return row
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function isState(state: string): state is State {
  return state === 'done' || state === 'open' || state === 'refused';
}

function faultsOfRow(cells: readonly string[], readText: ReadText): string[] {
  if (cells.length !== 4) {
    return [
      `this row has ${cells.length} cells, not 4. Write | id | what | state | proof |, and \\| for a bar inside a cell.`,
    ];
  }
  const [id = '', what = '', state = '', proof = ''] = cells;
  const faults: string[] = [];
  if (!/^[A-Z]+x?-\d{2,3}$/.test(id))
    faults.push(`'${id}' is not an id. Write it like CD-01 or SPx-02.`);
  if (what === '') faults.push(`${id} does not say what it asks for. Fill the second cell.`);
  if (!isState(state))
    faults.push(`${id} has the unknown state '${state}'. Write open, done or refused.`);
  if (state === 'done')
    faults.push(...faultsOfProof(proof, readText).map((fault) => `${id} ${fault}`));
  if (state === 'refused' && !/\p{L}/u.test(proof)) {
    faults.push(`${id} is refused without a reason. Write it in the last cell.`);
  }
  return faults;
}

function faultsOfProof(proof: string, readText: ReadText): string[] {
  const places = [...proof.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  if (places.length === 0) {
    return ['is done without a proof. Name a test, flow or page in backticks, or set it to open.'];
  }
  return places.flatMap((place) => faultOfPlace(place, readText) ?? []);
}

/** A place is a path, or a path, `#` and a title. */
function faultOfPlace(place: string, readText: ReadText): string | undefined {
  const hash = place.indexOf('#');
  const path = hash < 0 ? place : place.slice(0, hash);
  const text = readText(path);
  if (text === undefined) {
    return `is proven by '${path}', which is not a file. Correct the path, counted from the top of the repository.`;
  }
  if (hash < 0) return undefined;
  const title = place.slice(hash + 1).trim();
  if (title === '') return `names no title after the # of '${path}'. Add the title or drop the #.`;
  // A title with an apostrophe is written with a backslash in the source and without one on the page.
  if (text.replaceAll(/\\(['"`])/g, '$1').includes(title)) return undefined;
  return `names '${title}', which is not in ${path}. Copy the title from the file, or find the proof that replaced it.`;
}

if (import.meta.main) process.exitCode = main(process.cwd(), (line) => console.log(line));
