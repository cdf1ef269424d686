/**
 * The way to a server, on which a commit can get lost, its answer can, or it can arrive late. All else
 * passes as it is. It understands of the protocol only where a message ends.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type pg from 'pg';
import type { Trouble } from '../scene.ts';

export interface Wire {
  readonly port: number;
  trouble(next: Trouble): void;
  /** What clients have said, in the order they said it, of each connection; without how they came in. */
  readonly said: readonly (readonly Message[])[];
  /** What is late has arrived. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Its letter, and the first of its texts. */
export type Message = readonly [letter: string, text: string];

export async function wireTo({ host, port }: pg.ClientConfig): Promise<Wire> {
  const troubles: Trouble[] = [];
  const said: Message[][] = [];
  const underWay: Promise<void>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const far = host!.startsWith('/')
      ? connect(`${host}/.s.PGSQL.${port}`)
      : connect({ host: host!, port: port! });
    for (const socket of [client, far]) {
      sockets.add(socket);
      // Breaking is what it is for.
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    let isMute = false;
    far.on('data', (chunk) => {
      if (isMute) client.destroy();
      else client.write(chunk);
    });
    far.on('close', () => client.destroy());
    let isLate = false;
    client.on('close', () => {
      if (!isLate) far.destroy();
    });
    const messages = splitter();
    const heard: Message[] = [];
    said.push(heard);
    client.on('data', (chunk) => {
      for (const message of messages(chunk)) {
        heard.push(messageIn(message));
        const trouble = isCommit(message) ? troubles.shift() : undefined;
        if (trouble?.kind === 'lost') {
          client.destroy();
          return;
        }
        if (trouble?.kind === 'late') {
          isLate = true;
          client.destroy();
          underWay.push(deliver(far, message, trouble.ms));
          return;
        }
        if (trouble?.kind === 'answerLost') isMute = true;
        far.write(message);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => void server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    trouble: (next) => void troubles.push(next),
    said,
    settled: async () => void (await Promise.all(underWay)),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

async function deliver(far: Socket, message: Buffer, delayMs: number): Promise<void> {
  await new Promise((resolve) => void setTimeout(resolve, delayMs));
  far.write(message);
  await new Promise((resolve) => void far.once('data', resolve));
  far.destroy();
}

function isCommit(message: Buffer): boolean {
  const [letter, text] = messageIn(message);
  return letter === 'Q' && text === 'commit';
}

function messageIn(message: Buffer): Message {
  const text = message.toString('utf8', 5);
  return [message.toString('latin1', 0, 1), text.slice(0, text.indexOf('\0'))];
}

/** The very first message has no letter before its length. */
function splitter(): (chunk: Buffer) => Buffer[] {
  let rest = Buffer.alloc(0);
  let letter = 0;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: Buffer[] = [];
    while (rest.length >= letter + 4) {
      const length = letter + rest.readInt32BE(letter);
      if (rest.length < length) break;
      messages.push(rest.subarray(0, length));
      rest = rest.subarray(length);
      letter = 1;
    }
    return messages;
  };
}
