/** Links: the host in lower case, no slash at the end, and nothing that leads nowhere. */
import { Refused } from '../crm/refused.ts';

/** Without a scheme it stays without one, and is another link than the one with it. */
export function linkOf(path: string, given: string): string {
  if (given === '') return given;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(given);
  const url = URL.parse(hasScheme ? given : `https://${given}`);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!isWeb || /\s/.test(given) || !/^[^.].*\.[^.]+$|^localhost$/.test(url.hostname)) {
    throw new Refused('invalid', `Invalid URL '${given}' for field "${path}"`, { path });
  }
  const afterHost = given.slice(hasScheme ? given.indexOf('://') + 3 : 0).replace(/^[^/?#]*/, '');
  const origin = hasScheme ? url.origin : url.host;
  return `${origin}${afterHost}`.replace(/\/$/, '');
}
