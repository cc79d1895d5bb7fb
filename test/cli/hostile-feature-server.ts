/** A feature server that is good to most clicks, and hostile to those that ask for it by their x. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { encodeMask } from '../../src/core/rle.ts';
import type { EncodeRequest, SegmentRequest } from '../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';

type Attack = (response: ServerResponse, good: string, elsewhere: string) => void;

const INFO = {
  name: 'hostile',
  version: '1',
  models: ['hostile'],
  concurrency: 4,
  encode: true,
  cancellable: true,
  maxImageBytes: 5_242_880,
};

const BLOCK = Buffer.alloc(64 * 1024, ' ');

function send(response: ServerResponse, text: string | Buffer, headers = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
}

/** Writes as much as the other side takes. */
function pour(socket: Socket | null, piece: string | Buffer): void {
  const more = () => {
    while (socket?.destroyed === false && socket.write(piece));
  };
  socket?.on('drain', more);
  more();
}

/** What each attack answers; those that wait for the deadline end as timeouts. */
const ATTACKS = {
  'another schema': (response) => send(response, '{"masks":[]}'),
  'a mask of other dimensions': (response, good) =>
    send(response, good.replace(/"size":\[(\d+),(\d+)\]/, '"size":[$2,$1]')),
  'run lengths that do not add up': (response, good) =>
    send(response, good.replace(/"counts":"/, '"counts":"1')),
  'a gigabyte': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 ** 30 });
    response.flushHeaders();
    pour(response.socket, BLOCK);
  },
  'a gigabyte of refusal': (response) => {
    response.writeHead(500, { 'content-length': 2 ** 30 });
    response.flushHeaders();
    pour(response.socket, BLOCK);
  },
  'headers without end': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\n');
    pour(response.socket, `X-Padding: ${'y'.repeat(1_000)}\r\n`.repeat(64));
  },
  'a number that is none': (response, good) => send(response, good.replace('0.9', 'NaN')),
  'a number beyond all numbers': (response, good) => send(response, good.replace('0.9', '1e999')),
  'a redirect': (response, _good, elsewhere) =>
    response.writeHead(307, { location: `${elsewhere}${FEATURE_ROUTES.segment}` }).end(),
  'a packed bomb': (response) =>
    send(response, gzipSync(Buffer.alloc(16 * 1024 * 1024, ' ')), { 'content-encoding': 'gzip' }),
  'a page': (response, good) => send(response, good, { 'content-type': 'text/html' }),
  'half of the answer': (response, good) => send(response, good.slice(0, good.length / 2)),
  'a name twice': (response, good) => send(response, good.replace('{', '{"score":1,')),
  'nesting without end': (response) => send(response, '['.repeat(1_500_000)),
  'a reset': (response) => response.socket?.resetAndDestroy(),
  'a byte at a time': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100_000 });
    const drip = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drip));
  },
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;

export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];

/** Where a click has to be so that its answer is that attack; 0 is where the server is good. */
export const xOf = (name: AttackName): number => ATTACK_NAMES.indexOf(name) + 1;

/** An image of this width is not prepared but attacked. */
export const UNPREPARED_WIDTH = 97;

export async function startHostileServer() {
  let sent = 0;
  let strayed = 0;
  const open = new Set<Socket>();
  const elsewhere = createServer((_, response) => {
    strayed += 1;
    response.end();
  });
  const server = createServer(async (request, response) => {
    response.on('error', () => undefined);
    await answer(request, response, urlOf(elsewhere)).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      sent += socket.bytesWritten;
    });
  });
  for (const each of [server, elsewhere]) {
    each.listen(0, '127.0.0.1');
    await once(each, 'listening');
  }
  return {
    url: urlOf(server),
    /** Bytes that were taken from connections, closed and open. */
    get sent() {
      return [...open].reduce((sum, socket) => sum + socket.bytesWritten, sent);
    },
    /** Requests that followed a redirect. */
    get strayed() {
      return strayed;
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [server, elsewhere]) {
        each.closeAllConnections();
        each.close();
      }
    },
  };
}

const urlOf = (server: ReturnType<typeof createServer>): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  elsewhere: string,
): Promise<void> {
  let text = '';
  for await (const chunk of request) text += chunk;
  if (request.url === FEATURE_ROUTES.info) return send(response, JSON.stringify(INFO));
  if (request.url === FEATURE_ROUTES.encode) {
    const { image } = JSON.parse(text) as EncodeRequest;
    if (image.width === UNPREPARED_WIDTH) return send(response, '{"embedding":{"id":""}}');
    return send(response, '{"embedding":{"id":"kept"}}');
  }
  const { image, prompt } = JSON.parse(text) as SegmentRequest;
  const mask = new Uint8Array(image.width * image.height).fill(1, 0, 5 * image.width);
  const made = { format: 'coco_rle', ...encodeMask(mask, image) };
  const good = JSON.stringify({ mask: made, score: 0.9, model: 'hostile' });
  const name = ATTACK_NAMES[(prompt.points[0]?.x ?? 0) - 1];
  if (name === undefined) send(response, good);
  else ATTACKS[name](response, good, elsewhere);
}
