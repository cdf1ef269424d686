/**
 * The vendor gave the id of an item to another one: the link of the former item keeps its history under a
 * name that no vendor gives.
 */
import type { Link } from '../core/planner/model.ts';

export function givenAway(link: Link): Link {
  return { ...link, remoteId: `${link.remoteId}@${link.id}` };
}

export function isGivenAway({ id, createdAt, remoteId }: Link): boolean {
  // Formerly named after when it was made, which two links of one item have in common.
  return [id, createdAt].some((name) => remoteId.endsWith(`@${name}`));
}
