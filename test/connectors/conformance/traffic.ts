/** What connectors send and what they are answered, for whoever wants to look at it while the suite plays. */
import type { World } from '../../../runtime/world/world.ts';

export interface Exchange {
  readonly vendor: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  /** Missing where none arrived. */
  readonly answer?: { readonly status: number; readonly headers: Headers; readonly body: string };
}

/** Who is told. */
export const onlookers: ((exchange: Exchange) => void)[] = [];

/** The same world; whatever goes through its network is told of, when somebody wants to know. */
export function watched<Seen extends World>(world: Seen, vendor: string): Seen {
  if (onlookers.length === 0) return world;
  const tell = (exchange: Exchange): void => {
    for (const onlooker of onlookers) onlooker(exchange);
  };
  return {
    ...world,
    network: {
      ...world.network,
      async fetch(request) {
        const sent = {
          vendor,
          method: request.method,
          url: new URL(request.url),
          headers: request.headers,
          body: await request.clone().text(),
        };
        try {
          const response = await world.network.fetch(request);
          const { status, headers } = response;
          tell({ ...sent, answer: { status, headers, body: await response.clone().text() } });
          return response;
        } catch (error) {
          tell(sent);
          throw error;
        }
      },
    },
  };
}
