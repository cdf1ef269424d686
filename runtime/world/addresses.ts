/**
 * Which addresses the world's network may go to. What people fill in as the address of a system is
 * followed with our tokens, from inside our network; so it must not lead to this machine, to its
 * neighbours, or to the service that hands a cloud machine its credentials, unless the operator has
 * named the place.
 *
 * Promise: `isPublic` is true only of addresses that the whole internet can reach. Whatever is not known
 * to be public is not, such as IPv6 addresses that stand for an IPv4 address.
 */
import { BlockList, isIP } from 'node:net';
import { TributaryError } from '../core/errors.ts';

/** An IP address as it is written, without the brackets that a URL puts around IPv6. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !RESERVED.check(address, 'ipv4');
  return family === 6 && GLOBAL.check(address, 'ipv6') && !RESERVED.check(address, 'ipv6');
}

/** Whether the operator's list names the host, with this port or with all of them. */
export function isNamed(
  { hostname, port, protocol }: Pick<URL, 'hostname' | 'port' | 'protocol'>,
  allowedHosts: readonly string[] = [],
): boolean {
  const host = hostOf(hostname);
  const withPort = `${host}:${port || DEFAULT_PORTS[protocol]}`;
  return allowedHosts.some((named) => [host, withPort].includes(hostOf(named)));
}

/** Reads a list as an operator writes it: hosts, some with a port, with commas or blanks between them. */
export function hostsIn(list: string | undefined): readonly string[] {
  const hosts = (list ?? '').split(/[\s,]+/).filter((host) => host !== '');
  const odd = hosts.find((host) => !HOST.test(host));
  if (odd === undefined) return hosts;
  throw new TributaryError('bad-settings', {
    what: `"${odd}" in TRIBUTARY_ALLOWED_HOSTS is no host.`,
    next: 'Write hosts such as crm.example or 127.0.0.1:4010, with commas between them.',
  });
}

/** A name or an address, perhaps with a port. */
export const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** In one spelling: a dot at the end of a name changes nothing, and neither do capitals. */
export function hostOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.(?=:\d+$|$)/, '')
    .replace(/^\[(.*)\](?=:\d+$|$)/, '$1');
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Networks that are somebody's own, or nobody's: the special-purpose registries of IANA. */
const RESERVED = new BlockList();
for (const network of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  // Tunnels and translators first: behind such an address stands an IPv4 one that would go unseen.
  '2001::/23',
  '2002::/16',
  '2001:db8::/32',
  '3fff::/20',
]) {
  addTo(RESERVED, network);
}

/** All that has been given out of IPv6 so far. */
const GLOBAL = new BlockList();
addTo(GLOBAL, '2000::/3');

function addTo(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
