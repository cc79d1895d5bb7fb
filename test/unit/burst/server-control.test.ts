import { describe, expect, it } from 'vitest';
import type { EndedCall } from '../../../src/core/burst/concurrency-limit.ts';
import type { ServerControl } from '../../../src/core/burst/server-control.ts';
import {
  healthOf,
  mayBegin,
  newServer,
  placesOf,
  waitMs,
  withCeiling,
  withEndedCall,
} from '../../../src/core/burst/server-control.ts';
import { recordServiceTime, UNKNOWN_SERVICE_TIME } from '../../../src/core/burst/service-time.ts';

const NOW = 1_000_000;

function ended(server: ServerControl, more: Partial<EndedCall>, now = NOW): ServerControl {
  const call = { kind: 'segment', result: 'ok', startedAt: now - 100, inFlight: 1 } as const;
  return withEndedCall(server, now, { ...call, alone: false, othersSince: [], now, ...more });
}

const full = (ceiling: number) => withCeiling(newServer(ceiling), ceiling, ceiling);

describe('service time', () => {
  const timed = (durations: number[]) => durations.reduce(recordServiceTime, UNKNOWN_SERVICE_TIME);

  it('assumes half a second before it knows', () => {
    expect(UNKNOWN_SERVICE_TIME).toMatchObject({ meanMs: 500, highMs: 750 });
  });

  it('reckons with one and a half times the mean until a percentile is known', () => {
    expect(timed([200])).toMatchObject({ meanMs: 200, highMs: 300 });
    expect(timed(Array(19).fill(200))).toMatchObject({ highMs: 300 });
    expect(timed(Array(20).fill(200))).toMatchObject({ highMs: 200 });
  });

  it('is the 95th percentile of the last 64 calls', () => {
    const up = Array.from({ length: 100 }, (_, n) => n + 1);
    expect(timed(up).highMs).toBe(97);
    expect(timed(up.toReversed()).highMs).toBe(61);
    expect(timed(up).recent).toHaveLength(64);
  });

  it('follows a change of the mean within a few calls', () => {
    expect(timed([...Array(50).fill(100), ...Array(10).fill(500)]).meanMs).toBeGreaterThan(400);
  });
});

describe('server control', () => {
  it('B6 gives no place before the ceiling is known', () => {
    expect(mayBegin(newServer(0), 0, NOW)).toBe(false);
    expect(mayBegin(newServer(1), 0, NOW)).toBe(true);
    expect(mayBegin(newServer(1), 1, NOW)).toBe(false);
  });

  it('measures only calls that brought a result', () => {
    const server = ended(full(4), { durationMs: 80 });
    expect(server.times.segment.meanMs).toBe(80);
    expect(server.times.encode).toBe(UNKNOWN_SERVICE_TIME);
    expect(ended(server, {}).times).toBe(server.times);
    expect(ended(server, { result: 'failed', durationMs: 9 }).times).toBe(server.times);
  });

  it('learns from a call that timed out that calls take longer, from one that hangs no more', () => {
    const server = ended(full(4), { durationMs: 80 });
    expect(ended(server, { result: 'timeout', durationMs: 100 }).times.segment.recent).toEqual([
      80, 100,
    ]);
    expect(ended(server, { result: 'timeout', durationMs: 9_999 }).times.segment.recent).toEqual([
      80, 240,
    ]);
  });

  it('learns nothing about calls from those that show overload', () => {
    let server = full(4);
    for (let n = 0; n < 9; n += 1)
      server = ended(server, { durationMs: 500, alone: true }, NOW + n);
    const slow = (of: ServerControl, at: number) =>
      ended(of, { durationMs: 4_000, startedAt: NOW + 9 }, at);
    const first = slow(server, NOW + 5_000);
    const second = slow(first, NOW + 5_001);
    const third = slow(second, NOW + 5_002);
    expect(placesOf(third)).toBe(2);
    expect(third.times.segment.recent.filter((ms) => ms > 500)).toEqual([4_000]);
  });

  it('knows what is usual from many calls, whatever the first one was like', () => {
    let server = ended(full(4), { durationMs: 900 });
    for (let n = 0; n < 18; n += 1) server = ended(server, { durationMs: 300 }, NOW + n);
    expect(server.limit.baselineMs).toEqual({ segment: 1_350 });
    server = ended(server, { durationMs: 300 }, NOW + 20);
    expect(server.limit.baselineMs).toEqual({ segment: 330 });
  });

  it('says that a server is degraded while its limit is cut, or after three failures', () => {
    expect(healthOf(full(4), NOW)).toBe('ok');
    expect(healthOf(newServer(4), NOW)).toBe('ok');
    const cut = ended(full(4), { result: 'overloaded' });
    expect(placesOf(cut)).toBe(2);
    expect(healthOf(cut, NOW + 9_999)).toBe('degraded');
    expect(healthOf(cut, NOW + 10_000)).toBe('ok');
    let failing = full(4);
    const healths = [1, 2, 3, 4, 5].map(() => {
      failing = ended(failing, { result: 'failed' });
      return healthOf(failing, NOW);
    });
    expect(healths).toEqual(['ok', 'ok', 'degraded', 'degraded', 'down']);
    expect(healthOf(failing, NOW + 60_000)).toBe('down');
    expect(healthOf(ended(failing, {}), NOW)).toBe('ok');
  });

  it('A14 foretells a wait by rounds of the places that there are', () => {
    expect(waitMs(3, 4, 500)).toBe(0);
    expect(waitMs(4, 4, 500)).toBe(125);
    expect(waitMs(11, 4, 500)).toBe(1_000);
    expect(waitMs(2, 0, 500)).toBe(1_000);
  });
});
