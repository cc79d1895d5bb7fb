import type { SeededRandom } from '../../../sim/seeded-random.ts';

/** A click that will be made, whatever becomes of those before it. */
export interface Arrival {
  readonly atMs: number;
  readonly object: number;
  /** The last click of a burst: the one whose mask its author waits for. */
  readonly last: boolean;
}

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * A Poisson process over the objects, given the number of its arrivals: times that are drawn evenly
 * and sorted. So the load offered is exactly what it is called, in a short run too.
 */
export function poisson(
  random: SeededRandom,
  perSecond: number,
  { fromMs, untilMs }: Span,
  objects: readonly number[],
): Arrival[] {
  const count = Math.round((perSecond * (untilMs - fromMs)) / 1000);
  return inOrder(
    Array.from({ length: count }, () => ({
      atMs: fromMs + random.uniform() * (untilMs - fromMs),
      object: random.pick(objects),
      last: true,
    })),
  );
}

/** One object clicked at equal distances. */
export function steady(perSecond: number, { fromMs, untilMs }: Span, object: number): Arrival[] {
  const count = Math.floor((perSecond * (untilMs - fromMs)) / 1000);
  return Array.from({ length: count }, (_, index) => ({
    atMs: fromMs + (index * 1000) / perSecond,
    object,
    last: true,
  }));
}

/** Of a person who corrects an outline: within a burst, from click to click. */
const GAP_MS = { least: 200, most: 400 } as const;
const MOST_CLICKS = 4;
const MEAN_CLICKS = (1 + MOST_CLICKS) / 2;
const MEAN_BURST_MS = ((MEAN_CLICKS - 1) * (GAP_MS.least + GAP_MS.most)) / 2;

/** One person: bursts of 1–4 clicks on an object, then a pause of random length, then another. */
export function bursts(
  random: SeededRandom,
  clicksPerSecond: number,
  { fromMs, untilMs }: Span,
  objects: readonly number[],
): Arrival[] {
  const meanPauseMs = (MEAN_CLICKS * 1000) / clicksPerSecond - MEAN_BURST_MS;
  const arrivals: Arrival[] = [];
  let atMs = fromMs + random.uniform() * meanPauseMs;
  while (atMs < untilMs) {
    const object = random.pick(objects);
    const clicks = random.between(1, MOST_CLICKS);
    for (let click = 1; click <= clicks; click += 1) {
      arrivals.push({ atMs, object, last: click === clicks });
      if (click < clicks) atMs += random.between(GAP_MS.least, GAP_MS.most);
    }
    atMs -= Math.log(1 - random.uniform()) * meanPauseMs;
  }
  return arrivals;
}

export function inOrder(arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.toSorted((left, right) => left.atMs - right.atMs);
}
