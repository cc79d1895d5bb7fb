import type { Position } from '../../src/core/cursor.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type { Seen, SeenEvent } from './simulated-reader.ts';

/** Everything that was appended to one session's log, trimmed or not. */
export type Truth = readonly LoggedEvent[];

/** A19: 1, 2, 3 … without a hole. */
export function checkDense(truth: Truth): string[] {
  return truth.flatMap((event, index) =>
    event.position.sequence === index + 1
      ? []
      : [`A19: entry ${index + 1} of the log has sequence ${event.position.sequence}`],
  );
}

/** A21: every accepted click ends exactly once, after it was accepted; revisions never go down. */
export function checkEndings(truth: Truth, acknowledged: ReadonlySet<string>): string[] {
  const endings = new Map<string, number>();
  for (const event of truth) {
    if (event.type === 'click.accepted') endings.set(event.payload.clickId, 0);
    // One that ends before it was accepted is counted as ended twice.
    for (const click of endedBy(event)) endings.set(click, (endings.get(click) ?? 1) + 1);
  }
  const lost = [...acknowledged].filter((click) => !endings.has(click));
  const closed = truth.at(-1)?.type === 'session.closed';
  const wrong = [...endings].filter(([, count]) => count > 1 || (count === 0 && !closed));
  return [
    ...lost.map((click) => `A12: ${click} was acknowledged and is not in the log`),
    ...wrong.map(([click, count]) => `A21: ${click} ended ${count} times`),
    ...checkRevisions(truth),
  ];
}

function endedBy(event: LoggedEvent): readonly string[] {
  switch (event.type) {
    case 'click.cancelled':
      return [event.payload.clickId];
    case 'segment.completed':
    case 'segment.failed':
      return event.payload.covers;
    default:
      return [];
  }
}

function checkRevisions(truth: Truth): string[] {
  const errors: string[] = [];
  const revisions = new Map<string, number>();
  for (const event of truth) {
    if (event.type !== 'segment.completed') continue;
    const { objectId, revision } = event.payload;
    if (revision <= (revisions.get(objectId) ?? 0)) {
      errors.push(`A21: ${objectId} got revision ${revision} after a newer one`);
    }
    revisions.set(objectId, revision);
  }
  return errors;
}

/** A23, A24: what a reader saw is the log from where it began, without hole, repeat or reordering. */
export function checkReader(name: string, seen: readonly Seen[], truth: Truth): string[] {
  const errors: string[] = [];
  /** What must come next; `undefined` where only a snapshot may come. */
  let expected: number | undefined;
  /** The last event that the reader knows of: a snapshot may never set it back. */
  let reached = 0;
  for (const item of seen) {
    if (item.kind === 'start') expected = 1;
    else if (item.kind === 'reset') expected = undefined;
    else {
      const problem =
        item.kind === 'snapshot'
          ? checkSnapshot(item.position, expected, reached)
          : checkEvent(item, expected, truth);
      if (problem !== undefined) errors.push(`${problem} (${name})`);
      reached = item.position.sequence;
      expected = reached + 1;
    }
  }
  return errors;
}

function checkSnapshot(position: Position, expected: number | undefined, reached: number) {
  if (expected !== undefined) return `A24: a snapshot at ${position.sequence} without a reset`;
  if (position.sequence < reached) return `A24: set back from ${reached} to ${position.sequence}`;
  return undefined;
}

function checkEvent(item: SeenEvent, expected: number | undefined, truth: Truth) {
  const { sequence } = item.position;
  if (sequence !== expected) return `A23: ${sequence} came instead of ${expected}`;
  const entry = truth[sequence - 1];
  const same = JSON.stringify(entry?.payload) === JSON.stringify(item.envelope.payload);
  return same ? undefined : `A23: other content at ${sequence}`;
}

/** After everything has come to rest, a connected reader has seen the whole log. */
export function checkCaughtUp(name: string, seen: readonly Seen[], truth: Truth): string[] {
  const last = seen.findLast((item) => item.kind === 'event' || item.kind === 'snapshot');
  const sequence = last === undefined || !('position' in last) ? 0 : last.position.sequence;
  return sequence === truth.length
    ? []
    : [`A23: ${name} stands at ${sequence}, the log ends at ${truth.length}`];
}
