import type { EventLog, LoggedEvent } from '../../ports/event-log.ts';
import type { Work } from '../../ports/session-store.ts';
import type { SegmentToken } from '../../ports/work-queue.ts';

/** Ends with its work. */
export interface Withdrawal extends Disposable {
  /** Aborted when nobody can get the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * Hears when an object is removed or answered otherwise while a call for it is under way. A click that
 * was superseded is no such case: the answer for it is shown until there is a newer one.
 */
export async function watchWithdrawal(
  log: EventLog,
  token: SegmentToken,
  { revision }: Work,
): Promise<Withdrawal> {
  const withdrawn = new AbortController();
  const unsubscribe = await log.subscribe(token.sessionId, {
    appended: (events) => {
      if (events.some((event) => ends(event, token, revision))) withdrawn.abort();
    },
    passing: () => {},
  });
  return { signal: withdrawn.signal, [Symbol.dispose]: unsubscribe };
}

function ends(event: LoggedEvent, { objectId }: SegmentToken, revision: number): boolean {
  switch (event.type) {
    case 'session.closed':
      return true;
    case 'object.removed':
      return event.payload.objectId === objectId;
    case 'segment.completed':
    case 'segment.failed':
      return event.payload.objectId === objectId && event.payload.revision >= revision;
    default:
      return false;
  }
}
