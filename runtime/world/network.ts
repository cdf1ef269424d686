/**
 * The network of this machine. Connections are kept open and shared by all that is asked of one place,
 * at most so many at once. Redirects, limits and retries are the business of whoever asks.
 *
 * Promise: nothing is sent to an address that is not public, unless `allowedHosts` names the host. It is
 * checked where the connection is made, on the very address it is made to, so a name that was public
 * when somebody looked, and is private now, is refused as well.
 */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, Socket } from 'node:net';
import { Agent } from 'undici';
import { hostOf, isNamed, isPublic } from './addresses.ts';
import type { Network } from './world.ts';

export function systemNetwork(allowedHosts: readonly string[]): Network {
  const anywhere = new Agent({ connections: CONNECTIONS_MAX });
  const publicOnly = new Agent({ connections: CONNECTIONS_MAX, connect: { lookup: lookUpPublic } });
  return {
    async fetch(request) {
      const url = new URL(request.url);
      const isAllowed = isNamed(url, allowedHosts);
      const host = hostOf(url.hostname);
      // An address that is written out is not looked up.
      if (!isAllowed && isIP(host) > 0 && !isPublic(host)) {
        throw new TypeError('fetch failed', { cause: new PrivateAddressError(host, host) });
      }
      // The platform's `fetch` takes it; only its type does not say so.
      const way = { dispatcher: isAllowed ? anywhere : publicOnly } as unknown as RequestInit;
      return fetch(request, way);
    },
    socket: () => guardedSocket(allowedHosts),
  };
}

/** To one place. More at once would only wait there. */
const CONNECTIONS_MAX = 32;

function guardedSocket(allowedHosts: readonly string[]): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const guarded = (port: number, name: string): Socket => {
    const isAllowed = isNamed({ hostname: name, port: `${port}`, protocol: '' }, allowedHosts);
    const host = hostOf(name);
    if (isAllowed) return connect({ port, host });
    // An address that is written out is not looked up.
    if (isIP(host) > 0 && !isPublic(host)) {
      return socket.destroy(new PrivateAddressError(host, host));
    }
    return connect({ port, host, lookup: lookUpPublic });
  };
  return Object.assign(socket, { connect: guarded as Socket['connect'] });
}

/** A connection was not made, because it would have led into a private network. */
class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor(host: string, address: string) {
    super(
      host === address
        ? `${address} is a private address`
        : `${host} leads to the private address ${address}`,
    );
    this.name = 'PrivateAddressError';
  }
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** One private address among public ones is enough to refuse a name: the next try might take it. */
function lookUpPublic(host: string, options: LookupOptions, found: Found): void {
  lookup(host, options, (error, address, family) => {
    if (error) return found(error, address);
    const addresses = Array.isArray(address) ? address.map((each) => each.address) : [address];
    const hidden = addresses.find((each) => !isPublic(each));
    if (hidden !== undefined) return found(new PrivateAddressError(host, hidden), []);
    found(null, address, family);
  });
}
