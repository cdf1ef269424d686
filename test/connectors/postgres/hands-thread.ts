/** Runs SQL for a thread that waits for it without letting anything else happen. */
import { workerData } from 'node:worker_threads';
import pg from 'pg';
import { answerCalls } from '../../support/standing-still.ts';

answerCalls(workerData, (connection: pg.ClientConfig) => {
  const client = new pg.Client(connection);
  const connected = client.connect();
  return async (request) => {
    const { text, values } = request as { text: string; values: unknown[] };
    await connected;
    // Several statements at once answer with several results.
    const result: unknown = await client.query(text, values.length === 0 ? undefined : values);
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult;
    return last.rows;
  };
});
