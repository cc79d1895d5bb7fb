/**
 * Decides whether the history of a run is one that the protocol allows. After jepsen's checkers for
 * queues and for Kafka (`checker.clj`, `tests/kafka.clj`), held to more: duplicates count as well.
 */
import type { Position } from '../../src/core/cursor.ts';
import { formatCursor, isAfter } from '../../src/core/cursor.ts';
import { checkClicks } from './check-clicks.ts';
import { checkMasks } from './check-masks.ts';
import type { AnyEnvelope, ReaderHistory, RunHistory, Seen, SessionHistory } from './history.ts';
import type { Truth, Violation } from './verdict.ts';
import { positionOf } from './verdict.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly masksCompared: number;
}

export function checkRun(run: RunHistory): Verdict {
  const owners = new Map(
    run.sessions.flatMap(({ sessionId, clicks }) =>
      clicks.map(({ clientRef }) => [clientRef, sessionId] as const),
    ),
  );
  const checked = run.sessions.map((session) => checkSession(session, owners));
  const { ceiling, mostOpenCalls, callsAbove } = run;
  const above = mostOpenCalls > ceiling && callsAbove.length === 0 ? ['unseen'] : callsAbove;
  return {
    violations: [
      ...checked.flatMap(({ violations }) => violations),
      ...above.map((text) => ({ kind: 'calls above the ceiling', text }) as const),
      ...run.badAnswers.map((text) => ({ kind: 'bad answer', text }) as const),
      ...run.unsettled.map((text) => ({ kind: 'unsettled', text }) as const),
    ],
    masksCompared: checked.reduce((sum, { masksCompared }) => sum + masksCompared, 0),
  };
}

function checkSession(session: SessionHistory, owners: ReadonlyMap<string, string>): Verdict {
  const { truth, forks } = gather(session);
  const masks = checkMasks(truth);
  const violations = [
    ...forks,
    ...checkLog(session),
    ...session.readers.flatMap((reader) => checkReader(reader, session.log.at(-1))),
    ...checkClicks(truth, owners),
    ...masks.violations,
  ].map(({ kind, text }) => ({ kind, text: `${session.sessionId}: ${text}` }));
  return { violations, masksCompared: masks.compared };
}

/** Joins the log with what the readers saw, and finds cursors on which they disagree. */
function gather(session: SessionHistory): { truth: Truth; forks: Violation[] } {
  const byCursor = new Map<string, AnyEnvelope>();
  const forks: Violation[] = [];
  const seen = session.readers.flatMap((reader) => reader.seen);
  const read = seen.flatMap((item) => (item.kind === 'event' ? [item] : []));
  const logged = session.log.map((event) => ({ id: event.eventId as string, event }));
  for (const { id, event } of [...logged, ...read]) {
    const known = byCursor.get(id);
    byCursor.set(id, known ?? event);
    // Most are the very same object, read once for all readers.
    const same = known === undefined || known === event;
    if (!same && JSON.stringify(known) !== JSON.stringify(event)) {
      forks.push({ kind: 'forked cursor', text: `two events at ${id}` });
    }
    if (!isItself(id, event)) {
      forks.push({ kind: 'forked cursor', text: `the event at ${id} calls itself otherwise` });
    }
    if (event.channel !== `session:${session.sessionId}`) {
      forks.push({ kind: 'cross-session', text: `an event of ${event.channel} at ${id}` });
    }
  }
  const events = [...byCursor.values()].toSorted(byPosition);
  const epochs = new Set(events.map((event) => positionOf(event.eventId).epoch));
  const last = session.log.at(-1);
  const lastEpoch = last === undefined ? 0 : positionOf(last.eventId).epoch;
  return { truth: { session, events, lastEpoch, epochs: epochs.size }, forks };
}

function isItself(id: string, event: AnyEnvelope): boolean {
  return event.eventId === id && positionOf(id).sequence === event.sequence;
}

function byPosition(left: AnyEnvelope, right: AnyEnvelope): number {
  const [first, second] = [positionOf(left.eventId), positionOf(right.eventId)];
  return first.epoch - second.epoch || first.sequence - second.sequence;
}

/** A19: 1, 2, 3 … without a hole, in one epoch. */
function checkLog({ log }: SessionHistory): Violation[] {
  const epoch = positionOf(log[0]?.eventId ?? '').epoch;
  return log.flatMap(({ eventId }, index): Violation[] => {
    const expected = formatCursor({ epoch, sequence: index + 1 });
    if (eventId === expected) return [];
    return [{ kind: 'lost', text: `the log has ${eventId} where ${expected} belongs` }];
  });
}

/** A23, A24: events without hole, repeat or reordering, except across an announced reset. */
function checkReader({ name, seen }: ReaderHistory, last: AnyEnvelope | undefined): Violation[] {
  const follower = new Follower();
  const found = seen.flatMap((item) => follower.take(item) ?? []);
  const end = follower.position === undefined ? 'nothing' : formatCursor(follower.position);
  if (last !== undefined && end !== last.eventId) {
    found.push({ kind: 'unsettled', text: `at ${end}, while the log ends at ${last.eventId}` });
  }
  return found.map(({ kind, text }) => ({ kind, text: `${name}: ${text}` }));
}

/** Follows one reader; after each violation it goes on from what came. */
class Follower {
  position: Position | undefined;
  /** Only a snapshot may come now. */
  #wantsSnapshot = false;
  readonly #had = new Set<string>();

  take(item: Seen): Violation | undefined {
    switch (item.kind) {
      case 'connected':
        this.#wantsSnapshot = item.from === undefined;
        return undefined;
      case 'reset':
        this.#wantsSnapshot = true;
        return undefined;
      case 'snapshot':
        return this.#snapshot(positionOf(item.cursor));
      case 'heartbeat':
        return this.#heartbeat(item.id);
      case 'event':
        return this.#event(item.id);
    }
  }

  #snapshot(position: Position): Violation | undefined {
    const before = this.position;
    const asked = this.#wantsSnapshot;
    this.position = position;
    this.#wantsSnapshot = false;
    const at = formatCursor(position);
    if (!asked) return { kind: 'lost', text: `a snapshot at ${at} without a reset` };
    if (before === undefined || !isAfter(before, position)) return undefined;
    return { kind: 'reordered', text: `set back from ${formatCursor(before)} to ${at}` };
  }

  /** L13: it would become the position to resume from. */
  #heartbeat(id: string): Violation | undefined {
    const here = this.position === undefined ? 'nothing' : formatCursor(this.position);
    // Who asked for everything and has nothing yet stands before the first entry.
    const stands = this.position === undefined ? positionOf(id).sequence === 0 : id === here;
    if (stands && !this.#wantsSnapshot) return undefined;
    return { kind: 'lost', text: `a heartbeat says ${id} to a reader at ${here}` };
  }

  #event(id: string): Violation | undefined {
    const before = this.position;
    const now = positionOf(id);
    const repeated = this.#had.has(id);
    this.#had.add(id);
    this.position = now;
    if (this.#wantsSnapshot) {
      this.#wantsSnapshot = false;
      return { kind: 'lost', text: `${id} came instead of a snapshot` };
    }
    const follows =
      before === undefined
        ? now.sequence === 1
        : now.epoch === before.epoch && now.sequence === before.sequence + 1;
    if (follows) return undefined;
    const text = `${id} came after ${before === undefined ? 'nothing' : formatCursor(before)}`;
    if (repeated) return { kind: 'repeated', text };
    const back = before !== undefined && isAfter(before, now);
    return { kind: back ? 'reordered' : 'lost', text };
  }
}
