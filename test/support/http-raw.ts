/** HTTP by hand, for what no client would send. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { within } from './http-within.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Writes the pieces one after the other and reads until the server closes the connection. */
export async function rawExchange(
  port: number,
  ...pieces: readonly (string | Uint8Array)[]
): Promise<readonly RawAnswer[]> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => {
    text += part;
  });
  // The server may close while we still write; what counts is what it said before.
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  for (const piece of pieces) {
    if (socket.destroyed) break;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), closed]);
  }
  await within(closed, 'the server closes the connection', 8_000);
  return parseAnswers(text);
}

/** A request without a body that ends its connection. */
export const rawRequest = (target: string, ...headers: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, 'Connection: close', ...headers, '', ''].join('\r\n');

/** The header of a host that every gateway serves. */
export const HOST = 'Host: localhost';

/** The answer to such a request. */
export async function rawGet(
  port: number,
  target: string,
  ...headers: readonly string[]
): Promise<RawAnswer> {
  const [answer] = await rawExchange(port, rawRequest(target, ...headers));
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

function parseAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest.startsWith('HTTP/1.1')) {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers.get('content-length') ?? 0);
    const status = Number(first.split(' ')[1]);
    const bodyLength = status === 100 ? 0 : length;
    answers.push({ status, headers, body: rest.slice(end + 4, end + 4 + bodyLength) });
    rest = rest.slice(end + 4 + bodyLength);
  }
  return answers;
}
