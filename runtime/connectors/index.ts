/** The vendors that Tributary can talk to. A new one is a folder here and a line below. */
import type { Connector } from './connector.ts';
import { grumpy } from './grumpy/grumpy.ts';
import { hubspot } from './hubspot/hubspot.ts';
import { pipedrive } from './pipedrive/pipedrive.ts';
import { postgres } from './postgres/postgres.ts';
import { rest } from './rest/rest.ts';
import { twenty } from './twenty/twenty.ts';

export const connectors: readonly Connector[] = [
  grumpy,
  hubspot,
  pipedrive,
  postgres,
  rest,
  twenty,
];
