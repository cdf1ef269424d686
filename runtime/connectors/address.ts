/**
 * The address of a system, as somebody filled it in, before anything is sent to it.
 *
 * Promise: what passes is https, holds no credentials, is one of the vendor's hosts where it has its own,
 * and is not written as a private address. Where a name leads is known only when a connection is made,
 * and is checked there by the world's network. Hosts that the operator has named pass with any scheme.
 */
import { hostOf, isNamed, isPublic } from '../world/addresses.ts';
import type { World } from '../world/world.ts';
import { VendorError } from './connector.ts';
import { ALLOW_IT } from './failures.ts';

export interface AddressRules {
  readonly world: Pick<World, 'allowedHosts'>;
  readonly vendor: string;
  /** Names the login in errors. */
  readonly account: string;
  /**
   * Where the vendor serves, such as `api.hubapi.com` or `{company}.pipedrive.com`; a word in braces
   * stands for one name without dots. Missing when everybody may serve it.
   */
  readonly hosts?: readonly string[] | undefined;
}

/** Throws a `VendorError` that says what is wrong with the address. */
export function checkAddress(
  address: string,
  { world, vendor, account, hosts }: AddressRules,
): void {
  const refuse = (reason: string, next: string): never => {
    const what = `The address of account '${account}' of ${vendor} is not used, because ${reason}.`;
    throw new VendorError('forbidden', { what, next });
  };
  const url = URL.parse(address);
  if (url === null) return refuse('it is none', 'Correct it; it begins with https://.');
  if (url.username !== '' || url.password !== '') {
    return refuse('it holds credentials', 'Take them out, and fill in the token instead.');
  }
  if (url.search !== '' || url.hash !== '') {
    return refuse('there is a ? or a # in it', 'Take out what follows it.');
  }
  const isWeb = ['https:', 'http:'].includes(url.protocol);
  if (isWeb && isNamed(url, world.allowedHosts)) return;
  if (url.protocol !== 'https:') {
    return refuse('it does not begin with https://', ALLOW_IT);
  }
  const host = hostOf(url.hostname);
  if (isPrivate(host)) return refuse(`${host} is private`, ALLOW_IT);
  if (hosts?.some((template) => fits(host, template)) === false) {
    return refuse(`${host} is not ${hosts.join(' or ')}`, ALLOW_IT);
  }
}

/** Names that only a private network knows. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|arpa)$/;

function isPrivate(host: string): boolean {
  const isLiteral = host.includes(':') || /^[\d.]+$/.test(host);
  if (isLiteral) return !isPublic(host);
  return PRIVATE_NAMES.test(host) || !host.includes('.');
}

function fits(host: string, template: string): boolean {
  const pattern = template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[a-z0-9-]+');
  return new RegExp(`^${pattern}$`).test(host);
}
