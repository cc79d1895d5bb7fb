/**
 * A feature server (part B) that does nothing but take its time: as a process of its own, so that
 * what it counts is what really arrives. Options as one JSON argument; prints its address.
 *
 * It cannot be interrupted, as most model servers cannot: a caller who leaves frees nothing.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { encodeMask } from '../../../../src/core/rle.ts';
import type {
  FeatureServerInfo,
  SegmentRequest,
  SegmentResponse,
} from '../../../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../../../src/protocol/feature-server.ts';
import { HEADERS } from '../../../../src/protocol/routes.ts';
import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { FaultKind } from './faults.ts';
import { pickFault } from './faults.ts';
import type { StubFaults, StubOptions, StubStatistics } from './options.ts';
import { STUB_CONTROL } from './options.ts';
import { IMAGE, objectOf } from './prompt-name.ts';
import { ServiceTimes } from './service-times.ts';
import { Worker } from './worker.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as StubOptions;
const times = new ServiceTimes(options.serviceMs, options.cv, new SeededRandom(options.seed));
const luck = new SeededRandom(options.seed + 1);
const worker = new Worker(options.capacity, options.penalty);
let faults: StubFaults = options;

const open = new Set<ServerResponse>();
const asked = new Set<string>();
const counts = { calls: 0, repeats: 0, mostOpen: 0, mostOpenSince: 0, worked: 0, abandoned: 0 };
const faultCounts = { busy: 0, hang: 0, truncate: 0, reset: 0 };
const overdueMs: number[] = [];
const callsOf: Record<string, number> = {};

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
      return answer(response, describe());
    case FEATURE_ROUTES.health:
      return answer(response, {});
    case STUB_CONTROL.statistics:
      return answer(response, statistics());
    case STUB_CONTROL.set: {
      const change = await read<Partial<StubOptions>>(request);
      if (change.capacity !== undefined) worker.setCapacity(change.capacity);
      faults = { ...faults, ...change };
      return answer(response, {});
    }
    case FEATURE_ROUTES.segment:
      return await segment(await read<SegmentRequest>(request), response);
    default:
      response.statusCode = 404;
      return answer(response, {});
  }
}

function describe(): FeatureServerInfo {
  return {
    name: 'overload',
    version: '1',
    models: ['overload'],
    concurrency: options.capacity,
    encode: false,
    cancellable: false,
    maxImageBytes: 5 * 1024 * 1024,
  };
}

function statistics(): StubStatistics {
  const since = counts.mostOpenSince;
  counts.mostOpenSince = open.size;
  return {
    ...counts,
    mostOpenSince: since,
    upMs: performance.now(),
    open: open.size,
    mostWorking: worker.mostWorking,
    faults: faultCounts,
    overdueMs,
    callsOf,
  };
}

async function segment(call: SegmentRequest, response: ServerResponse): Promise<void> {
  const arrivedAt = performance.now();
  // Ends that arrived before this call are told after it, within the same turn of the event loop.
  await turn();
  await turn();
  if (response.destroyed) return;
  count(call, response);
  const fault = pickFault(faults, performance.now(), luck);
  if (fault !== undefined) faultCounts[fault] += 1;
  if (fault === 'busy') return refuse(response);
  if (fault === 'hang') {
    response.once('close', () => {
      overdueMs.push(performance.now() - arrivedAt - call.deadlineMs);
    });
    return;
  }
  await worker.work(times.next());
  counts.worked += 1;
  if (response.destroyed) counts.abandoned += 1;
  else spoilOrAnswer(fault, response);
}

function count({ prompt }: SegmentRequest, response: ServerResponse): void {
  counts.calls += 1;
  const name = JSON.stringify(prompt);
  if (asked.has(name)) counts.repeats += 1;
  asked.add(name);
  const object = String(objectOf(prompt.box));
  callsOf[object] = (callsOf[object] ?? 0) + 1;
  open.add(response);
  response.once('close', () => open.delete(response));
  counts.mostOpen = Math.max(counts.mostOpen, open.size);
  counts.mostOpenSince = Math.max(counts.mostOpenSince, open.size);
}

function spoilOrAnswer(fault: FaultKind | undefined, response: ServerResponse): void {
  if (fault === 'reset') {
    response.socket?.resetAndDestroy();
  } else if (fault === 'truncate') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
    response.write('{"mask":{"format":"coco_rle"', () => response.destroy());
  } else {
    answer(response, made);
  }
}

const mask = new Uint8Array(IMAGE.width * IMAGE.height).fill(1, 0, IMAGE.width * 9);
const made: SegmentResponse = {
  mask: { format: 'coco_rle', ...encodeMask(mask, IMAGE) },
  score: 0.9,
  model: 'overload',
};

async function read<Body>(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text) as Body;
}

function refuse(response: ServerResponse): void {
  response.statusCode = 503;
  response.setHeader(HEADERS.retryAfter, '1');
  answer(response, {});
}

function answer(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
