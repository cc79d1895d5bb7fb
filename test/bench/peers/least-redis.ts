/**
 * The least that a click can cost in Node with this design: node:http, ioredis, undici, and the
 * scripts of {@link file://./least-scripts.ts}; nothing is validated, limited or remembered.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { SCRIPTS } from './least-scripts.ts';
import { CONCURRENCY, newId, pieces, segmenter } from './wire.ts';

const LEASE_MS = 15_000;
const [redisUrl = '', featureServer = ''] = process.argv.slice(2);

const POOL = { slots: '{p}:slots', line: '{p}:line', leases: '{p}:leases', fence: '{p}:fence' };
const BELL = '{p}:bell';
const session = (id: string) => [`{${id}}:state`, `{${id}}:log`, `{${id}}:bell`] as const;

const redis = new Redis(redisUrl);
const subscriber = new Redis(redisUrl);
const segment = segmenter(featureServer);
const readers = new Map<string, Set<ServerResponse>>();

const hashes = new Map<string, string>();
for (const [name, { lua }] of Object.entries(SCRIPTS)) {
  hashes.set(name, String(await redis.script('LOAD', lua)));
}

function run(
  name: keyof typeof SCRIPTS,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  return redis.evalsha(hashes.get(name) ?? '', SCRIPTS[name].keys, ...keys, ...args);
}

let working = 0;
let rung = false;

/** One worker more, if there may be one. Each goes on until nothing is left to claim. */
function wake(): void {
  rung = working === CONCURRENCY;
  if (rung) return;
  working += 1;
  void work().finally(() => {
    working -= 1;
    if (rung) wake();
  });
}

async function work(): Promise<void> {
  const { slots, line, leases, fence } = POOL;
  for (;;) {
    const claimed = await run('claim', [slots, line, leases, fence], [CONCURRENCY, LEASE_MS]);
    if (claimed === null) return;
    const [token, number] = claimed as [string, number];
    const [id = '', object = ''] = token.split(' ');
    const dirty = await call(id, object, number);
    await run('release', [slots, line, leases, BELL], [token, dirty]);
  }
}

async function call(id: string, object: string, fence: number): Promise<number> {
  const begun = await run('begin', [session(id)[0]], [object, fence]);
  if (begun === null) return 0;
  const [revision, box] = begun as [number, string];
  const { mask, score, model } = await segment({ points: [], box: JSON.parse(box) });
  const answer = JSON.stringify({ mask, score, model }).slice(1, -1);
  const args = [Date.now(), object, revision, fence, answer];
  return Number(await run('complete', session(id), args));
}

async function click(id: string, body: string): Promise<string> {
  const { objectId, box } = JSON.parse(body) as { objectId: string; box: unknown };
  const clickId = newId();
  const args = [Date.now(), clickId, objectId, JSON.stringify(box)];
  const [revision, cursor] = (await run('accept', session(id), args)) as [number, string];
  const { slots, line } = POOL;
  const state = await run('enqueue', [slots, line, BELL], [`${id} ${objectId}`]);
  return JSON.stringify({ clickId, objectId, revision, cursor, queue: { state } });
}

async function read(id: string, response: ServerResponse): Promise<void> {
  const [, , channel] = session(id);
  const known = readers.get(channel) ?? new Set();
  readers.set(channel, known.add(response));
  response.on('close', () => known.delete(response));
  await subscriber.subscribe(channel);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 2000\n\n');
}

subscriber.on('message', (channel, text) => {
  if (channel === BELL) return wake();
  for (const response of readers.get(channel) ?? []) response.write(text);
});
await subscriber.subscribe(BELL);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [id, part, more] = pieces(request.url ?? '');
  if (part === 'events') return read(id, response);
  let body = '';
  request.setEncoding('utf8');
  for await (const piece of request) body += piece;
  if (request.method === 'DELETE') {
    await run('remove', session(id), [Date.now(), more]);
    response.writeHead(204).end();
    return;
  }
  const made = { sessionId: newId(), imageId: 'sha256-peer' };
  const text = part === 'clicks' ? await click(id, body) : JSON.stringify(made);
  const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(part === 'clicks' ? 202 : 201, head).end(text);
}

const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
