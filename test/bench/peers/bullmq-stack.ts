/**
 * The usual stack, as somebody builds it who knows its parts: hono with `streamSSE`, a BullMQ queue
 * and worker, results over Redis pub/sub. Clicks are kept in a list by object; jobs are merged by
 * BullMQ's deduplication, with `keepLastIfActive`, so that clicks during a call get another one.
 * It has no replay, no limits, no idempotency, and forgets who missed a message.
 */
import { EventEmitter } from 'node:events';
import { serve } from '@hono/node-server';
import { Queue, Worker } from 'bullmq';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { Redis } from 'ioredis';
import { CONCURRENCY, newId, segmenter } from './wire.ts';

const [redisUrl = '', featureServer = ''] = process.argv.slice(2);
const HEARTBEAT_MS = 25_000;

interface Job {
  readonly sessionId: string;
  readonly objectId: string;
}

interface KeptClick {
  readonly clickId: string;
  readonly box: unknown;
}

const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
const subscriber = new Redis(redisUrl);
const segment = segmenter(featureServer);
const heard = new EventEmitter().setMaxListeners(0);
subscriber.on('message', (channel, text) => heard.emit(channel, text));

const QUEUE = 'segment';
const queue = new Queue<Job>(QUEUE, {
  connection: redis,
  defaultJobOptions: { removeOnComplete: true, removeOnFail: 1_000, attempts: 2 },
});
const clicksKey = ({ sessionId, objectId }: Job) => `clicks:${sessionId}:${objectId}`;
const doneKey = ({ sessionId, objectId }: Job) => `done:${sessionId}:${objectId}`;
const channelOf = (sessionId: string) => `results:${sessionId}`;

async function work(job: Job): Promise<void> {
  const found = await redis.multi().lrange(clicksKey(job), 0, -1).get(doneKey(job)).exec();
  const kept = (found?.[0]?.[1] ?? []) as string[];
  const clicks = kept.map((text) => JSON.parse(text) as KeptClick);
  const covers = clicks.slice(Number(found?.[1]?.[1] ?? 0)).map(({ clickId }) => clickId);
  // Taken along by the job before this one.
  if (covers.length === 0) return;
  const { mask, score, model } = await segment({ points: [], box: clicks.at(-1)?.box });
  const { objectId, sessionId } = job;
  const result = { type: 'segment.completed', objectId, covers, mask, score, model };
  await redis
    .multi()
    .set(doneKey(job), clicks.length)
    .publish(channelOf(sessionId), JSON.stringify(result))
    .exec();
}

new Worker<Job>(QUEUE, ({ data }) => work(data), {
  connection: redis,
  concurrency: CONCURRENCY,
}).on('failed', (_, error) => {
  throw error;
});

const app = new Hono()
  .post('/v1/sessions', (context) => context.json({ sessionId: newId() }, 201))
  .post('/v1/sessions/:id/images', (context) => context.json({ imageId: 'sha256-peer' }, 201))
  .post('/v1/sessions/:id/clicks', async (context) => {
    const { objectId, box } = await context.req.json<{ objectId: string; box: unknown }>();
    const job = { sessionId: context.req.param('id'), objectId };
    const clickId = newId();
    await redis.rpush(clicksKey(job), JSON.stringify({ clickId, box }));
    const deduplication = { id: `${job.sessionId}:${objectId}`, keepLastIfActive: true };
    await queue.add(QUEUE, job, { deduplication });
    return context.json({ clickId, objectId }, 202);
  })
  .delete('/v1/sessions/:id/objects/:object', async (context) => {
    const { id, object } = context.req.param();
    const job = { sessionId: id, objectId: object };
    await redis.del(clicksKey(job), doneKey(job));
    return context.body(null, 204);
  })
  .get('/v1/sessions/:id/events', (context) =>
    streamSSE(context, async (stream) => {
      const channel = channelOf(context.req.param('id'));
      const write = (data: string) => void stream.writeSSE({ event: 'segment.completed', data });
      heard.on(channel, write);
      stream.onAbort(() => void heard.off(channel, write));
      await subscriber.subscribe(channel);
      while (!stream.aborted) {
        await stream.writeSSE({ event: 'heartbeat', data: '{}' });
        await stream.sleep(HEARTBEAT_MS);
      }
    }),
  );

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`listening on http://127.0.0.1:${port}`);
});
