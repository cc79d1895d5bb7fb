/** All that is known of one feature server, and what follows from it for the next calls. */
import type { Breaker } from './breaker.ts';
import { begun, breakerState, CLOSED_BREAKER, judged, lets, withoutProbe } from './breaker.ts';
import type { CallKind, ConcurrencyLimit, EndedCall } from './concurrency-limit.ts';
import {
  afterCall,
  FIRST_LIMIT,
  isUntroubled,
  showsOverload,
  withinCeiling,
  withUsual,
} from './concurrency-limit.ts';
import type { ServiceTime } from './service-time.ts';
import { recordServiceTime, UNKNOWN_SERVICE_TIME } from './service-time.ts';

/** Failures in a row after which callers are told; one alone is an accident that a retry mends. */
const DEGRADED_FROM_FAILURES = 3;
/** For how long a server that was overloaded is called so. */
const DEGRADED_FOR_MS = 10_000;

export interface ServerControl {
  /** Calls that may ever be open at once (B6); 0 while it is not known. */
  readonly ceiling: number;
  readonly limit: ConcurrencyLimit;
  readonly breaker: Breaker;
  readonly times: Readonly<Record<CallKind, ServiceTime>>;
}

/** How callers see a server. */
export type ServerHealth = 'ok' | 'degraded' | 'down';

/** A server that nobody has called yet. */
export function newServer(ceiling: number): ServerControl {
  const times = { encode: UNKNOWN_SERVICE_TIME, segment: UNKNOWN_SERVICE_TIME };
  return { ceiling, limit: FIRST_LIMIT, breaker: CLOSED_BREAKER, times };
}

/** With another ceiling; `atLeast` is where the limit starts when it is not the least. */
export function withCeiling(
  server: ServerControl,
  ceiling: number,
  atLeast: number,
): ServerControl {
  return { ...server, ceiling, limit: withinCeiling(server.limit, ceiling, atLeast) };
}

/** Calls that may be open at once. */
export function placesOf({ ceiling, limit }: ServerControl): number {
  return Math.min(Math.floor(limit.limit), ceiling);
}

/**
 * Calls that will be open at once when there is more to do: a limit that is still doubling is at the
 * ceiling within a few calls, if nothing comes between.
 */
export function foreseenPlaces(server: ServerControl): number {
  return isUntroubled(server.limit) ? server.ceiling : placesOf(server);
}

/** Whether one more call may begin. */
export function mayBegin(server: ServerControl, inFlight: number, now: number): boolean {
  return inFlight < placesOf(server) && lets(server.breaker, now);
}

/** When a server that is left alone may be tried again; infinity when time alone changes nothing. */
export function nextProbeAt({ breaker }: ServerControl, now: number): number {
  if (breakerState(breaker, now) !== 'open') return Number.POSITIVE_INFINITY;
  return (breaker.openedAt ?? now) + breaker.pauseMs;
}

export function healthOf({ breaker, limit, ceiling }: ServerControl, now: number): ServerHealth {
  if (breakerState(breaker, now) !== 'closed') return 'down';
  const isCut = limit.limit <= ceiling / 2 && now < limit.cutAt + DEGRADED_FOR_MS;
  return isCut || breaker.failures >= DEGRADED_FROM_FAILURES ? 'degraded' : 'ok';
}

/** How callers see several: as long as one answers, calls are answered, only fewer. */
export function healthOfAll(healths: readonly ServerHealth[]): ServerHealth {
  if (healths.every((health) => health === 'down')) return 'down';
  return healths.every((health) => health === 'ok') ? 'ok' : 'degraded';
}

/** A call has been given its place. */
export function withCall(server: ServerControl, fence: number): ServerControl {
  return { ...server, breaker: begun(server.breaker, fence) };
}

/** The place was given back without a call, or its holder was lost. */
export function withoutCall(server: ServerControl, fence: number): ServerControl {
  return { ...server, breaker: withoutProbe(server.breaker, fence) };
}

/** A call has ended. */
export function withEndedCall(
  server: ServerControl,
  fence: number,
  call: EndedCall,
): ServerControl {
  const { kind, result, durationMs, now } = call;
  const limit = afterCall(server.limit, call, server.ceiling, server.times[kind].meanMs);
  const breaker = judged(server.breaker, fence, result, now);
  const isMeasured = durationMs !== undefined && (result === 'ok' || result === 'timeout');
  if (!isMeasured || showsOverload(server.limit, call)) return { ...server, limit, breaker };
  const known = server.times[kind];
  // Of one that timed out it is known that it takes longer; of one that hangs, nothing else.
  const counted = result === 'ok' ? durationMs : Math.min(durationMs, known.highMs * 2);
  const time = recordServiceTime(known, counted);
  return {
    ...server,
    limit: withUsual(limit, kind, time),
    breaker,
    times: { ...server.times, [kind]: time },
  };
}

/**
 * Time until a call begins that has `ahead` before it, under way or waiting, at `perCallMs` each and so
 * many places; whole milliseconds.
 */
export function waitMs(ahead: number, places: number, perCallMs: number): number {
  const open = Math.max(1, places);
  return Math.round((Math.max(0, ahead + 1 - open) / open) * perCallMs);
}
