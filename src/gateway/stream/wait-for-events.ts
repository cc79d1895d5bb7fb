import type { SessionId } from '../../core/ids.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { Clock } from '../../ports/system.ts';

export interface WaitOptions {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Asked at once and again after each event. */
  readonly done: () => Promise<boolean>;
}

/** Resolves when `done` is true after an event of the session, when the time is over, or on abort. */
export async function waitForEvents(
  log: EventLog,
  clock: Clock,
  session: SessionId,
  options: WaitOptions,
): Promise<void> {
  let ring: () => void = () => {};
  let finished = false;
  const finish = () => {
    finished = true;
    ring();
  };
  let rung = true;
  const unsubscribe = await log.subscribe(session, {
    appended: () => {
      rung = true;
      ring();
    },
    passing: () => {},
  });
  const timer = clock.after(options.ms, finish);
  options.signal.addEventListener('abort', finish, { once: true });
  try {
    while (!(finished || options.signal.aborted)) {
      rung = false;
      if (await options.done()) return;
      if (rung || finished || options.signal.aborted) continue;
      const { promise: next, resolve: wake } = Promise.withResolvers<void>();
      ring = wake;
      await next;
    }
  } finally {
    timer.cancel();
    options.signal.removeEventListener('abort', finish);
    unsubscribe();
  }
}
