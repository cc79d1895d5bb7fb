import type { SessionId } from '../../core/ids.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { Clock } from '../../ports/system.ts';

export interface WaitOptions {
  readonly ms: number;
  /** Each of them ends the wait. */
  readonly signals: readonly AbortSignal[];
  /** Asked at once and again after each event. */
  readonly done: () => Promise<boolean>;
}

/** Resolves when `done` is true after an event of the session, when the time is over, or on an abort. */
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
  for (const signal of options.signals) {
    if (signal.aborted) finish();
    else signal.addEventListener('abort', finish, { once: true });
  }
  try {
    while (!finished) {
      rung = false;
      if (await options.done()) return;
      if (rung || finished) continue;
      const { promise: next, resolve: wake } = Promise.withResolvers<void>();
      ring = wake;
      await next;
    }
  } finally {
    timer.cancel();
    for (const signal of options.signals) signal.removeEventListener('abort', finish);
    unsubscribe();
  }
}
