/** B5 servers that do not keep to HTTP, or keep to it without end: bounded in bytes and in time. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MAX_ANSWER_BYTES } from '../../src/adapters/feature-server/exchange.ts';
import { CALL, failureOf, GOOD, json, options, scripted } from './harness.ts';

/** Sockets of both sides and the kernel between them hold as much on top of what was read. */
const IN_FLIGHT = 8 * 1024 * 1024;

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const body = JSON.stringify(GOOD);
const whole = `${OK}Content-Length: ${body.length}\r\n\r\n${body}`;

/** 16 MiB of blanks in 16 KiB. */
const BOMB = gzipSync(Buffer.alloc(16 * 1024 * 1024, ' '));

/** Writes a piece again and again, as long as the other side takes it. */
function pour(socket: Socket, piece: string | Uint8Array): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** A server of raw bytes: `answer` is called for each request that has arrived. */
async function raw(answer: (socket: Socket, count: number) => void) {
  let sockets = 0;
  let requests = 0;
  let sent = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    sockets += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sent += socket.bytesWritten;
      open.delete(socket);
    });
    socket.on('data', (chunk) => {
      // Requests here are small: each comes whole and ends with its JSON body.
      if (!chunk.toString('latin1').endsWith('}')) return;
      requests += 1;
      answer(socket, requests);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = await scripted(json(500, ''), { address: async () => url });
  return {
    segment: (deadlineMs = 10_000) => client.client.segment(CALL, options({ deadlineMs })),
    get sockets() {
      return sockets;
    },
    get requests() {
      return requests;
    },
    /** What was written to connections that the client has ended by now. */
    async sentUntilHungUp(): Promise<number> {
      await expect.poll(() => open.size, { timeout: 10_000 }).toBe(0);
      return sent;
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('B5 bodies', () => {
  test.each([
    ['a gigabyte that is announced', `${OK}Content-Length: 1073741824\r\n\r\n`],
    ['a body that only the end of the connection ends', `${OK}\r\n`],
  ])('B5 %s is failed, and most of it never sent', async (_what, head) => {
    await using server = await raw((socket) => {
      socket.write(head);
      pour(socket, Buffer.alloc(64 * 1024, ' '));
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
    expect(await server.sentUntilHungUp()).toBeLessThan(MAX_ANSWER_BYTES + IN_FLIGHT);
  });

  test('B5 chunks without end are failed, and most of them never sent', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, ' ')]);
    await using server = await raw((socket) => {
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      pour(socket, Buffer.concat([chunk, Buffer.from('\r\n')]));
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
    expect(await server.sentUntilHungUp()).toBeLessThan(MAX_ANSWER_BYTES + IN_FLIGHT);
  });

  test.each([
    ['gzip', 'gzip'],
    ['gzip twice', 'gzip, gzip'],
    ['a coding that nobody knows', 'x-pack'],
  ])('B5 %s is failed without being unpacked', async (_what, coding) => {
    await using server = await raw((socket) => {
      socket.write(`${OK}Content-Encoding: ${coding}\r\nContent-Length: ${BOMB.length}\r\n\r\n`);
      socket.write(BOMB);
    });
    const error = await failureOf(server.segment());
    expect(error.kind).toBe('failed');
    expect(error.message).toContain('coding');
  });

  test('B5 packed, without saying so, is failed', async () => {
    const packed = gzipSync(body);
    await using server = await raw((socket) => {
      socket.write(`${OK}Content-Length: ${packed.length}\r\n\r\n`);
      socket.write(packed);
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
  });

  test.each([
    ['shorter than announced', `${OK}Content-Length: ${body.length + 1}\r\n\r\n${body}`],
    ['cut in the middle', `${OK}Content-Length: 20\r\n\r\n${body.slice(0, 20)}`],
    ['a chunk of no length', `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n${body}\r\n0\r\n\r\n`],
    ['a chunk without an end', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\n{"mas`],
    ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}    `],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\n{}`],
    ['length and chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ])('B5 %s is failed', async (_what, bytes) => {
    await using server = await raw((socket) => socket.end(bytes));
    expect((await failureOf(server.segment())).kind).toBe('failed');
  });

  test('B5 one byte at a time is timeout, and hangs up', async () => {
    await using server = await raw((socket) => {
      socket.write(`${OK}Content-Length: ${body.length}\r\n\r\n`);
      let at = 0;
      const drip = setInterval(() => socket.write(body[at++] ?? ' '), 5);
      socket.on('close', () => clearInterval(drip));
    });
    expect((await failureOf(server.segment(80))).kind).toBe('timeout');
    expect(await server.sentUntilHungUp()).toBeLessThan(whole.length);
  });
});

describe('B5 heads', () => {
  test('B5 headers without end are failed, and most of them never sent', async () => {
    const lines = `X-Padding: ${'y'.repeat(1_000)}\r\n`.repeat(64);
    await using server = await raw((socket) => {
      socket.write(OK);
      pour(socket, lines);
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
    expect(await server.sentUntilHungUp()).toBeLessThan(IN_FLIGHT);
  });

  test('B5 a header without end is failed', async () => {
    await using server = await raw((socket) => {
      socket.write(`${OK}X-Padding: `);
      pour(socket, 'y'.repeat(65_536));
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
    expect(await server.sentUntilHungUp()).toBeLessThan(IN_FLIGHT);
  });

  test('B5 trailers without end are failed', async () => {
    await using server = await raw((socket) => {
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n`);
      pour(socket, `X-Padding: ${'y'.repeat(1_000)}\r\n`.repeat(64));
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
    expect(await server.sentUntilHungUp()).toBeLessThan(IN_FLIGHT);
  });

  test('B5 headers one at a time are timeout, and hang up', async () => {
    await using server = await raw((socket) => {
      socket.write(OK);
      const drip = setInterval(() => socket.write('X-Padding: y\r\n'), 5);
      socket.on('close', () => clearInterval(drip));
    });
    expect((await failureOf(server.segment(80))).kind).toBe('timeout');
    await server.sentUntilHungUp();
  });

  test('B5 early answers without end are timeout, and hang up', async () => {
    await using server = await raw((socket) => {
      const drip = setInterval(
        () => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)),
        5,
      );
      socket.on('close', () => clearInterval(drip));
    });
    expect((await failureOf(server.segment(80))).kind).toBe('timeout');
    await server.sentUntilHungUp();
  });

  test.each([
    ['100 that nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    [
      'another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n',
    ],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['HTTP/2 out of the blue', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a header without a colon', `${OK}nonsense\r\n\r\n{}`],
    ['a NUL in a header', `${OK}X: a\u0000b\r\n\r\n{}`],
  ])('B5 %s is failed', async (_what, bytes) => {
    await using server = await raw((socket) => socket.end(bytes, 'latin1'));
    expect((await failureOf(server.segment())).kind).toBe('failed');
  });
});

describe('B5 what came with one answer is not taken for the next', () => {
  test('B5 an answer that nobody asked for ends its connection', async () => {
    const forged = whole.replace('scripted', 'forgeddd');
    await using server = await raw((socket, count) =>
      socket.write(count === 1 ? whole + forged : whole),
    );
    expect((await server.segment()).model).toBe('scripted');
    expect((await server.segment()).model).toBe('scripted');
    expect([server.requests, server.sockets]).toEqual([2, 2]);
  });

  test('B5 nor are bytes beyond the announced length', async () => {
    await using server = await raw((socket, count) =>
      socket.write(count === 1 ? `${whole}{"mask":` : whole),
    );
    expect((await server.segment()).model).toBe('scripted');
    expect((await server.segment()).model).toBe('scripted');
    expect(server.sockets).toBe(2);
  });

  test('B5 a refusal of many bytes ends its connection, calls after it succeed', async () => {
    await using server = await raw((socket, count) => {
      if (count > 1) return socket.write(whole);
      socket.write('HTTP/1.1 500 Oops\r\nContent-Length: 1073741824\r\n\r\n');
      return pour(socket, Buffer.alloc(65_536));
    });
    expect((await failureOf(server.segment())).kind).toBe('failed');
    expect((await server.segment()).model).toBe('scripted');
  });
});
