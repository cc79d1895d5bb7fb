import type { Clock, Timer } from '../../ports/system.ts';

/** Longer spans would overflow the timer's 32 bits and fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms: number, task: () => void): Timer {
    const timer = setTimeout(task, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
