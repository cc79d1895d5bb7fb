/** One thread of the evaluation: plays one object at a time. */
import { parentPort } from 'node:worker_threads';
import type { Sample } from './dataset.ts';
import { runSample } from './run-sample.ts';

parentPort?.on('message', async (sample: Sample) => {
  try {
    parentPort?.postMessage({ result: await runSample(sample) });
  } catch (error) {
    parentPort?.postMessage({ failure: error instanceof Error ? error.message : String(error) });
  }
});
