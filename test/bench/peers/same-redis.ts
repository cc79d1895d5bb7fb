/**
 * The very Redis work of Maskwire with nothing around it: its own engine, hence its very commands, behind
 * node:http and undici. Nothing is validated, limited, signed, timed out, measured or checked: what
 * Maskwire costs beyond this is its gateway.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openRedisEngine } from '../../../src/adapters/redis/engine.ts';
import type { ImageId, ObjectId, SessionId, Tenant } from '../../../src/core/ids.ts';
import { clickId } from '../../../src/core/ids.ts';
import type { Box } from '../../../src/core/prompt.ts';
import { DEFAULT_SETTINGS } from '../../../src/gateway/settings.ts';
import type { LoggedEvent } from '../../../src/ports/event-log.ts';
import type { ImageFacts } from '../../../src/ports/session-store.ts';
import type { Lease } from '../../../src/ports/work-queue.ts';
import { CONCURRENCY, newId, pieces, segmenter } from './wire.ts';

const LEASE_MS = 15_000;
const DEADLINE_MS = 120_000;
/** At most, in one claim. */
const MOST = 16;
/** Doorbells may be lost. */
const CHECK_MS = 1_000;
const TENANT = 'default' as Tenant;

const IMAGE: ImageFacts = {
  imageId: `sha256-${'a'.repeat(64)}` as ImageId,
  width: 640,
  height: 480,
  bytes: 1_000,
  contentType: 'image/jpeg',
};

const [redisUrl = '', featureServer = ''] = process.argv.slice(2);
const log = { info: () => {}, warn: () => {}, error: console.error };
const engine = await openRedisEngine({ url: redisUrl, settings: DEFAULT_SETTINGS, log });
const segment = segmenter(featureServer);

let working = 0;
let claiming = false;
let rung = false;

/** Claims what waits as long as there are places. */
async function look(): Promise<void> {
  rung = true;
  if (claiming) return;
  claiming = true;
  while (rung && working < CONCURRENCY) {
    rung = false;
    const most = Math.min(CONCURRENCY - working, MOST);
    const request = { gatewayId: 'bare', claimId: newId(), most, leaseMs: LEASE_MS };
    const { leases } = await engine.queue.claim({ ...request, now: Date.now() });
    working += leases.length;
    rung ||= leases.length === most;
    for (const lease of leases) void work(lease);
  }
  claiming = false;
}

async function work(lease: Lease): Promise<void> {
  const dirty = await call(lease);
  await engine.queue.release(lease, {
    dirty,
    now: Date.now(),
    call: { kind: 'segment', result: 'ok', durationMs: 1 },
  });
  working -= 1;
  void look();
}

async function call({ token, fence }: Lease): Promise<boolean> {
  if (token.kind !== 'segment') return false;
  const { sessionId, objectId } = token;
  const begun = await engine.sessions.begin(sessionId, objectId, fence);
  if (begun.state !== 'work') return false;
  const { revision, prompt } = begun.work;
  const { mask, score, model } = await segment(prompt);
  const timings = { queuedMs: 0, serverMs: 0, totalMs: 0 };
  const bounds = { x: 0, y: 0, width: 1, height: 1 };
  const answer = { mask, bounds, area: 1, score, model, timings };
  const outcome = { kind: 'answer', prompt, answer } as const;
  const now = Date.now();
  const completed = { objectId, revision, fence, outcome, now };
  return (await engine.sessions.complete(sessionId, completed)).dirty;
}

async function open(): Promise<string> {
  const sessionId = `ses_${newId().replaceAll('-', '').slice(0, 22)}` as SessionId;
  await engine.sessions.open({
    sessionId,
    tenant: TENANT,
    subject: 'bench',
    now: Date.now(),
  });
  return JSON.stringify({ sessionId });
}

async function addImage(sessionId: SessionId): Promise<string> {
  await engine.sessions.addImage(sessionId, IMAGE, Date.now());
  await engine.sessions.settleImage(sessionId, IMAGE.imageId, undefined, Date.now());
  return JSON.stringify({ imageId: IMAGE.imageId });
}

async function click(sessionId: SessionId, body: string): Promise<string> {
  const input = JSON.parse(body) as { objectId: ObjectId; imageId: ImageId; box: Box };
  const { objectId, imageId, box } = input;
  const accepted = await engine.sessions.accept(sessionId, {
    clickId: clickId(`clk_${newId().replaceAll('-', '').slice(0, 16)}`),
    imageId,
    objectId,
    part: { points: [], box },
    now: Date.now(),
  });
  const now = Date.now();
  const token = { kind: 'segment', sessionId, objectId } as const;
  const entry = { now, deadlineAt: now + DEADLINE_MS };
  const { state } = await engine.queue.enqueue(token, entry);
  const { revision, position } = accepted;
  const cursor = `${position.epoch}-${position.sequence}`;
  return JSON.stringify({
    clickId: accepted.clickId,
    objectId,
    revision,
    cursor,
    queue: { state },
  });
}

function frame({ position, type, at, payload }: LoggedEvent): string {
  const id = `${position.epoch}-${position.sequence}`;
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ type, at, payload })}\n\n`;
}

async function read(sessionId: SessionId, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 2000\n\n');
  const leave = await engine.log.subscribe(sessionId, {
    appended: (events) => void response.write(events.map(frame).join('')),
    passing: () => {},
  });
  response.on('close', leave);
}

async function posted(sessionId: SessionId, part: string, body: string): Promise<string> {
  if (part === 'clicks') return await click(sessionId, body);
  return part === 'images' ? await addImage(sessionId) : await open();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [id, part, more] = pieces(request.url ?? '');
  const sessionId = id as SessionId;
  if (part === 'events') return read(sessionId, response);
  let body = '';
  request.setEncoding('utf8');
  for await (const piece of request) body += piece;
  if (request.method === 'DELETE') {
    await engine.sessions.removeObject(sessionId, more as ObjectId, Date.now());
    response.writeHead(204).end();
    return;
  }
  const text = await posted(sessionId, part, body);
  const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(part === 'clicks' ? 202 : 201, head).end(text);
}

await engine.queue.setCeiling(CONCURRENCY);
engine.queue.onAvailable(() => void look());
setInterval(() => void look(), CHECK_MS);
const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
