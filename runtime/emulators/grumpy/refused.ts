/** Whole requests that Grumpy says no to, with the codes that README.md lists. */
import { RequestRefused } from '../desk.ts';

export function refusal(
  status: number,
  code: string,
  message: string,
  more: object = {},
): RequestRefused {
  return new RequestRefused(status, { code, message, ...more });
}
