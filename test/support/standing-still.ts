/**
 * Work that is done when the call returns, although it takes other programs to do it: what people do at a
 * vendor happens at once in a story. Another thread does it, and this one stands still meanwhile.
 */
import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from 'node:worker_threads';

export interface StandingStill {
  readonly call: (request: unknown) => unknown;
  readonly stop: () => Promise<void>;
}

const PATIENCE_MS = 20_000;

/** `thread` is a module that calls `answerCalls`. */
export function standingStill(thread: URL, given: unknown): StandingStill {
  const { port1, port2 } = new MessageChannel();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(thread, {
    workerData: { given, port: port2, flag } satisfies ThreadData,
    transferList: [port2],
  });
  return {
    call(request) {
      port1.postMessage(request);
      const name = JSON.stringify(request);
      if (Atomics.wait(flag, 0, 0, PATIENCE_MS) === 'timed-out') throw new Error(`Late: ${name}`);
      Atomics.store(flag, 0, 0);
      const end = receiveMessageOnPort(port1)!.message as End;
      if ('failure' in end) throw new Error(`${end.failure} (${name})`);
      return end.answer;
    },
    async stop() {
      port1.close();
      await worker.terminate();
    },
  };
}

interface ThreadData {
  readonly given: unknown;
  readonly port: MessagePort;
  readonly flag: Int32Array;
}

type End = { readonly answer: unknown } | { readonly failure: string };

/** In the thread: `open` gets what was given, and answers with what answers calls. */
export function answerCalls(
  workerData: unknown,
  open: (given: never) => (request: unknown) => Promise<unknown>,
): void {
  const { given, port, flag } = workerData as ThreadData;
  const answer = open(given as never);
  port.on('message', (request: unknown) => {
    void answer(request)
      .then(
        (told): End => ({ answer: told }),
        (error: unknown): End => ({ failure: (error as Error).message }),
      )
      .then((end) => {
        port.postMessage(end);
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
      });
  });
}
