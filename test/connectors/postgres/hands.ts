/** SQL that is done when the call returns. */
import type pg from 'pg';
import { standingStill } from '../../support/standing-still.ts';

export interface Hands {
  sql<Row extends object>(text: string, values?: readonly unknown[]): Row[];
  stop(): Promise<void>;
}

export function handsOn(connection: pg.ClientConfig): Hands {
  const { call, stop } = standingStill(new URL('hands-thread.ts', import.meta.url), connection);
  return {
    sql: <Row>(text: string, values: readonly unknown[] = []) => call({ text, values }) as Row[],
    stop,
  };
}
