import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { makeId } from '#shared/ids.ts';
import { AppError } from '../domain/app-error.ts';
import { problemOf } from './problem-response.ts';

const MALFORMED = new AppError(
  'bad_request',
  'What arrived could not be read as one HTTP request: look at the client, or at a proxy before it.',
);

/** What Node refuses before there is a request, by its error code; anything else is not HTTP. */
const REFUSALS: Record<string, AppError> = {
  HPE_HEADER_OVERFLOW: new AppError(
    'headers_too_large',
    'The headers are larger than 16 KiB together: send auth state in the body, not in headers.',
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new AppError('request_timeout', 'The request did not arrive within its time: send the body at once.'),
};

/**
 * Answers a connection whose request could not be read: headers over the bound (431), too slow (408), or not HTTP (400).
 * Written by hand, because there is no request and so no reply to send by.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket, publicUrl: string): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const refusal = REFUSALS[error.code ?? ''] ?? MALFORMED;
  const requestId = makeId('request');
  const body = JSON.stringify(problemOf(refusal, { requestId, publicUrl }));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
