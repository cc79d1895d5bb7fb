/**
 * How many calls a server is given at once, below a ceiling that is never passed: one more for each
 * round of calls that went well, half as many when it is overloaded. Until it first is, one more for each
 * call that went well, which doubles them with each round: a gateway that has just started would
 * otherwise be slower than its server for many rounds.
 *
 * Sources: D. Chiu, R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion
 * Avoidance in Computer Networks", 1989; V. Jacobson, "Congestion Avoidance and Control", 1988 (slow
 * start). Limiters that compare latencies (Vegas, Gradient2) have
 * fixed points of 4 to 8 and more, which is above the whole capacity of the servers meant here.
 */

import type { ServiceTime } from './service-time.ts';
import { isJustKnown, usualTime } from './service-time.ts';

/** A call this many times slower than one that had the server to itself is a sign of overload … */
const SLOW_FACTOR = 2;
/** … unless the difference is one that nobody would notice. */
const SLOW_FROM_MS = 100;
/** One slow call is a large image or an accident; two at the same time count, too. */
const SLOW_IN_A_ROW = 2;

/**
 * After it was halved for slowness the limit stays where it is for this many calls' time: the next
 * step up is most likely to end where the last one did. Measured in simulation with a capacity of 1:
 * goodput 0.88 instead of 0.72. Twice as many when that has happened, as soon again. Not after refusals, which say when to try again better than we know.
 */
const REST_CALLS = 12;

/** The first call is one draw: taken as is, an unusually quick one would make every other look slow. */
const FIRST_BASELINE_MARGIN = 1.5;
/** How far the baseline follows one call, of the difference between them. */
const BASELINE_WEIGHT = 0.2;

/** Kinds of calls; what is normal for one says nothing about the other. */
export type CallKind = 'encode' | 'segment';

/** What a call says about the server. */
export type CallResult =
  /** It answered, be it with a refusal of this very request. */
  | 'ok'
  /** 429 or 503. */
  | 'overloaded'
  | 'timeout'
  /** 5xx, a broken connection, nonsense. */
  | 'failed'
  /** There was no connection to be had: the server has not even seen the call. */
  | 'unreachable';

export interface EndedCall {
  readonly kind: CallKind;
  readonly result: CallResult;
  /** Of calls that brought a result or timed out; absent for a refusal, whose time says nothing. */
  readonly durationMs?: number | undefined;
  /** When it was given its place. */
  readonly startedAt: number;
  readonly now: number;
  /** Calls under way until it ended, itself included. */
  readonly inFlight: number;
  /** Nothing else was under way when it began or when it ended. */
  readonly alone: boolean;
  /** When the other calls of the kind that are under way were given their places. */
  readonly othersSince: readonly number[];
}

export interface ConcurrencyLimit {
  /** At least 1; its whole part is how many calls may be open. */
  readonly limit: number;
  /** When it was last halved; 0 when it never was. */
  readonly cutAt: number;
  /** How long calls take when the server does nothing else, as far as is known. */
  readonly baselineMs: Readonly<Partial<Record<CallKind, number>>>;
  /** Slow calls since the last one that was not. */
  readonly slow: number;
  /** It does not grow before. */
  readonly restUntil: number;
}

export const FIRST_LIMIT: ConcurrencyLimit = {
  limit: 1,
  cutAt: 0,
  baselineMs: {},
  slow: 0,
  restUntil: 0,
};

/** Below the ceiling, and no lower than `atLeast`. */
export function withinCeiling(state: ConcurrencyLimit, ceiling: number, atLeast = 1) {
  const limit = Math.max(1, Math.min(Math.max(state.limit, atLeast), ceiling));
  return { ...state, limit };
}

/**
 * After a call. `callMs` is how long calls take at present: the limit is halved once in that time at
 * the most, and not by a call that began before it was last halved, which says nothing new.
 */
export function afterCall(
  state: ConcurrencyLimit,
  call: EndedCall,
  ceiling: number,
  callMs: number,
): ConcurrencyLimit {
  const { result, durationMs } = call;
  if (result === 'failed' || result === 'unreachable') return state;
  if (result === 'ok' && durationMs === undefined) return state;
  if (result === 'overloaded' || durationMs === undefined) return cut(state, call, callMs);
  const isSlow = slowerThan(state.baselineMs[call.kind], durationMs);
  // One that was given little time is no more than slow: it began late.
  if (result === 'timeout' && isSlow) return cut(state, call, callMs);
  const known = withBaseline(state, call, durationMs);
  if (result === 'timeout' || isSlow) return afterSlowCall(known, call, callMs);
  const isFull = call.inFlight >= Math.floor(known.limit);
  const grows = isFull && call.now >= known.restUntil;
  const limit = grows ? Math.min(known.limit + growth(known, call), ceiling) : known.limit;
  return { ...known, limit: Math.max(1, limit), slow: 0 };
}

function growth(state: ConcurrencyLimit, { kind, durationMs = 0 }: EndedCall): number {
  // Calls that become longer say that the end is near.
  const isQuick = durationMs <= (state.baselineMs[kind] ?? 0);
  return isUntroubled(state) && isQuick ? 1 : 1 / state.limit;
}

/** Nothing has shown yet that there could be too many calls. */
export const isUntroubled = ({ cutAt }: ConcurrencyLimit): boolean => cutAt === 0;

function afterSlowCall(state: ConcurrencyLimit, call: EndedCall, callMs: number) {
  const slow = state.slow + 1;
  const usualMs = state.baselineMs[call.kind] ?? callMs;
  if (slow < SLOW_IN_A_ROW && !isOneOfMany(state, call)) return { ...state, slow };
  const restMs = REST_CALLS * usualMs;
  const isSoon = call.now < state.restUntil + restMs;
  const restUntil = call.now + (isSoon ? 2 * restMs : restMs);
  return cut({ ...state, slow: 0, restUntil }, call, callMs);
}

/** Another one that began under the present limit is as slow already, though it has not ended. */
function isOneOfMany({ cutAt, baselineMs }: ConcurrencyLimit, call: EndedCall): boolean {
  const { kind, now, othersSince } = call;
  return othersSince.some((since) => since >= cutAt && slowerThan(baselineMs[kind], now - since));
}

function cut(
  state: ConcurrencyLimit,
  { startedAt, now }: EndedCall,
  callMs: number,
): ConcurrencyLimit {
  if (startedAt < state.cutAt || now < state.cutAt + callMs) return state;
  return { ...state, limit: Math.max(1, state.limit / 2), cutAt: now, slow: 0 };
}

/**
 * Whether a call took so long because the limit was too high, which is about to change or has changed
 * already: it does not tell how long calls take.
 */
export function showsOverload(state: ConcurrencyLimit, call: EndedCall): boolean {
  const { kind, durationMs, startedAt } = call;
  if (durationMs === undefined || !slowerThan(state.baselineMs[kind], durationMs)) return false;
  return state.slow > 0 || startedAt < state.cutAt;
}

function slowerThan(baselineMs: number | undefined, durationMs: number): boolean {
  if (baselineMs === undefined) return false;
  return durationMs > baselineMs * SLOW_FACTOR && durationMs > baselineMs + SLOW_FROM_MS;
}

/**
 * After the first, only calls that were alone count: under load every call takes longer, and a baseline
 * that learnt from them would call any overload normal. It follows a server that got slower for good,
 * since the limit then falls to 1, where every call is alone; and no single call moves it far.
 */
function withBaseline(
  state: ConcurrencyLimit,
  { kind, alone }: EndedCall,
  durationMs: number,
): ConcurrencyLimit {
  const present = state.baselineMs[kind];
  if (present !== undefined && !alone) return state;
  const baselineMs =
    present === undefined
      ? durationMs * FIRST_BASELINE_MARGIN
      : present + BASELINE_WEIGHT * (Math.min(durationMs, present * SLOW_FACTOR) - present);
  return { ...state, baselineMs: { ...state.baselineMs, [kind]: baselineMs } };
}

/**
 * The first call is a guess, which the mean of the first twenty replaces. Later the mean only lowers the
 * baseline: calls cannot take longer alone than they usually do among others.
 */
export function withUsual(
  state: ConcurrencyLimit,
  kind: CallKind,
  time: ServiceTime,
): ConcurrencyLimit {
  const [present, usualMs] = [state.baselineMs[kind], usualTime(time)];
  if (present === undefined || usualMs === undefined) return state;
  if (usualMs >= present && !isJustKnown(time)) return state;
  return { ...state, baselineMs: { ...state.baselineMs, [kind]: usualMs } };
}
