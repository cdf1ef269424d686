/**
 * What goes on in an HTTP server, so that it can be closed: the answers under way, and all
 * connections, also those that have become websockets and that the server itself no longer counts.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Schedule } from '../world/world.ts';

export interface Traffic {
  /** Resolves when no answer is under way any more, or after the time given. */
  quiet(limitMs: number): Promise<void>;
  /** Ends all connections now. */
  cut(): void;
}

export function trackTraffic(server: Server, schedule: Schedule): Traffic {
  const sockets = new Set<Socket>();
  const answers = new Set<ServerResponse>();
  let whenQuiet: (() => void) | undefined;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (_request, response: ServerResponse) => {
    answers.add(response);
    response.once('close', () => {
      answers.delete(response);
      if (answers.size === 0) whenQuiet?.();
    });
  });
  return {
    quiet(limitMs) {
      if (answers.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const callOff = schedule.after(limitMs, resolve);
        whenQuiet = () => {
          callOff();
          resolve();
        };
      });
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
