/**
 * The vendor gave the id of an item to another one: the link of the former item keeps its history under a
 * name that no vendor gives.
 */
import type { Link } from '../core/planner/model.ts';

export function givenAway(link: Link): Link {
  return { ...link, remoteId: `${link.remoteId}${nameAfter(link)}` };
}

export function isGivenAway(link: Link): boolean {
  return link.remoteId.endsWith(nameAfter(link));
}

function nameAfter({ id, createdAt }: Link): string {
  return `@${createdAt ?? id}`;
}
