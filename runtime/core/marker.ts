/**
 * The marker we leave in an item that we create, where the vendor has a field for it. It proves, even
 * when the answer to the create was lost, which record the item was made for; and nobody without our
 * key can make one up. It does not prove who made the item: people clone items, markers and all.
 */
import { digestsMatch, keyedDigest } from './hash.ts';

export interface Marker {
  readonly entity: string;
  /** How many items the record had in that system before this one. */
  readonly generation: number;
}

/** Who the marker is for: the same record has another marker in every sync and system. */
export interface MarkerScope {
  readonly tenant: string;
  readonly sync: string;
  readonly endpoint: string;
}

const VERSION = 'v1';
const DIGEST_LENGTH = 22;

export function writeMarker(marker: Marker, scope: MarkerScope, key: string): string {
  return `${VERSION}.${marker.entity}.${marker.generation}.${seal(marker, scope, key)}`;
}

/** The marker in a text, or `undefined` when there is none of ours. */
export function readMarker(text: unknown, scope: MarkerScope, key: string): Marker | undefined {
  if (typeof text !== 'string') return undefined;
  const [version, entity, count, digest, ...rest] = text.trim().split('.');
  if (version !== VERSION || !entity || !count || !digest || rest.length > 0) return undefined;
  if (!/^\d{1,9}$/.test(count)) return undefined;
  const marker = { entity, generation: Number(count) };
  return digestsMatch(digest, seal(marker, scope, key)) ? marker : undefined;
}

function seal(marker: Marker, scope: MarkerScope, key: string): string {
  const parts = [scope.tenant, scope.sync, scope.endpoint, marker.entity, marker.generation];
  return keyedDigest(key, JSON.stringify(parts)).slice(0, DIGEST_LENGTH);
}
