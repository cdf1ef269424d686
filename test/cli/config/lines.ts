/** A text over several lines, without the indentation that the code around it has. */
export function lines(parts: TemplateStringsArray): string {
  const rows = parts.join('').split('\n').slice(1);
  const indent = /^ */.exec(rows[0]!)![0].length;
  return rows.map((row) => row.slice(indent)).join('\n');
}
