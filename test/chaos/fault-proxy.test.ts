import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { within } from '../contract/support.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { FaultProxy } from './fault-proxy.ts';

/** An echo behind a proxy, and a connection through it that collects what comes back. */
async function setUp() {
  const cleanup = new AsyncDisposableStack();
  const echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  cleanup.defer(() => {
    echo.close();
  });
  const target = (echo.address() as AddressInfo).port;
  const proxy = cleanup.use(await FaultProxy.open(target, new SeededRandom(1)));
  const socket = connect(proxy.port, '127.0.0.1').setNoDelay(true);
  cleanup.defer(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { proxy, socket, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

/** Sends a text and waits for all of it; gives the pieces in which it came. */
async function echoed(socket: Awaited<ReturnType<typeof setUp>>['socket'], text: string) {
  const pieces: string[] = [];
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const take = (bytes: Buffer) => {
    pieces.push(bytes.toString());
    if (pieces.join('').length >= text.length) resolve(pieces);
  };
  socket.on('data', take);
  socket.write(text);
  try {
    return await within('the echo', promise);
  } finally {
    socket.off('data', take);
  }
}

describe('the fault proxy', () => {
  test('passes everything on without faults', async () => {
    await using link = await setUp();
    const text = 'x'.repeat(200_000);
    expect((await echoed(link.socket, text)).join('')).toBe(text);
  });

  test('delays both directions, and keeps the order whatever the jitter', async () => {
    await using link = await setUp();
    link.proxy.set({ latencyMs: 30, jitterMs: 20 });
    const start = performance.now();
    expect((await echoed(link.socket, 'abc')).join('')).toBe('abc');
    expect(performance.now() - start).toBeGreaterThanOrEqual(58);
    const text = Array.from({ length: 500 }, (_, index) => `${index};`).join('');
    expect((await echoed(link.socket, text)).join('')).toBe(text);
  });

  test('slices what passes', async () => {
    await using link = await setUp();
    link.proxy.set({ sliceBytes: 3, latencyMs: 1 });
    expect((await echoed(link.socket, 'abcdefghij')).join('')).toBe('abcdefghij');
  });

  test('a black hole answers nothing and closes nothing; what waited passes when it ends', async () => {
    await using link = await setUp();
    link.proxy.set({ blackHole: true });
    const answer = echoed(link.socket, 'kept');
    let came = false;
    void answer.then(() => {
      came = true;
    });
    // Another connection is accepted meanwhile, and would have been answered long before this one.
    await using other = await setUp();
    await echoed(other.socket, 'elsewhere');
    expect(came).toBe(false);
    expect(link.socket.destroyed).toBe(false);
    link.proxy.set({});
    expect((await answer).join('')).toBe('kept');
  });

  test('a black hole for one address lets the others through', async () => {
    await using link = await setUp();
    const far = connect({ port: link.proxy.port, host: '127.0.0.1', localAddress: '127.0.0.3' });
    await once(far, 'connect');
    link.proxy.set({ blackHoleFrom: '127.0.0.3' });
    let came = false;
    const answer = echoed(far, 'kept').then((pieces) => {
      came = true;
      return pieces;
    });
    expect((await echoed(link.socket, 'through')).join('')).toBe('through');
    expect(came).toBe(false);
    link.proxy.set({});
    expect((await answer).join('')).toBe('kept');
    far.destroy();
  });

  test('resets every connection, and takes new ones', async () => {
    await using link = await setUp();
    await echoed(link.socket, 'before');
    const { promise, resolve } = Promise.withResolvers<void>();
    link.socket.once('close', () => resolve());
    link.proxy.resetAll();
    await within('the reset', promise);
    const again = connect(link.proxy.port, '127.0.0.1');
    await once(again, 'connect');
    expect((await echoed(again, 'after')).join('')).toBe('after');
    again.destroy();
  });

  test('an end of one side is passed on', async () => {
    await using link = await setUp();
    const closed = once(link.socket, 'close');
    link.socket.end();
    await within('the end', closed);
    expect(link.socket.readableEnded || link.socket.destroyed).toBe(true);
  });
});
