import { describe, expect, it } from 'vitest';
import { admit, EventStream } from '../../../src/client/event-stream.ts';
import type { StreamFrame } from '../../../src/client/transport.ts';
import { FakeEnvironment, FakeTransport } from './fakes.ts';
import { accepted, at, logged, opened, passing, snapshot } from './frames.ts';

type Reason = 'session_gone' | 'not_allowed' | undefined;

function setUp(probe: () => Promise<Reason> = () => Promise.resolve(undefined)) {
  const environment = new FakeEnvironment();
  const stream = new FakeTransport();
  const poll = new FakeTransport();
  const frames: StreamFrame[] = [];
  const names: string[] = [];
  const reader = new EventStream({
    environment,
    transports: { stream: stream.transport, poll: poll.transport },
    onFrame: (frame) => frames.push(frame),
    onConnection: (connection) => names.push(connection.name),
    probe,
  });
  const sequences = (): number[] =>
    frames.flatMap((frame) => ('sequence' in frame ? [frame.sequence] : []));
  return { environment, stream, poll, frames, names, reader, sequences };
}

function live(kit: ReturnType<typeof setUp>, sequence = 3): void {
  kit.stream.frame(opened(1000));
  kit.stream.frame(passing('session.snapshot', snapshot(sequence)));
}

describe('EventStream', () => {
  it('A23 comes back after the last event that it delivered', () => {
    const kit = setUp();
    live(kit);
    kit.stream.frame(accepted(4, 'c1', 'o1'));
    kit.stream.frame(accepted(5, 'c2', 'o1', 2));
    kit.stream.lost();
    kit.environment.advance(2000);
    expect(kit.stream.opened).toEqual([undefined, at(5)]);
    kit.stream.frame(opened());
    kit.stream.frame(accepted(6, 'c3', 'o1', 3));
    expect(kit.sequences()).toEqual([4, 5, 6]);
    expect(kit.reader.cursor).toBe(at(6));
  });

  it('A19 delivers nothing twice', () => {
    const kit = setUp();
    live(kit);
    for (const sequence of [4, 4, 3, 5, 4, 5]) kit.stream.frame(accepted(sequence, 'c', 'o'));
    expect(kit.sequences()).toEqual([4, 5]);
  });

  it('A19 takes a hole for a lost connection, and asks for what is missing', () => {
    const kit = setUp();
    live(kit);
    kit.stream.frame(accepted(5, 'c', 'o'));
    expect(kit.sequences()).toEqual([]);
    expect(kit.stream.open).toBe(false);
    kit.environment.advance(2000);
    expect(kit.stream.opened.at(-1)).toBe(at(3));
  });

  it('A19 passes over a hole that is still there when asked again: types of a later version', () => {
    const kit = setUp();
    live(kit);
    kit.stream.frame(accepted(5, 'c', 'o'));
    kit.environment.advance(2000);
    kit.stream.frame(opened(60_000));
    kit.stream.frame(accepted(5, 'c', 'o'));
    kit.stream.frame(accepted(7, 'c', 'o'));
    expect(kit.sequences()).toEqual([5, 7]);
    expect(kit.stream.opened).toHaveLength(2);
  });

  it('A22 notices by a heartbeat that something was left out', () => {
    const kit = setUp();
    live(kit);
    kit.stream.frame(passing('heartbeat', { cursor: at(3) }));
    expect(kit.reader.connection.name).toBe('live');
    kit.stream.frame(passing('heartbeat', { cursor: at(4) }));
    expect(kit.reader.connection.name).toBe('reconnecting');
  });

  it('A24 takes a snapshot for the new beginning after a reset', () => {
    const kit = setUp();
    live(kit, 50);
    const ends = { lastCursor: at(7), oldestCursor: at(2) };
    kit.stream.frame(passing('stream.reset', { reason: 'cursor_ahead', ...ends }));
    kit.stream.frame(passing('session.snapshot', snapshot(7)));
    kit.stream.frame(accepted(8, 'c', 'o'));
    expect(kit.sequences()).toEqual([8]);
  });

  it('A22 leaves a stream on which two and a half heartbeats are missing', () => {
    const kit = setUp();
    live(kit);
    kit.environment.advance(2400);
    kit.stream.frame(passing('heartbeat', { cursor: at(3) }));
    kit.environment.advance(2400);
    expect(kit.reader.connection.name).toBe('live');
    kit.environment.advance(200);
    expect(kit.reader.connection.name).toBe('reconnecting');
    expect(kit.stream.open).toBe(false);
  });

  it('A25 comes back when a draining gateway asked for it', () => {
    const kit = setUp();
    live(kit);
    kit.stream.frame(passing('stream.draining', { reconnectInMs: 4321 }));
    expect(kit.stream.open).toBe(false);
    kit.environment.advance(4320);
    expect(kit.stream.opened).toHaveLength(1);
    kit.environment.advance(1);
    expect(kit.stream.opened).toEqual([undefined, at(3)]);
  });

  it('A26 polls when the stream never opens, and stays with it while it works', () => {
    const kit = setUp();
    kit.environment.advance(10_000 + 2000 + 10_000 + 4000);
    expect(kit.stream.opened).toHaveLength(2);
    expect(kit.poll.opened).toHaveLength(1);
    kit.poll.frame(opened(1000));
    expect(kit.reader.connection).toEqual({ name: 'live', via: 'poll', heartbeatMs: 1000 });
  });

  it('ends when the probe says that the session is gone', async () => {
    const kit = setUp(() => Promise.resolve('session_gone'));
    kit.stream.lost();
    await expect.poll(() => kit.reader.connection.name).toBe('closed');
    expect(kit.environment.timers.size).toBe(0);
    expect(kit.environment.watched).toBe(false);
  });

  it('A8 ends with the session', () => {
    const kit = setUp();
    live(kit);
    kit.stream.frame(logged(4, 'session.closed', { reason: 'expired' }));
    expect(kit.reader.connection).toEqual({ name: 'closed', reason: 'session_gone' });
    expect(kit.sequences()).toEqual([4]);
  });

  it('tries at once when the network is back', () => {
    const kit = setUp();
    live(kit);
    kit.environment.setNetwork(false);
    kit.stream.lost();
    expect(kit.reader.connection.name).toBe('offline');
    kit.environment.setNetwork(true);
    expect(kit.stream.opened).toHaveLength(2);
    kit.stream.frame(opened());
    expect(kit.names).toEqual(['live', 'offline', 'offline', 'reconnecting', 'live']);
  });

  it('leaves nothing behind when closed', () => {
    const kit = setUp();
    live(kit);
    kit.reader.close();
    expect(kit.stream.open).toBe(false);
    expect(kit.environment.timers.size).toBe(0);
    expect(kit.environment.watched).toBe(false);
  });
});

describe('admit', () => {
  it('delivers whatever names no position, and everything before the first', () => {
    expect(admit(at(3), passing('queue.updated', { ...queue }))).toBe('deliver');
    expect(admit(at(3), passing('heartbeat', { cursor: null }))).toBe('deliver');
    expect(admit(undefined, accepted(9, 'c', 'o'))).toBe('deliver');
  });

  it('A24 does not take an event of another log for the next one', () => {
    expect(admit('5-3', accepted(4, 'c', 'o'))).toBe('gap');
  });
});

const queue = { objectId: 'o' as never, position: 1, etaMs: 2 };
