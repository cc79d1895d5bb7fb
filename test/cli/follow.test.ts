import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { AnyFrame } from '../../src/app/commands/event-line.ts';
import { eventLine } from '../../src/app/commands/event-line.ts';
import { follow } from '../../src/app/commands/follow.ts';
import { encodeFrame } from '../../src/core/sse.ts';

type Turn = (response: ServerResponse, request: IncomingMessage) => void;

/** A gateway that answers its first connection by the first turn, and so on. */
async function scripted(turns: readonly Turn[]) {
  const asked: { url: string; lastEventId: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    const lastEventId = headers['last-event-id'];
    asked.push({ url, lastEventId: Array.isArray(lastEventId) ? lastEventId[0] : lastEventId });
    turns[asked.length - 1]?.(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const event = (sequence: number, type = 'click.accepted') =>
  encodeFrame({ id: `7-${sequence}`, event: type, data: { type, sequence, payload: {} } });

const stream = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' });

async function followAll(url: string, after?: string) {
  const frames: AnyFrame[] = [];
  const lost: string[] = [];
  await follow({
    url,
    session: 'ses_1',
    after,
    onFrame: (frame) => frames.push(frame),
    onLost: (reason) => lost.push(reason),
  });
  return { frames, lost };
}

test('A23 goes on after the last id across connections, until the session is closed', async () => {
  await using server = await scripted([
    (response) => stream(response).end(`retry: 1\n\n${event(1)}${event(2)}`),
    (response) => {
      stream(response).write(event(3), () => response.socket?.resetAndDestroy());
    },
    (response) => stream(response).end(event(4, 'session.closed')),
  ]);
  const { frames, lost } = await followAll(server.url, 'start');
  expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  expect(server.asked).toEqual([
    { url: '/v1/sessions/ses_1/events?after=start', lastEventId: undefined },
    { url: '/v1/sessions/ses_1/events?after=start', lastEventId: '7-2' },
    { url: '/v1/sessions/ses_1/events?after=start', lastEventId: '7-3' },
  ]);
  expect(lost).toEqual(['the gateway ended the stream', 'the connection broke']);
});

test('A25 comes back when a draining gateway says so', async () => {
  const draining = { type: 'stream.draining', payload: { reconnectInMs: 2 } };
  await using server = await scripted([
    (response) => stream(response).end(encodeFrame({ event: draining.type, data: draining })),
    (response) => stream(response).end(event(1, 'session.closed')),
  ]);
  const { frames } = await followAll(server.url);
  expect(frames.map(({ type }) => type)).toEqual(['stream.draining', 'session.closed']);
});

test('A22 a stream that falls silent is given up and opened anew', async () => {
  const opened = { type: 'stream.opened', payload: { heartbeatMs: 20 } };
  await using server = await scripted([
    (response) => {
      stream(response).write(`retry: 1\n${encodeFrame({ event: opened.type, data: opened })}`);
    },
    (response) => stream(response).end(event(1, 'session.closed')),
  ]);
  const { lost } = await followAll(server.url);
  expect(lost).toEqual(['the connection broke']);
});

test('A refusal ends it with the words of the gateway', async () => {
  const problem = JSON.stringify({
    code: 'session_not_found',
    detail: 'There is no such session.',
  });
  await using server = await scripted([(response) => response.writeHead(404).end(problem)]);
  await expect(followAll(server.url)).rejects.toThrow('There is no such session.');
});

test('A refusal after a broken connection ends it as well', async () => {
  await using server = await scripted([
    (response) => stream(response).end(`retry: 1\n\n${event(1)}`),
    (response) => response.writeHead(404).end('gone'),
  ]);
  await expect(followAll(server.url)).rejects.toThrow('the answer was 404 Not Found.');
});

test('A gateway that is not there is told at once, not tried for ever', async () => {
  const server = await scripted([]);
  await server[Symbol.asyncDispose]();
  await expect(followAll(server.url)).rejects.toThrow(`nothing answers at ${server.url}`);
});

test.each<[AnyFrame, string]>([
  [
    {
      type: 'click.accepted',
      timestamp: '2026-01-02T03:04:05.678Z',
      sequence: 12,
      payload: { clickId: 'clk_1', objectId: 'obj', revision: 2, points: [{}, {}] },
    },
    '03:04:05.678    12  click.accepted     objectId=obj clickId=clk_1 revision=2 points=2',
  ],
  [
    {
      type: 'segment.completed',
      timestamp: '2026-01-02T03:04:05.678Z',
      sequence: 13,
      payload: { score: 0.98765, area: 10, covers: ['clk_1'], timings: { totalMs: 412 } },
    },
    '03:04:05.678    13  segment.completed  area=10 score=0.99 covers=1 412 ms',
  ],
  [
    { type: 'segment.failed', payload: { problem: { code: 'c', detail: 'It broke.' } } },
    '--:--:--.---        segment.failed     c: It broke.',
  ],
  [{ type: 'something.new' }, '--:--:--.---        something.new'],
])('%j is a line for people', (frame, line) => {
  expect(eventLine(frame)).toBe(line);
});
