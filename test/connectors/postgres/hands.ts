/**
 * SQL that is done when the call returns: what people do at a vendor happens at once, and a real server
 * answers only later. So another thread asks it, and this one stands still meanwhile.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type pg from 'pg';

export interface Hands {
  sql<Row extends object>(text: string, values?: readonly unknown[]): Row[];
  stop(): Promise<void>;
}

const PATIENCE_MS = 20_000;

export function handsOn(connection: pg.ClientConfig): Hands {
  const { port1, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('hands-thread.ts', import.meta.url), {
    workerData: { connection, port: port2, flag },
    transferList: [port2],
  });
  return {
    sql<Row>(text: string, values: readonly unknown[] = []) {
      port1.postMessage({ text, values });
      if (Atomics.wait(flag, 0, 0, PATIENCE_MS) === 'timed-out') throw new Error(`Late: ${text}`);
      Atomics.store(flag, 0, 0);
      const { rows, failure } = receiveMessageOnPort(port1)!.message as {
        rows: Row[];
        failure?: string;
      };
      if (failure !== undefined) throw new Error(`${failure} (${text})`);
      return rows;
    },
    async stop() {
      port1.close();
      await worker.terminate();
    },
  };
}
