/** A run as a story for people: who is in it, what happened and when, and what is wrong in the end. */
import type { Rest } from './oracle/rest.ts';
import type { Scenario } from './scenario.ts';
import { told } from './told.ts';

export function taleOf(rest: Rest, violations: readonly string[]): string {
  const { scenario } = rest;
  const events = [
    ...rest.systems.flatMap((system) =>
      rest.handsOf(system).log.map((change) => ({
        at: change.at,
        text: `${system.account.padEnd(7)} ${told(change)}`,
      })),
    ),
    ...rest.struck.map(({ at, fault, call }) => ({
      at,
      text: call
        ? `${call.account.padEnd(7)} ${fault}: ${call.action} of ${call.items} ${call.collection ?? ''}`
        : fault,
    })),
    ...scenario.actions
      .filter((action) => !('code' in action))
      .map(({ at, tenant: _tenant, ...deed }) => ({
        at: at + Date.UTC(2026, 0, 1),
        text: `${'system' in deed ? deed.system.padEnd(7) : ''} ${JSON.stringify(deed)}`,
      })),
  ];
  return [
    ...people(scenario),
    ...events
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, text }) => `  ${new Date(at).toISOString().slice(11, 23)} ${text}`),
    'and in the end:',
    ...violations.map((line) => `  ${line}`),
  ].join('\n');
}

function people({ tenants, kills, workers }: Scenario): string[] {
  return [
    ...tenants.flatMap(({ systems, policy }, index) => [
      ...systems.map(
        ({ name, abilities, ...others }) =>
          `${name}-${index + 1}: ${JSON.stringify({ ...abilities, ...others })}`,
      ),
      `policy: ${JSON.stringify(policy)}`,
    ]),
    `workers: ${workers}${kills.length > 0 ? `, killed at ${kills.join(', ')}` : ''}`,
  ];
}
