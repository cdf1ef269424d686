/**
 * Keeps the bytes of a request as they came, in `req.rawBody`: a signature can only be checked over
 * these, never over JSON that was parsed and written again. Afterwards the bytes are put back, so
 * that whoever parses the body next, in whatever way, finds it untouched.
 *
 * Bodies are limited in size and time before any flow sees them. JSON is parsed here, once, because
 * what is none is refused: in Node-RED it would be a warning in the log and a 500, at the pleasure of
 * any stranger.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Schedule } from '../world/world.ts';

export interface RawRequest extends IncomingMessage {
  /** Absent where the request has no body. */
  rawBody?: Buffer;
  body?: unknown;
  /** How parsers of the Express family tell each other that `body` is done. */
  _body?: boolean;
}

const BODY_BYTES_MAX = 1024 * 1024;
/** A sender that needs longer for a mebibyte is broken, or wants to keep the connection. */
const BODY_MS_MAX = 5000;

type Refusal = 400 | 408 | 413;

export function keepRawBody(schedule: Schedule) {
  return function rawBody(request: RawRequest, response: ServerResponse, next: () => void): void {
    if (!hasBody(request)) return next();
    if (Number(request.headers['content-length']) > BODY_BYTES_MAX) return refuse(response, 413);

    const chunks: Buffer[] = [];
    let size = 0;
    const cancelLimit = schedule.after(BODY_MS_MAX, () => stop(408));
    request.on('readable', read).once('error', end).once('close', end);

    function read(): void {
      for (let chunk; (chunk = request.read() as Buffer | null) !== null;) {
        size += chunk.length;
        if (size > BODY_BYTES_MAX) return stop(413);
        chunks.push(chunk);
      }
      // "complete" comes before the event "end", and until that event the bytes can be put back.
      if (!request.complete) return;
      end();
      request.rawBody = Buffer.concat(chunks);
      if (isJson(request) && !parseJson(request)) return refuse(response, 400);
      if (size > 0) request.unshift(request.rawBody);
      next();
    }

    function stop(refusal: Refusal): void {
      end();
      refuse(response, refusal);
    }

    function end(): void {
      cancelLimit();
      request.off('readable', read).off('error', end).off('close', end);
    }
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** JSON in another encoding, or compressed, is left to the parsers that know how to unpack it. */
function isJson({ headers }: IncomingMessage): boolean {
  const type = headers['content-type'] ?? '';
  return (
    /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type) &&
    headers['content-encoding'] === undefined
  );
}

function parseJson(request: RawRequest): boolean {
  const { rawBody } = request;
  if (rawBody === undefined || rawBody.length === 0) return true;
  try {
    request.body = JSON.parse(rawBody.toString('utf8'));
    request._body = true;
    return true;
  } catch {
    return false;
  }
}

const reasons: Readonly<Record<Refusal, string>> = {
  400: 'The body is not JSON, although the content type says so.',
  408: `The body did not arrive within ${BODY_MS_MAX / 1000} seconds.`,
  413: `The body is larger than ${BODY_BYTES_MAX / 1024 / 1024} MiB.`,
};

/** The connection ends with the answer: what is left of the body would be taken for a new request. */
function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal, { 'content-type': 'text/plain', connection: 'close' });
  response.end(`${reasons[refusal]}\n`);
}
