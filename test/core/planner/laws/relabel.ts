/**
 * The same question with other names for the endpoints, in the opposite alphabetical order, and the
 * same answer with the names put in. Fingerprints contain names, so they are left out.
 */
import type {
  Cell,
  Conflict,
  EndpointId,
  Link,
  Origin,
  Plan,
  PlanInput,
} from '../../../../runtime/core/planner/model.ts';

const NAMES: Readonly<Record<string, string>> = {
  hub: 'zebra',
  crm: 'yak',
  erp: 'wolf',
  web: 'ape',
  log: 'bee',
};

export function relabelled(input: PlanInput): PlanInput {
  const { policy } = input;
  return {
    ...input,
    entity: { ...input.entity, cells: cells(input.entity.cells) },
    links: input.links.map(link),
    intents: input.intents.map((intent) => ({ ...intent, endpoint: name(intent.endpoint) })),
    conflicts: input.conflicts.map(row),
    policy: {
      ...policy,
      members: policy.members.map((member) => ({ ...member, endpoint: name(member.endpoint) })),
      deleteAuthority: policy.deleteAuthority.map(name),
      fields: policy.fields.map((field) => ({
        ...field,
        ...(field.order ? { order: field.order.map(name) } : {}),
        ...(field.direction
          ? {
              direction: Object.fromEntries(
                Object.entries(field.direction).map(([key, way]) => [name(key), way]),
              ),
            }
          : {}),
      })),
    },
    facts: new Map([...input.facts].map(([endpoint, facts]) => [name(endpoint), facts])),
    reach: (target, endpoint) => input.reach(target, original(endpoint)),
  };
}

export function relabelledPlan(plan: Plan): Plan {
  return {
    ...plan,
    entity: { ...plan.entity, cells: cells(plan.entity.cells) },
    links: plan.links.map(link),
    intents: plan.intents.map((intent) => ({ ...intent, endpoint: name(intent.endpoint) })),
    writes: plan.writes.map((write) => ({ ...write, endpoint: name(write.endpoint) })),
    conflicts: plan.conflicts.map(row),
    holds: plan.holds.map((hold) => ({ ...hold, endpoint: name(hold.endpoint) })),
    changes: plan.changes.map((change) => ({ ...change, origin: origin(change.origin) })),
    ...(plan.tombstone
      ? { tombstone: { ...plan.tombstone, endpoint: name(plan.tombstone.endpoint) } }
      : {}),
  };
}

export function withoutFingerprints(plan: Plan): Plan {
  return { ...plan, conflicts: plan.conflicts.map((one) => ({ ...one, fingerprint: '' })) };
}

function name(endpoint: string): EndpointId {
  return (NAMES[endpoint] ?? endpoint) as EndpointId;
}

function original(endpoint: EndpointId): EndpointId {
  const found = Object.entries(NAMES).find(([, other]) => other === endpoint);
  return (found?.[0] ?? endpoint) as EndpointId;
}

function origin(from: Origin): Origin {
  return from === 'person' || from === 'default' ? from : name(from);
}

function cells(all: Readonly<Record<string, Cell>>): Record<string, Cell> {
  return Object.fromEntries(
    Object.entries(all).map(([key, cell]) => [key, { ...cell, origin: origin(cell.origin) }]),
  );
}

function link(one: Link): Link {
  return { ...one, endpoint: name(one.endpoint) };
}

function row(one: Conflict): Conflict {
  return {
    ...one,
    fingerprint: '',
    ...(one.losing ? { losing: { ...one.losing, origin: origin(one.losing.origin) } } : {}),
    ...(one.values
      ? { values: one.values.map((held) => ({ ...held, origin: origin(held.origin) })) }
      : {}),
  };
}
