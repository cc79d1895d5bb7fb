import type { Figure } from '../../support/figures.ts';
import { median, quantile } from '../../support/figures.ts';
import type { Outcome } from '../experiment.ts';
import type { Span } from '../load/arrivals.ts';
import {
  answeredShare,
  clicksWithin,
  etaErrors,
  goodput,
  maskLatencies,
  share,
  wastedShare,
} from '../measures.ts';
import type { StubOptions } from '../stub/options.ts';

/** What one system did in a span; shares from 0 to 1, times in model milliseconds. */
export interface Summary {
  readonly goodput: number;
  readonly answered: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly wasted: number;
  /** The share of the time that the server's places were taken. */
  readonly busy: number;
  readonly callsPerClick: number;
  readonly mostOpen: number;
}

export function summarise(
  { ledger, before, after }: Outcome,
  span: Span,
  { capacity, serviceMs }: Pick<StubOptions, 'capacity' | 'serviceMs'>,
): Summary {
  const latencies = maskLatencies(ledger.masks, span);
  const clicks = clicksWithin(ledger.clicks, span);
  return {
    goodput: goodput(ledger.masks, span, (capacity * 1000) / serviceMs),
    answered: answeredShare(ledger.clicks, span),
    refused: share(clicks, ({ end }) => end === 'refused'),
    p50Ms: median(latencies),
    p95Ms: quantile(latencies, 0.95),
    p99Ms: quantile(latencies, 0.99),
    wasted: wastedShare(after.worked - before.worked, ledger.masks, span),
    busy: (after.busyMs - before.busyMs) / (capacity * (span.untilMs - span.fromMs)),
    callsPerClick: (after.calls - before.calls) / clicks.length,
    mostOpen: after.mostOpen,
  };
}

/** How well the 202s predicted: the middle error either way, and its middle size. */
export function etaFigures({ ledger }: Outcome, span: Span): readonly Figure[] {
  const errors = etaErrors(ledger.clicks, span);
  const sizes = errors.map(Math.abs);
  return [
    { name: 'prediction less wait, median', value: median(errors), unit: 'ms' },
    { name: 'size of that error, median', value: median(sizes), unit: 'ms' },
    { name: 'size of that error, p95', value: quantile(sizes, 0.95), unit: 'ms' },
  ];
}

/**
 * What the machine did to the run: when it makes clicks late, it also makes calls longer and masks
 * late, and figures are those of a busy machine.
 */
export function lateness({ lateness: late }: Pick<Outcome, 'lateness'>): Figure {
  return {
    name: 'the machine: clicks made late by the generator, p99',
    value: quantile(late, 0.99),
    unit: 'ms',
    target: { most: MOST_LATE_MS },
  };
}

/** A part of a call's time that does not matter. */
const MOST_LATE_MS = 20;
