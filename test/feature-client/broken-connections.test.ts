import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { MAX_ANSWER_BYTES } from '../../src/adapters/feature-server/exchange.ts';
import { CALL, failureOf, GOOD, json, options, scripted } from './harness.ts';

test('B5 an endless answer is cut off at its limit', async () => {
  const block = Buffer.alloc(64 * 1024, ' ');
  let sent = 0;
  await using server = await scripted((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const pour = () => {
      while (!response.destroyed && response.write(block)) sent += block.length;
      sent += block.length;
    };
    response.on('drain', pour);
    pour();
  });
  expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
  // What the sockets hold between the two comes on top.
  expect(sent).toBeLessThan(MAX_ANSWER_BYTES * 4);
});

test('B5 an endless refusal is a refusal still', async () => {
  await using server = await scripted((response) => {
    response.writeHead(422);
    const pour = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', pour);
    pour();
  });
  expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('rejected');
});

test('B5 a reset is failed, before the answer and in the middle of it', async () => {
  await using early = await scripted((response) => response.socket?.resetAndDestroy());
  expect((await failureOf(early.client.segment(CALL, options()))).kind).toBe('failed');
  await using late = await scripted((response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"mask"', () => response.socket?.resetAndDestroy());
  });
  expect((await failureOf(late.client.segment(CALL, options()))).kind).toBe('failed');
});

test('B5 nobody there is unreachable, without the address', async () => {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  socket.close();
  await once(socket, 'close');
  const port = typeof address === 'object' ? address?.port : 0;
  await using server = await scripted(json(200, GOOD), {
    address: async () => `http://127.0.0.1:${port}`,
  });
  const error = await failureOf(server.client.segment(CALL, options()));
  expect(error.kind).toBe('unreachable');
  expect(error.message).not.toContain(String(port));
});

test('B5 what is no HTTP at all is failed', async () => {
  const socket = createServer((connection) => connection.end('220 smtp ready\r\n'));
  socket.listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await using server = await scripted(json(200, GOOD), {
    address: async () => `http://127.0.0.1:${port}`,
  });
  expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
  socket.close();
});

test('B5 silence until the deadline is timeout, and hangs up', async () => {
  const hungUp = Promise.withResolvers<void>();
  await using server = await scripted((response) => response.on('close', hungUp.resolve));
  const error = await failureOf(server.client.segment(CALL, options({ deadlineMs: 50 })));
  expect(error.kind).toBe('timeout');
  await hungUp.promise;
});

test('B5 an answer that never ends is timeout as well', async () => {
  await using server = await scripted((response) => response.writeHead(200).write('{'));
  const error = await failureOf(server.client.segment(CALL, options({ deadlineMs: 50 })));
  expect(error.kind).toBe('timeout');
});

test('B5 a caller that goes away gets its own reason, and the connection is closed', async () => {
  const arrived = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  await using server = await scripted((response) => {
    response.on('close', hungUp.resolve);
    arrived.resolve();
  });
  const caller = new AbortController();
  const call = server.client.segment(CALL, options({ signal: caller.signal }));
  await arrived.promise;
  const reason = new Error('nobody wants it any more');
  caller.abort(reason);
  await expect(call).rejects.toBe(reason);
  await hungUp.promise;
  await expect(
    server.client.segment(CALL, options({ signal: caller.signal })),
    'an aborted caller is not even asked',
  ).rejects.toBe(reason);
  expect(server.received).toHaveLength(1);
});

test('B6 waits for a server that is being started, and follows it to its new address', async () => {
  await using first = await scripted(json(200, { ...GOOD, model: 'first' }));
  await using second = await scripted(json(200, { ...GOOD, model: 'second' }));
  let current = Promise.resolve(first.url);
  await using server = await scripted(json(500, ''), { address: () => current });
  expect((await server.client.segment(CALL, options())).model).toBe('first');
  const restarted = Promise.withResolvers<string>();
  current = restarted.promise;
  const waiting = server.client.segment(CALL, options());
  restarted.resolve(second.url);
  expect((await waiting).model).toBe('second');
});
