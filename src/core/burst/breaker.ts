/**
 * Keeps calls away from a server that answers none: after some failures in a row it is left alone for
 * a while, then tried with one call at a time until one succeeds.
 */
import type { CallResult } from './concurrency-limit.ts';

/** Fewer are an accident that retries mend. */
const OPENS_AFTER = 5;
const FIRST_PAUSE_MS = 500;
/** People wait for at most the deadline of their clicks: a server that is back is found well before. */
const LONGEST_PAUSE_MS = 4_000;

export interface Breaker {
  /** Calls in a row that failed. */
  readonly failures: number;
  /** When it was opened; absent while it is closed. */
  readonly openedAt?: number | undefined;
  /** How long it stays open before the next probe. */
  readonly pauseMs: number;
  /** Fence of the probe under way. */
  readonly probe?: number | undefined;
}

export const CLOSED_BREAKER: Breaker = { failures: 0, pauseMs: FIRST_PAUSE_MS };

export type BreakerState = 'closed' | 'open' | 'half-open';

export function breakerState({ openedAt, pauseMs }: Breaker, now: number): BreakerState {
  if (openedAt === undefined) return 'closed';
  return now < openedAt + pauseMs ? 'open' : 'half-open';
}

/** Whether a call may begin now. */
export function lets(breaker: Breaker, now: number): boolean {
  const state = breakerState(breaker, now);
  return state === 'closed' || (state === 'half-open' && breaker.probe === undefined);
}

/** After a call that it let begin. */
export function begun(breaker: Breaker, fence: number): Breaker {
  return breaker.openedAt === undefined ? breaker : { ...breaker, probe: fence };
}

/**
 * After a call, whose fence tells whether it was the probe. One that found no server says enough at
 * once.
 */
export function judged(breaker: Breaker, fence: number, result: CallResult, now: number): Breaker {
  if (result === 'ok') return CLOSED_BREAKER;
  const failures = breaker.failures + 1;
  if (breaker.openedAt === undefined) {
    return failures < OPENS_AFTER && result !== 'unreachable'
      ? { ...breaker, failures }
      : { ...breaker, failures, openedAt: now };
  }
  // What began before it opened says nothing new.
  if (breaker.probe !== fence) return breaker;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, breaker.pauseMs * 2);
  return { failures, openedAt: now, pauseMs };
}

/** The lease of that fence has ended without a call, or was lost: another may probe. */
export function withoutProbe(breaker: Breaker, fence: number): Breaker {
  if (breaker.probe !== fence) return breaker;
  const { probe: _, ...rest } = breaker;
  return rest;
}
