import type { Duplex } from 'node:stream';
import { problemBody } from '../../core/problem.ts';
import type { Random } from '../../ports/system.ts';
import { HEADERS } from '../../protocol/routes.ts';
import { PROBLEM_TYPE } from './problem-answer.ts';

/** What Node's parser refuses, by its error code; anything else is a 400. */
const REFUSALS: Readonly<
  Record<string, readonly [status: number, reason: string, detail: string]>
> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', 'The chunk extensions are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
};
const BAD_REQUEST = [400, 'Bad Request', 'This is not a well-formed HTTP request.'] as const;

/**
 * Answers what is not even a request: there is no response object, so the answer is written on the
 * socket by hand. Not when a response is already under way there, which it would garble.
 */
export function answerRawError(
  error: NodeJS.ErrnoException,
  socket: Duplex & { _httpMessage?: { headersSent: boolean } | null },
  random: Random,
): void {
  if (!socket.writable || error.code === 'ECONNRESET' || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const [status, reason, detail] = REFUSALS[error.code ?? ''] ?? BAD_REQUEST;
  const body = JSON.stringify({ ...problemBody('invalid_request', detail), status });
  socket.end(
    [
      `HTTP/1.1 ${status} ${reason}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `${HEADERS.requestId}: req_${random.token(12)}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
