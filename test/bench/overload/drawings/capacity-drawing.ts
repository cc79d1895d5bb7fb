import type { Drawing } from '../cases/case.ts';
import type { Outcome } from '../experiment.ts';
import { isOnTime, masksWithin } from '../measures.ts';
import type { Axis, Line } from '../svg.ts';

/** The places of the server from a time on. */
interface CapacityStep {
  readonly atMs: number;
  readonly capacity: number;
}

export interface CapacityRun {
  readonly ours: Outcome;
  readonly peer: Outcome;
  readonly steps: readonly CapacityStep[];
  readonly untilMs: number;
  readonly serviceMs: number;
  /** Where it was measured. */
  readonly where: string;
}

/** Goodput is that of the seconds before. */
const WINDOW_MS = 3_000;
const MOST = 6;

/** All in the server's places, so that goodput, calls in flight and capacity share an axis. */
export function capacityDrawing(run: CapacityRun): Drawing {
  return {
    name: 'overload-capacity',
    chart: {
      title: 'A server that loses three of its four places, and gets them back',
      subtitle: `clicks at twice the full capacity throughout; ${run.where}`,
      x: timeAxis(run.untilMs),
      y: placesAxis,
      lines: [
        { label: 'Maskwire: goodput', points: goodputOver(run.ours, run) },
        { label: 'FIFO: goodput', points: goodputOver(run.peer, run) },
        { label: 'Maskwire: in flight', points: inFlight(run.ours), steps: true },
        { label: 'capacity', points: capacityOver(run), steps: true, reference: true },
      ],
    },
  };
}

const placesAxis: Axis = {
  label: 'places of the server',
  scale: 'linear',
  from: 0,
  until: MOST,
  ticks: [0, 1, 2, 3, 4, 5, 6].map((at) => ({ at, text: String(at) })),
};

function timeAxis(untilMs: number): Axis {
  const until = untilMs / 1000;
  const step = until > 60 ? 20 : 5;
  const ticks = Array.from({ length: Math.floor(until / step) + 1 }, (_, index) => ({
    at: index * step,
    text: `${index * step} s`,
  }));
  return { label: 'time', scale: 'linear', from: 0, until, ticks };
}

function goodputOver({ ledger }: Outcome, { untilMs, serviceMs }: CapacityRun): Line['points'] {
  const onTime = ledger.masks.filter(isOnTime);
  const count = Math.floor((untilMs - WINDOW_MS) / 1000) + 1;
  return Array.from({ length: count }, (_, index) => {
    const atMs = WINDOW_MS + index * 1000;
    const masks = masksWithin(onTime, { fromMs: atMs - WINDOW_MS, untilMs: atMs }).length;
    // A mask is a call's time of work in one place.
    return { x: atMs / 1000, y: (masks * serviceMs) / WINDOW_MS };
  });
}

function inFlight({ samples }: Outcome): Line['points'] {
  return samples.map(({ atMs, mostOpen }) => ({ x: atMs / 1000, y: mostOpen }));
}

function capacityOver({ steps, untilMs }: CapacityRun): Line['points'] {
  const points = steps.map(({ atMs, capacity }) => ({ x: atMs / 1000, y: capacity }));
  return [...points, { x: untilMs / 1000, y: steps.at(-1)?.capacity ?? Number.NaN }];
}
