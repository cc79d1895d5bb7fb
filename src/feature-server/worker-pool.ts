import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FeatureError } from './feature-error.ts';
import type { Job, JobAnswer, JobResults } from './worker-messages.ts';

/** Jobs that may wait; more means that the caller ignores `concurrency`, and is told to back off. */
const MAX_WAITING = 256;

interface Task {
  readonly job: Job;
  readonly resolve: (result: JobResults[keyof JobResults]) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  task: Task | undefined;
  /** The image of its last click, whose state it still has. */
  imageId: string | undefined;
}

/**
 * A fixed number of engine threads with one queue, first come, first served, clicks before
 * preparations. A thread that dies fails its job and is replaced.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #threads: Thread[] = [];
  readonly #waiting: Task[] = [];
  #closed = false;

  constructor(size: number) {
    for (let i = 0; i < size; i++) this.#threads.push(this.#spawn());
  }

  /**
   * Runs a job on the next free thread. Rejects with the signal's reason, and the job is dropped,
   * when the signal aborts before a thread has taken it; a job under way runs to its end.
   * @throws {FeatureError} 429 when too much waits already, 503 when the pool is closed
   */
  run<J extends Job>(job: J, signal: AbortSignal): Promise<JobResults[J['kind']]> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#closed) return reject(new FeatureError('shutting down', { status: 503 }));
      if (this.#waiting.length >= MAX_WAITING) {
        return reject(new FeatureError('too many calls', { status: 429 }));
      }
      const leave = () => {
        this.#withdraw(task);
        reject(signal.reason);
      };
      const task: Task = {
        job,
        resolve: (result) => {
          signal.removeEventListener('abort', leave);
          // The worker answers each kind of job with its kind of result.
          resolve(result as JobResults[J['kind']]);
        },
        reject: (reason) => {
          signal.removeEventListener('abort', leave);
          reject(reason);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(task);
      this.#dispatch();
    });
  }

  #withdraw(task: Task): void {
    const index = this.#waiting.indexOf(task);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const click = this.#waiting.findIndex((task) => task.job.kind === 'segment');
      const index = Math.max(0, click);
      const task = this.#waiting[index];
      const thread = task && this.#freeThread(task.job);
      if (!thread) return;
      this.#waiting.splice(index, 1);
      thread.task = task;
      if (task.job.kind === 'segment') thread.imageId = task.job.imageId;
      thread.worker.postMessage(task.job);
    }
  }

  /** Prefers the thread that worked on the image last: it need not replay the clicks before. */
  #freeThread(job: Job): Thread | undefined {
    const free = this.#threads.filter((thread) => thread.task === undefined);
    if (job.kind === 'prepare') return free[0];
    return free.find((thread) => thread.imageId === job.imageId) ?? free[0];
  }

  #spawn(): Thread {
    // From `src` the worker is TypeScript that node strips, from `dist` it is JavaScript.
    const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    const thread: Thread = { worker: new Worker(file), task: undefined, imageId: undefined };
    thread.worker.on('message', (answer: JobAnswer) => {
      const { task } = thread;
      thread.task = undefined;
      if (answer.ok) task?.resolve(answer.result);
      else task?.reject(new Error(answer.message));
      this.#dispatch();
    });
    thread.worker.on('error', (error) => this.#replace(thread, error));
    thread.worker.on('exit', () => this.#replace(thread, new Error('engine thread exited')));
    return thread;
  }

  #replace(thread: Thread, reason: Error): void {
    const index = this.#threads.indexOf(thread);
    if (index < 0) return;
    thread.task?.reject(reason);
    if (this.#closed) this.#threads.splice(index, 1);
    else this.#threads[index] = this.#spawn();
    this.#dispatch();
  }

  /** Fails what waits and what is under way, and ends the threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const over = new FeatureError('shutting down', { status: 503 });
    for (const task of this.#waiting.splice(0)) task.reject(over);
    const threads = this.#threads.splice(0);
    for (const { task } of threads) task?.reject(over);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}
