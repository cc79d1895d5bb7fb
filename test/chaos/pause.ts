import { setTimeout as after } from 'node:timers/promises';

/** Resolves after a while, or at once when the signal comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await after(ms, undefined, { signal }).catch(() => undefined);
}
