import type { CutsReport } from './cuts.ts';
import type { ChaosReport } from './driver.ts';
import type { RunReport } from './run.ts';
import { VIOLATIONS } from './verdict.ts';

/** Violations of one kind that are told in full. */
const SHOWN = 5;

type Line = readonly [label: string, value: string | number];

/** What a run with faults was and what it found, for people. */
export function summary(report: ChaosReport): string {
  const { faults } = report;
  return lines(report, [
    ['gateways killed', faults.kill],
    ['gateways stopped beyond their lease', faults.stop],
    ['gateways restarted', faults.restart],
    ['links to Redis spoiled', faults.cut],
    ['Redis restarts', faults.redis],
    ['script flushes', faults.flush],
  ]);
}

/** The same of a run in which readers were cut. */
export function cutsSummary(report: CutsReport): string {
  return lines(report, [
    ['readers', report.readers],
    ['cuts', `${report.cuts}, ${report.cutsInFrames} with a part of what came last`],
  ]);
}

function lines(report: RunReport, first: readonly Line[]): string {
  const { violations } = report;
  const of = (kind: string) => violations.filter((violation) => violation.kind === kind);
  const all: readonly Line[] = [
    ...first,
    ['feature server calls', `${report.calls}, ${report.callFaults} spoiled`],
    ['most calls open at once', `${report.mostOpenCalls} of ${report.ceiling}`],
    ['clicks sent', report.clicksSent],
    ['clicks acknowledged', report.clicksAcknowledged],
    ['clicks refused', [...report.refusals].map(([code, count]) => `${count} ${code}`).join(', ')],
    ['events in the logs', report.eventsLogged],
    ['events read', report.eventsRead],
    ['streams opened', `${report.connections}, ${report.resets} reset`],
    ['masks compared', report.masksCompared],
    ...VIOLATIONS.map((kind): Line => [`violations: ${kind}`, of(kind).length]),
  ];
  const details = VIOLATIONS.flatMap((kind) =>
    of(kind)
      .slice(0, SHOWN)
      .map(({ text }) => `  ${kind}: ${text}`),
  );
  return [
    ...all.map(([label, value]) => `${label.padEnd(40)} ${value}`),
    ...details,
    ...(report.folder === undefined ? [] : [`history and logs: ${report.folder}`]),
  ].join('\n');
}
