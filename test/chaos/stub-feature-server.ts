/**
 * The feature server of the chaos suite, a process of its own: part B with a ceiling that is counted,
 * a mask that tells which image and prompt it was made for, and seeded faults that can be switched
 * off. Options as one JSON argument; prints its address.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type {
  EncodeRequest,
  FeatureServerInfo,
  MissingResponse,
  SegmentRequest,
  SegmentResponse,
} from '../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';
import { HEADERS } from '../../src/protocol/routes.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { expectedMask } from './expected-mask.ts';
import type { StubOptions, StubStatistics } from './stub-process.ts';
import { STUB_CONTROL } from './stub-process.ts';

const FAULTS = ['hang', 'fail', 'busy', 'reset', 'truncate', 'forget'] as const;
type Fault = (typeof FAULTS)[number];

const options = JSON.parse(process.argv[2] ?? '{}') as StubOptions;
const random = new SeededRandom(options.seed);
const embeddings = new Set<string>();
const statistics = {
  calls: 0,
  mostOpen: 0,
  faults: 0,
  above: [] as string[],
} satisfies Omit<StubStatistics, 'open'>;
/** Each call that is open, and how to tell of it. */
const open = new Map<ServerResponse, () => string>();
let faultRate = options.faultRate;

const server = createServer((request, response) => {
  response.on('error', () => undefined);
  // A call that was cut off has ended; nothing is owed to anybody.
  handle(request, response).catch(() => response.destroy());
});
server.listen(options.port ?? 0, '127.0.0.1');
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
      return answer(response, { ...statistics, open: open.size });
    case STUB_CONTROL.calm:
      faultRate = 0;
      return answer(response, { ...statistics, open: open.size });
    case FEATURE_ROUTES.encode:
      return await counted('encode', response, await read<EncodeRequest>(request), encode);
    case FEATURE_ROUTES.segment:
      return await counted('segment', response, await read<SegmentRequest>(request), segment);
    default:
      response.statusCode = 404;
      return answer(response, {});
  }
}

function describe(): FeatureServerInfo {
  return {
    name: 'chaos',
    version: '1',
    models: ['chaos'],
    concurrency: options.concurrency,
    encode: true,
    cancellable: true,
    maxImageBytes: 5 * 1024 * 1024,
  };
}

async function read<Body>(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text) as Body;
}

/** Counts a call from its arrival until it is answered or its connection is gone. */
async function counted<Body>(
  path: string,
  response: ServerResponse,
  body: Body,
  work: (body: Body, response: ServerResponse) => Promise<void>,
): Promise<void> {
  // Ends that arrived before this call are told after it, within the same turn of the event loop.
  await turn();
  await turn();
  if (response.destroyed) return;
  statistics.calls += 1;
  const began = performance.now();
  open.set(response, () => `${path} for ${Math.round(performance.now() - began)} ms`);
  response.once('close', () => open.delete(response));
  statistics.mostOpen = Math.max(statistics.mostOpen, open.size);
  if (open.size > options.concurrency)
    statistics.above.push([...open.values()].map((tell) => tell()).join(', '));
  await work(body, response);
}

async function encode(call: EncodeRequest, response: ServerResponse): Promise<void> {
  const { image, deadlineMs } = call;
  const fault = pickFault();
  if (fault !== undefined && (await spoil(fault, response, deadlineMs))) return;
  // A caller that stands still does not end the call by itself.
  const fetched = await fetch(image.url, { signal: AbortSignal.timeout(deadlineMs) });
  const bytes = Buffer.from(await fetched.arrayBuffer());
  const name = `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
  if (!fetched.ok || name !== image.id) return refuse(response, 500);
  await work(response, options.serviceMs);
  const id = `embedding of ${image.id.slice(0, 20)}`;
  embeddings.add(id);
  answer(response, { embedding: { id } });
}

async function segment(call: SegmentRequest, response: ServerResponse): Promise<void> {
  const fault = pickFault();
  if (fault !== undefined && (await spoil(fault, response, call.deadlineMs))) return;
  if (call.embedding !== undefined && !embeddings.has(call.embedding.id)) {
    response.statusCode = 409;
    return answer(response, { missing: ['embedding'] } satisfies MissingResponse);
  }
  const serviceMs = options.serviceMs * (0.5 + random.uniform());
  await work(response, serviceMs);
  const mask = expectedMask({ ...call.image, imageId: call.image.id }, call.prompt);
  const made: SegmentResponse = {
    mask: { format: 'coco_rle', ...mask },
    score: 0.9,
    model: 'chaos',
  };
  answer(response, made);
}

function pickFault(): Fault | undefined {
  if (!random.chance(faultRate)) return undefined;
  statistics.faults += 1;
  return random.pick(FAULTS);
}

/** True when the call is over by it. */
async function spoil(fault: Fault, response: ServerResponse, patienceMs: number): Promise<boolean> {
  switch (fault) {
    case 'forget':
      embeddings.clear();
      return false;
    case 'fail':
      refuse(response, 500);
      return true;
    case 'busy':
      response.setHeader(HEADERS.retryAfter, '1');
      refuse(response, 503);
      return true;
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'truncate':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
      response.write('{"mask":{"format":"coco_rle"', () => response.destroy());
      return true;
    case 'hang':
      // Not longer than the caller waits: whoever stopped meanwhile must not seem to be calling.
      await work(response, patienceMs);
      response.destroy();
      return true;
  }
}

/**
 * Takes as long as a model would, which is what is simulated here; throws when the caller goes away.
 */
async function work(response: ServerResponse, ms: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const gone = () => reject(new Error('the caller is gone'));
  response.once('close', gone);
  await promise.finally(() => {
    clearTimeout(timer);
    response.off('close', gone);
  });
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status;
  answer(response, {});
}

function answer(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
