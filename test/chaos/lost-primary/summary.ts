import type { LostPrimaryReport, Phase } from './experiment.ts';

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const counts = ({ acknowledged, refused }: Phase) => `${acknowledged} / ${refused}`;
const times = ([median, p99]: readonly [number, number]) =>
  `${median.toFixed(1)} / ${p99.toFixed(1)}`;

/** What was measured, a column for each level, as a Markdown table. */
export function lostPrimarySummary(reports: readonly LostPrimaryReport[]): string {
  const row = (label: string, value: (report: LostPrimaryReport) => string | number) =>
    `| ${[label, ...reports.map(value)].join(' | ')} |`;
  return [
    row('', ({ level }) => level),
    `|---|${reports.map(() => '---|').join('')}`,
    row('without the primary for', ({ lostMs }) => seconds(lostMs)),
    row('acknowledged / refused before', ({ before }) => counts(before)),
    row('acknowledged / refused meanwhile', ({ during }) => counts(during)),
    row('acknowledged / refused afterwards', ({ after }) => counts(after)),
    row('**acknowledged and lost**', ({ lost }) => `**${lost}**`),
    row('loss window', ({ lossWindowMs }) => seconds(lossWindowMs)),
    row('every session goes on, after its return', ({ recoveryMs }) => seconds(recoveryMs)),
    row('answer before, median / p99 ms', ({ before }) => times(before.acknowledgedIn)),
    row('refusal meanwhile, median / p99 ms', ({ during }) => times(during.refusedIn)),
  ].join('\n');
}
