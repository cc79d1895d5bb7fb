import { LinkLost } from './failure.ts';

/** Rejects with {@link LinkLost} when the promise takes too long; it goes on, unheard. */
export function before<Result>(promise: Promise<Result>, ms: number): Promise<Result> {
  // By hand, since every command goes through here: a race costs ten objects, this four.
  return new Promise((resolve, reject) => {
    const fail = () => reject(new LinkLost(`no answer within ${ms} ms`));
    // What has arrived while the process stood still is read first, and counts.
    const timer = setTimeout(() => setImmediate(fail), Math.max(0, ms));
    promise.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
