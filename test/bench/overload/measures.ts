/** What is made of the records of a run. Pure; times are model milliseconds. */
import type { Span } from './load/arrivals.ts';
import type { Click, Mask } from './load/ledger.ts';

/** What a person waits for a mask without losing the thread. */
export const DEADLINE_MS = 3_000;

const within = (atMs: number, { fromMs, untilMs }: Span) => atMs >= fromMs && atMs < untilMs;

export const masksWithin = (masks: readonly Mask[], span: Span): readonly Mask[] =>
  masks.filter(({ atMs }) => within(atMs, span));

export const clicksWithin = (clicks: readonly Click[], span: Span): readonly Click[] =>
  clicks.filter(({ atMs }) => within(atMs, span));

export const isOnTime = ({ atMs, newestAtMs }: Mask): boolean => atMs - newestAtMs <= DEADLINE_MS;

/**
 * Masks a second that came within the deadline of the newest click that they cover, divided by the
 * calls a second that the server can do at best.
 */
export function goodput(masks: readonly Mask[], span: Span, callsPerSecond: number): number {
  const onTime = masksWithin(masks, span).filter(isOnTime).length;
  return onTime / ((callsPerSecond * (span.untilMs - span.fromMs)) / 1000);
}

/** The share of the clicks made in a span that a mask covered within the deadline of the click. */
export function answeredShare(clicks: readonly Click[], span: Span): number {
  return share(clicksWithin(clicks, span), isAnsweredInTime);
}

function isAnsweredInTime({ end, endedAtMs, atMs }: Click): boolean {
  return end === 'masked' && endedAtMs !== undefined && endedAtMs - atMs <= DEADLINE_MS;
}

/** From the newest click that a mask covers to the mask, of the masks that came in a span. */
export function maskLatencies(masks: readonly Mask[], span: Span): readonly number[] {
  return masksWithin(masks, span).map(({ atMs, newestAtMs }) => atMs - newestAtMs);
}

/** The part of the server's finished work that was of no use, as no mask came of it in time. */
export function wastedShare(worked: number, masks: readonly Mask[], span: Span): number {
  if (worked === 0) return Number.NaN;
  const onTime = masksWithin(masks, span).filter(isOnTime).length;
  return Math.max(0, (worked - onTime) / worked);
}

/**
 * Jain's index: 1 when all have the same, 1/n when one has everything, `NaN` when nobody has anything.
 * Source: R. Jain, D. Chiu,
 * W. Hawe, "A Quantitative Measure of Fairness", DEC TR-301, 1984.
 */
export function jainIndex(amounts: readonly number[]): number {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  const squares = amounts.reduce((total, amount) => total + amount * amount, 0);
  return squares === 0 ? Number.NaN : (sum * sum) / (amounts.length * squares);
}

/** Masks in time for each of `sessions` sessions that have `objectsEach` consecutive objects. */
export function masksBySession(
  masks: readonly Mask[],
  span: Span,
  sessions: number,
  objectsEach: number,
): number[] {
  const counts = Array.from({ length: sessions }, () => 0);
  for (const mask of masksWithin(masks, span)) {
    const session = Math.floor(mask.object / objectsEach);
    if (isOnTime(mask) && session < sessions) counts[session] = (counts[session] ?? 0) + 1;
  }
  return counts;
}

/** What was predicted less what it took, for clicks that were accepted and got their mask. */
export function etaErrors(clicks: readonly Click[], span: Span): readonly number[] {
  return clicksWithin(clicks, span).flatMap(({ end, endedAtMs, eta }) =>
    end === 'masked' && endedAtMs !== undefined && eta !== undefined
      ? [eta.etaMs - (endedAtMs - eta.atMs)]
      : [],
  );
}

/** How long after `fromMs` the last click was made that got no mask in time; 0 when all did. */
export function recoveryMs(clicks: readonly Click[], span: Span): number {
  const missed = clicksWithin(clicks, span).filter((click) => !isAnsweredInTime(click));
  return Math.max(0, ...missed.map(({ atMs }) => atMs - span.fromMs));
}

/** Where the first window begins that has `least` of the goodput; `undefined` when there is none. */
export function firstGoodWindow(
  masks: readonly Mask[],
  span: Span,
  { callsPerSecond, windowMs, least }: GoodWindow,
): number | undefined {
  for (let fromMs = span.fromMs; fromMs + windowMs <= span.untilMs; fromMs += STEP_MS) {
    const window = { fromMs, untilMs: fromMs + windowMs };
    if (goodput(masks, window, callsPerSecond) >= least) return fromMs;
  }
  return undefined;
}

const STEP_MS = 500;

interface GoodWindow {
  readonly callsPerSecond: number;
  readonly windowMs: number;
  readonly least: number;
}

export function share<Item>(items: readonly Item[], fits: (item: Item) => boolean): number {
  return items.length === 0 ? Number.NaN : items.filter(fits).length / items.length;
}
