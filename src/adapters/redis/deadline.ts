import { LinkLost } from './failure.ts';

/** Rejects with {@link LinkLost} when the promise takes too long; it goes on, unheard. */
export async function before<Result>(promise: Promise<Result>, ms: number): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const fail = () => reject(new LinkLost(`no answer within ${ms} ms`));
  // What has arrived while the process stood still is read first, and counts.
  const timer = setTimeout(() => setImmediate(fail), Math.max(0, ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
