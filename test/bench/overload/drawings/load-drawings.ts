import type { Drawing } from '../cases/case.ts';
import type { Summary } from '../cases/figures-of.ts';
import type { Axis, Line } from '../svg.ts';

/** One system at one load. */
export interface Point {
  readonly load: number;
  readonly name: string;
  readonly summary: Summary;
}

/** What a mask has to be in time for, in seconds. */
const DEADLINE_S = 3;

const loadAxis: Axis = {
  label: 'offered load, multiples of what the server can do',
  scale: 'log',
  from: 0.9,
  until: 11,
  ticks: [1, 2, 5, 10].map((at) => ({ at, text: `${at} ×` })),
};

const goodputAxis: Axis = {
  label: 'goodput, share of the capacity',
  scale: 'linear',
  from: 0,
  until: 1.1,
  ticks: [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: `${at * 100} %` })),
};

const waitAxis: Axis = {
  label: 'newest click to mask, p99',
  scale: 'log',
  from: 0.4,
  until: 60,
  ticks: [0.5, 1, 3, 10, 30].map((at) => ({ at, text: `${at} s` })),
};

/** Goodput and p99 over the offered load, a line for each system; `where` it was measured. */
export function loadDrawings(points: readonly Point[], where: string): Drawing[] {
  const everywhere = [{ x: loadAxis.from }, { x: loadAxis.until }];
  return [
    {
      name: 'overload-goodput',
      chart: {
        title: 'Goodput under overload',
        subtitle: `masks within 3 s of the newest click that they cover; ${where}`,
        x: loadAxis,
        y: goodputAxis,
        lines: linesOf(points, ({ goodput }) => goodput),
      },
    },
    {
      name: 'overload-p99',
      chart: {
        title: 'Waiting under overload',
        subtitle: `of the masks delivered; a line is missing where there was none; ${where}`,
        x: loadAxis,
        y: waitAxis,
        lines: [
          ...linesOf(points, ({ p99Ms }) => p99Ms / 1000),
          {
            label: 'deadline',
            points: everywhere.map(({ x }) => ({ x, y: DEADLINE_S })),
            reference: true,
          },
        ],
      },
    },
  ];
}

function linesOf(points: readonly Point[], value: (summary: Summary) => number): Line[] {
  const names = [...new Set(points.map(({ name }) => name))];
  return names.map((label) => ({
    label,
    points: points
      .filter(({ name }) => name === label)
      .map(({ load, summary }) => ({ x: load, y: value(summary) })),
  }));
}
