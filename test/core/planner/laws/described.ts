/** A scenario on one page, for whoever has to find out why a law failed. */
import type { EndpointFacts } from '../../../../runtime/core/planner/model.ts';
import { textOf, type Scenario } from './harness.ts';

export function described({ input, items, vendors }: Scenario): string {
  const { entity, policy } = input;
  return [
    `record ${entity.life}, epoch ${entity.epoch}`,
    `deletions count at ${policy.deleteAuthority.join(', ')}; elsewhere ${policy.onRemoteDelete}`,
    `deleted and edited: ${policy.onDeleteAndEdit}; restored: ${policy.onRemoteRestore}`,
    ...policy.members.map((member) => {
      const facts = input.facts.get(member.endpoint);
      return `member ${textOf({ ...member, ...facts, normalize: spelling(facts) })} ${textOf(vendors.get(member.endpoint))}`;
    }),
    ...policy.fields.map((field) => `field ${textOf(field)}`),
    ...Object.entries(entity.cells).map(([name, cell]) => `ours ${name} ${textOf(cell)}`),
    ...input.links.flatMap(({ cells, ...link }) => [
      `link ${textOf(link)}`,
      ...Object.entries(cells).map(([name, cell]) => `  base ${name} ${textOf(cell)}`),
      `  seen ${textOf(input.observed.get(link.id) ?? 'nothing')}`,
      `  item ${textOf(items.get(link.id) ?? 'none')}`,
    ]),
    ...input.intents.map((intent) => `intent ${textOf(intent)}`),
    ...input.conflicts.map((row) => `conflict ${textOf(row)}`),
    ...input.resolutions.map((resolution) => `decision ${textOf(resolution)}`),
  ].join('\n');
}

function spelling(facts: EndpointFacts | undefined): string {
  return `' Long' becomes ${textOf(facts?.normalize('', ' Long'))}`;
}
