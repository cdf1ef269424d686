/** What Twenty says no with: REST has one body for everything, with a list of messages. */
import type { Refused } from '../crm/refused.ts';
import { RequestRefused } from '../desk.ts';

export function refusal(status: number, error: string, message: string): RequestRefused {
  return new RequestRefused(status, { statusCode: status, error, messages: [message] });
}

export function badRequest(message: string): RequestRefused {
  return refusal(400, 'BadRequestException', message);
}

export function notFound(message = 'Record not found'): RequestRefused {
  return refusal(404, 'NotFoundException', message);
}

export function forbidden(
  message = 'Entity performing the request does not have permission',
): RequestRefused {
  return refusal(403, 'FORBIDDEN_EXCEPTION', message);
}

/** What the database itself could not do. */
export function broken(message: string): RequestRefused {
  return refusal(500, 'InternalServerErrorException', message);
}

/** The message of whatever was refused, for those who say it in another form. */
export function messageOf(refused: RequestRefused): string {
  return (refused.body as { messages?: readonly string[] }).messages?.[0] ?? refused.message;
}

export function inWords(refused: Refused): RequestRefused {
  if (refused.code === 'missing') return notFound();
  if (refused.code === 'duplicate') return refusal(400, 'UserInputError', refused.message);
  if (refused.reason === 'database') return broken(refused.message);
  return badRequest(refused.message);
}
