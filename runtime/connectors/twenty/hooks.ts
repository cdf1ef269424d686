/**
 * Webhooks of a workspace. Each has a secret of its own, which we choose.
 *
 * Traps: a delivery that fails is not sent again, and nobody is told, so a webhook is a hint and no more.
 * What a note is about changes in rows of another object, of which we have to be told as well.
 */
import type { Hooks, WantedHooks, Webhooks } from '../connector.ts';
import * as api from './api.ts';
import { allOf, describe, type Workspace } from './metadata.ts';
import type { ObjectType } from './objects.ts';

const PATH = ['rest', 'metadata', 'webhooks'];

export function webhooks(workspace: Workspace): Webhooks {
  return {
    ensure: (wanted, signal) => ensure(workspace, wanted, signal),
    async remove(url, signal) {
      for (const { id } of await ours(workspace, url, signal)) await drop(workspace, id, signal);
    },
  };
}

async function ensure(
  workspace: Workspace,
  { url, secret, collections }: WantedHooks,
  signal: AbortSignal | undefined,
): Promise<Hooks> {
  const operations = operationsFor(await describe(workspace, signal), collections);
  const [first, ...twice] = await ours(workspace, url, signal);
  for (const { id } of twice) await drop(workspace, id, signal);
  const body = { targetUrl: url, operations, description: 'Tributary', secret };
  const call = { body, answer: api.anything, signal };
  if (first === undefined) {
    await workspace.rest.send({ ...call, method: 'POST', path: PATH });
  } else if (first.secret !== secret || !sameList(first.operations ?? [], operations)) {
    await workspace.rest.send({ ...call, method: 'PATCH', path: [...PATH, first.id] });
  }
  return { secret };
}

function operationsFor(
  types: readonly ObjectType[],
  collections: readonly string[],
): readonly string[] {
  const names = types
    .filter(({ name }) => collections.includes(name))
    .flatMap(({ one, targets }) => (targets ? [one, targets.row] : [one]));
  return [...new Set(names)].map((name) => `${name}.*`).toSorted();
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b);
}

async function ours(
  { rest }: Workspace,
  url: string,
  signal: AbortSignal | undefined,
): Promise<readonly api.WireWebhook[]> {
  const all = await allOf<api.WireWebhook>(rest, 'webhooks', api.webhooks, signal);
  return all.filter(({ targetUrl }) => targetUrl === url);
}

async function drop(
  { rest }: Workspace,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await rest.send({ method: 'DELETE', path: [...PATH, id], answer: api.anything, signal });
}
