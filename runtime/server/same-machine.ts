/**
 * Tells a request that a person on this machine makes from one that a web page of another site makes
 * through that person's browser. Two tricks are known: a page whose name is made to point to
 * 127.0.0.1 (the Host header then carries that name), and a page that simply sends requests or opens
 * a websocket here (the Origin header then carries that page's).
 */
import type { IncomingMessage } from 'node:http';
import { isLoopback } from './settings.ts';

export function isFromThisMachine({ headers }: IncomingMessage): boolean {
  const { host, origin } = headers;
  if (host === undefined || !isLoopback(host.replace(/:\d+$/, ''))) return false;
  return origin === undefined || origin === `http://${host}`;
}
