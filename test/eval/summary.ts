import type { SampleResult } from './run-sample.ts';
import { MAX_CLICKS } from './run-sample.ts';

/** Middle and tail of a set of times. */
interface Spread {
  readonly p50: number;
  readonly p95: number;
}

/** What `npm run eval -- <folder> --json` prints. */
export interface Summary {
  readonly n: number;
  /** Mean clicks until that overlap, {@link MAX_CLICKS} if never. */
  readonly noc85: number;
  readonly noc90: number;
  /** Mean overlap after that many clicks. */
  readonly iou: Readonly<Record<'1' | '3' | '5' | '10', number>>;
  readonly msPerClick: Spread;
  readonly prepareMs: Spread;
}

/** Sums up all objects. */
export function summarise(results: readonly SampleResult[]): Summary {
  const after = (clicks: number) => mean(results.map(({ iou }) => iou[clicks - 1] ?? 0));
  return {
    n: results.length,
    noc85: mean(results.map(({ iou }) => clicksUntil(iou, 0.85))),
    noc90: mean(results.map(({ iou }) => clicksUntil(iou, 0.9))),
    iou: { '1': after(1), '3': after(3), '5': after(5), '10': after(10) },
    msPerClick: spread(results.flatMap(({ clickMs }) => clickMs)),
    prepareMs: spread(results.map(({ prepareMs }) => prepareMs)),
  };
}

/** Clicks until an overlap is reached; {@link MAX_CLICKS} if it never is. */
export function clicksUntil(iou: readonly number[], quality: number): number {
  const index = iou.findIndex((value) => value >= quality);
  return index < 0 ? MAX_CLICKS : index + 1;
}

function mean(values: readonly number[]): number {
  return round(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length), 4);
}

function spread(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: round(at(0.5) ?? 0, 1), p95: round(at(0.95) ?? 0, 1) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
