/** What tests ask of Node-RED's admin API, the way the editor asks. */
import assert from 'node:assert/strict';

export function requestToken(url: string, password: string, username = 'admin'): Promise<Response> {
  return fetch(`${url}admin/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '*',
      username,
      password,
    }),
  });
}

export async function logIn(url: string, password: string): Promise<string> {
  const response = await requestToken(url, password);
  assert.equal(response.status, 200);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

export async function readFlows(url: string, token: string): Promise<readonly FlowNode[]> {
  const response = await fetch(`${url}admin/flows`, { headers: bearer(token) });
  assert.equal(response.status, 200);
  return (await response.json()) as FlowNode[];
}

export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** Replaces all flows; returns when they run. */
export async function deploy(
  url: string,
  token: string,
  nodes: readonly FlowNode[],
): Promise<void> {
  await send(url, token, nodes);
  await untilReady(url);
}

/** Replaces all flows; they may not run yet, or never. */
export async function send(url: string, token: string, nodes: readonly FlowNode[]): Promise<void> {
  const response = await fetch(`${url}admin/flows`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: JSON.stringify(nodes),
  });
  assert.equal(response.status, 204, await response.text());
}

/** Asks again at once: the answer changes as soon as flows run and the database answers. */
export async function untilReady(url: string): Promise<void> {
  while ((await fetch(`${url}readyz`)).status !== 200);
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
