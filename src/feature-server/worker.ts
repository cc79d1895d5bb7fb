/** One thread of the engine: takes one job at a time from its pool, in order. */
import { parentPort } from 'node:worker_threads';
import { prepare } from './engine/prepare.ts';
import { Segmenter } from './engine/segmenter.ts';
import type { Job, JobAnswer, JobResults } from './worker-messages.ts';

const segmenter = new Segmenter();

parentPort?.on('message', (job: Job) => {
  parentPort?.postMessage(answer(job));
});

function answer(job: Job): JobAnswer {
  try {
    return { ok: true, result: work(job) };
  } catch (error) {
    return {
      ok: false,
      message: error instanceof Error ? (error.stack ?? error.message) : 'failed',
    };
  }
}

function work(job: Job): JobResults[keyof JobResults] {
  return job.kind === 'prepare' ? prepare(job.pixels) : segmenter.segment(job);
}
