/**
 * A plain queue: every click is a job of BullMQ, first in, first out, with as many workers as the
 * feature server has places. Whoever clicked waits for the end of the job. Arguments: the address of
 * the feature server, Redis' port, the workers; prints its own address.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Queue, Worker } from 'bullmq';
import { Agent, request } from 'undici';
import { FEATURE_ROUTES } from '../../../src/protocol/feature-server.ts';

const [featureServer = '', port = '', workers = '1'] = process.argv.slice(2);
const target = `${featureServer}${FEATURE_ROUTES.segment}`;
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Worker and front are one process, so the answer need not go through Redis. */
const waiting = new Map<string, (answer: Answer) => void>();
let jobs = 0;

const queue = new Queue<string>('clicks', {
  connection,
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
});
const worker = new Worker<string>(
  'clicks',
  async ({ id, data }) => {
    const { statusCode, body } = await request(target, { method: 'POST', body: data, dispatcher });
    waiting.get(id ?? '')?.({ status: statusCode, text: await body.text() });
    waiting.delete(id ?? '');
  },
  { connection, concurrency: Number(workers) },
);
worker.on('error', () => undefined);
await worker.waitUntilReady();

const server = createServer((incoming, response) => {
  take(incoming, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
process.stdin.on('close', () => process.exit()).resume();

async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  let call = '';
  for await (const chunk of incoming) call += chunk;
  jobs += 1;
  const jobId = `click-${jobs}`;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  waiting.set(jobId, resolve);
  await queue.add('click', call, { jobId });
  const { status, text } = await promise;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text);
}
