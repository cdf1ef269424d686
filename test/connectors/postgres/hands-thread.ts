/** Runs SQL for a thread that waits for it without letting anything else happen. */
import { workerData, type MessagePort } from 'node:worker_threads';
import pg from 'pg';

const { connection, port, flag } = workerData as {
  connection: pg.ClientConfig;
  port: MessagePort;
  flag: Int32Array;
};
const client = new pg.Client(connection);
const connected = client.connect();

port.on('message', ({ text, values }: { text: string; values: unknown[] }) => {
  void answer(text, values).then((told) => {
    port.postMessage(told);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
});

async function answer(text: string, values: unknown[]): Promise<unknown> {
  try {
    await connected;
    // Several statements at once answer with several results.
    const result: unknown = await client.query(text, values.length === 0 ? undefined : values);
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult;
    return { rows: last.rows };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}
