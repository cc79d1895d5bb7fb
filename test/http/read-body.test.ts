import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ByteBudget } from '../../src/adapters/http/body/byte-budget.ts';
import { readBody } from '../../src/adapters/http/body/read-body.ts';
import { RequestRefused } from '../../src/adapters/http/request-refused.ts';
import type { ProblemError } from '../../src/core/problem.ts';
import type { Clock } from '../../src/ports/system.ts';
import { within } from '../support/http-within.ts';

/** Time that passes when the test says so. */
class HandClock implements Clock {
  readonly #tasks = new Set<() => void>();
  now = () => 0;
  after = (_ms: number, task: () => void) => {
    this.#tasks.add(task);
    return { cancel: () => void this.#tasks.delete(task) };
  };
  get pending(): number {
    return this.#tasks.size;
  }
  ring(): void {
    for (const task of [...this.#tasks]) task();
  }
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Reads one body of at most 100 bytes, sent by hand. */
async function receive(budget = new ByteBudget()) {
  const clock = new HandClock();
  const reading = Promise.withResolvers<{ readonly body: Promise<Buffer> }>();
  const server = createServer((incoming, outgoing) => {
    const body = readBody({ incoming, outgoing, clock, budget }, 100);
    body.catch(() => {});
    // In an object: a promise of a promise would wait for both.
    reading.resolve({ body });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  peer.on('error', () => {});
  cleanups.push(() => {
    peer.destroy();
    server.closeAllConnections();
    server.close();
  });
  peer.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n01234');
  const { body } = await within(reading.promise, 'the request arrives');
  return { body, clock, peer };
}

describe('A5 reading a body', () => {
  it('A5 gives the bytes and leaves no timer', async () => {
    const { body, clock, peer } = await receive();

    peer.write('56789');

    expect((await within(body, 'the body')).toString()).toBe('0123456789');
    expect(clock.pending).toBe(0);
  });

  it('A5 a body that stalls is a 408', async () => {
    const { body, clock } = await receive();

    clock.ring();

    const error = await within(body, 'the refusal').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RequestRefused);
    expect((error as RequestRefused).status).toBe(408);
  });

  it('A5 a caller that leaves ends the reading', async () => {
    const { body, clock, peer } = await receive();

    peer.destroy();

    const error = await within(body, 'the failure').catch((reason: unknown) => reason);
    expect((error as ProblemError).code).toBe('invalid_request');
    expect(clock.pending).toBe(0);
  });

  it('A5 all bodies together are bounded, and what was read counts no more', async () => {
    const budget = new ByteBudget(12);
    const first = await receive(budget);
    const second = await receive(budget);

    first.peer.write('56789');
    second.peer.write('56789');
    const ends = await within(Promise.allSettled([first.body, second.body]), 'both end');

    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const third = await receive(budget);
    third.peer.write('56789');
    expect(await within(third.body, 'the third body')).toHaveLength(10);
  });
});
