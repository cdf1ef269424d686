/** Who keeps which promise, as a table for people, and whether all is well. */

export interface Verdict {
  readonly vendor: string;
  readonly promise: string;
  /** What the connector declares that it lacks, where the promise is not about it. */
  readonly end: 'kept' | 'failed' | { readonly lacks: string };
}

export interface Matrix {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

/** A promise that some vendor was never asked about counts as failed, and so does a table of nothing. */
export function matrixOf(vendors: readonly string[], verdicts: readonly Verdict[]): Matrix {
  const ends = new Map(verdicts.map(({ vendor, promise, end }) => [`${vendor} ${promise}`, end]));
  const endOf = (vendor: string, promise: string): Verdict['end'] =>
    ends.get(`${vendor} ${promise}`) ?? 'failed';
  const promises = [...new Set(verdicts.map(({ promise }) => promise))];
  const width = Math.max(0, ...promises.map(({ length }) => length));
  const widths = vendors.map(({ length }) => Math.max(length, 'FAILED'.length));
  const row = (title: string, cells: readonly string[]): string =>
    [title.padEnd(width), ...cells.map((cell, index) => cell.padEnd(widths[index]!))]
      .join('  ')
      .trimEnd();
  const all = promises.flatMap((promise) => vendors.map((vendor) => endOf(vendor, promise)));
  const failed = all.filter((end) => end === 'failed').length;
  const kept = all.filter((end) => end === 'kept').length;
  const beyond = all.length - kept - failed;
  return {
    lines: [
      row('', vendors),
      ...promises.map((promise) =>
        row(
          promise,
          vendors.map((vendor) => wordFor(endOf(vendor, promise))),
        ),
      ),
      '',
      ...reasons(vendors, promises, endOf),
      `${promises.length} promises, ${vendors.length} vendors: ${kept} kept, ${beyond} do not apply, ${failed} FAILED`,
    ],
    isWell: failed === 0 && kept > 0,
  };
}

function wordFor(end: Verdict['end']): string {
  if (typeof end === 'object') return '-';
  return end === 'kept' ? 'kept' : 'FAILED';
}

/** Why there is a dash, in the connector's own declaration. */
function reasons(
  vendors: readonly string[],
  promises: readonly string[],
  endOf: (vendor: string, promise: string) => Verdict['end'],
): string[] {
  const lines = vendors.flatMap((vendor) => {
    const lacking = promises.flatMap((promise) => {
      const end = endOf(vendor, promise);
      return typeof end === 'object' ? [[end.lacks, promise] as const] : [];
    });
    return [...Map.groupBy(lacking, ([lacks]) => lacks)].map(
      ([lacks, its]) =>
        `- ${vendor} declares no ${lacks}: ${its.map(([, promise]) => promise).join('; ')}`,
    );
  });
  return lines.length === 0 ? [] : [...lines, ''];
}
