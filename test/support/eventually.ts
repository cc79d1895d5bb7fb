/** Waiting for what no event tells of. */
import { setTimeout as after } from 'node:timers/promises';

const PAUSE_MS = 20;

/**
 * Asks again and again until it is answered; an attempt that rejects says why not yet. Rejects when `ms` have gone by,
 * also in the middle of an attempt, and says what was awaited and why the last attempt failed.
 */
export async function eventually<Result>(
  label: string,
  ask: () => Promise<Result>,
  ms = 10_000,
): Promise<Result> {
  const end = new AbortController();
  const late = after(ms, undefined, { signal: end.signal });
  let cause: unknown = new Error('no answer');
  const attempts = async () => {
    while (!end.signal.aborted) {
      try {
        return { answer: await ask() };
      } catch (error) {
        cause = error;
      }
      await after(PAUSE_MS);
    }
    return undefined;
  };
  try {
    const answered = await Promise.race([attempts(), late]);
    if (answered !== undefined) return answered.answer;
  } finally {
    late.catch(() => undefined);
    end.abort();
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new Error(`did not happen within ${ms} ms: ${label} (${why})`, { cause });
}
