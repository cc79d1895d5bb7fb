import type { ChaosReport } from './driver.ts';
import { VIOLATIONS } from './verdict.ts';

/** Violations of one kind that are told in full. */
const SHOWN = 5;

/** What a run was and what it found, for people. */
export function summary(report: ChaosReport): string {
  const { faults, violations } = report;
  const of = (kind: string) => violations.filter((violation) => violation.kind === kind);
  const lines: [string, string | number][] = [
    ['gateways killed', faults.kill],
    ['gateways stopped beyond their lease', faults.stop],
    ['gateways restarted', faults.restart],
    ['links to Redis spoiled', faults.cut],
    ['Redis restarts', faults.redis],
    ['script flushes', faults.flush],
    ['feature server calls', `${report.calls}, ${report.callFaults} spoiled`],
    ['most calls open at once', `${report.mostOpenCalls} of ${report.ceiling}`],
    ['clicks sent', report.clicksSent],
    ['clicks acknowledged', report.clicksAcknowledged],
    ['clicks refused', report.clicksRefused],
    ['events in the logs', report.eventsLogged],
    ['events read', report.eventsRead],
    ['streams opened', `${report.connections}, ${report.resets} reset`],
    ['masks compared', report.masksCompared],
    ...VIOLATIONS.map((kind): [string, number] => [`violations: ${kind}`, of(kind).length]),
  ];
  const details = VIOLATIONS.flatMap((kind) =>
    of(kind)
      .slice(0, SHOWN)
      .map(({ text }) => `  ${kind}: ${text}`),
  );
  return [
    ...lines.map(([label, value]) => `${label.padEnd(40)} ${value}`),
    ...details,
    ...(report.folder === undefined ? [] : [`history and logs: ${report.folder}`]),
  ].join('\n');
}
