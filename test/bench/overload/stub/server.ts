/**
 * The feature server of {@link file://./stub.ts} over HTTP (part B), as a process of its own, so that
 * what it counts is what really arrives. Options as one JSON argument; prints its address.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../../src/ports/system.ts';
import type { SegmentRequest } from '../../../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../../../src/protocol/feature-server.ts';
import { HEADERS } from '../../../../src/protocol/routes.ts';
import { MADE } from './mask.ts';
import type { StubOptions } from './options.ts';
import { STUB_CONTROL } from './options.ts';
import type { Connection, Ending } from './stub.ts';
import { Stub } from './stub.ts';

/** Never turned back, and finer than a millisecond. */
const clock: Clock = {
  now: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
const stub = new Stub(JSON.parse(process.argv[2] ?? '{}') as StubOptions, clock);

const server = createServer((request, response) => {
  response.on('error', () => undefined);
  handle(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
// Whoever started it holds its standard input: it ends with them, however they end.
process.stdin.on('close', () => process.exit()).resume();

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url) {
    case FEATURE_ROUTES.info:
      return answer(response, stub.info);
    case FEATURE_ROUTES.health:
      return answer(response, {});
    case STUB_CONTROL.statistics:
      return answer(response, await stub.statistics());
    case STUB_CONTROL.set:
      await stub.set(await read<Partial<StubOptions>>(request));
      return answer(response, {});
    case FEATURE_ROUTES.segment:
      return await segment(await read<SegmentRequest>(request), response);
    default:
      response.statusCode = 404;
      return answer(response, {});
  }
}

async function segment(call: SegmentRequest, response: ServerResponse): Promise<void> {
  // Ends that arrived before this call are told after it, within the same turn of the event loop.
  await turn();
  await turn();
  if (!response.destroyed) end(await stub.serve(call, connectionOf(response)), response);
}

function connectionOf(response: ServerResponse): Connection {
  return {
    get closed() {
      return response.destroyed;
    },
    onClose: (listener) => response.once('close', listener),
  };
}

function end(ending: Ending, response: ServerResponse): void {
  switch (ending) {
    case 'answer':
      answer(response, MADE);
      break;
    case 'busy':
      response.statusCode = 503;
      response.setHeader(HEADERS.retryAfter, '1');
      answer(response, {});
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
      break;
    case 'truncate':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
      response.write('{"mask":{"format":"coco_rle"', () => response.destroy());
      break;
  }
}

async function read<Body>(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text) as Body;
}

function answer(response: ServerResponse, body: unknown): void {
  if (response.destroyed) return;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
