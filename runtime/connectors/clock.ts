/** What a vendor's answers tell of its clock. */

/**
 * How far the vendor's clock is ahead of ours, by the date of an answer that it gave `at`. The date shows
 * whole seconds only, so on average it was half a second later. Nothing when the answer has no date.
 */
export function clockOffset(headers: Headers, at: number): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : Math.round(date + 500 - at);
}
