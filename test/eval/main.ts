/**
 * `npm run eval -- <folder> [--json] [--limit N]`: how many clicks the embedded engine needs.
 * The folder has `images/` and `masks/` whose files share their stems; 128 in a mask is ignored.
 * What would fool the times: other work on the machine; the threads use every core.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
// Threads that use sharp need it to stay loaded in the main thread.
import 'sharp';
import type { Sample } from './dataset.ts';
import { readDataset } from './dataset.ts';
import type { SampleResult } from './run-sample.ts';
import { summarise } from './summary.ts';

interface Answer {
  readonly result?: SampleResult;
  readonly failure?: string;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      limit: { type: 'string' },
      detail: { type: 'boolean', default: false },
    },
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw new Error('give one folder');
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : Number(values.limit);
  if (!(limit >= 1)) throw new Error('--limit: a number of objects, at least 1');
  const samples = spaced(await readDataset(folder), limit);
  const results = await runAll(samples);
  if (values.detail) {
    for (const { name, iou } of results) {
      console.error(name, iou.map((value) => value.toFixed(2)).join(' '));
    }
  }
  const summary = summarise(results);
  console.log(values.json ? JSON.stringify(summary) : JSON.stringify(summary, undefined, 2));
}

/** At most `limit` samples, taken evenly over the whole set. */
function spaced(samples: readonly Sample[], limit: number): readonly Sample[] {
  if (samples.length <= limit) return samples;
  const step = samples.length / limit;
  return Array.from({ length: limit }, (_, i) => samples[Math.floor(i * step)]).filter(
    (sample) => sample !== undefined,
  );
}

/** Plays all samples on as many threads as there are cores; results in the order of the samples. */
async function runAll(samples: readonly Sample[]): Promise<SampleResult[]> {
  const results = new Map<number, SampleResult>();
  let next = 0;
  const thread = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      for (let index = next++; index < samples.length; index = next++) {
        const sample = samples[index];
        if (sample) results.set(index, await ask(worker, sample));
        process.stderr.write(`\r${results.size} of ${samples.length}`);
      }
    } finally {
      await worker.terminate();
    }
  };
  const threads = Math.min(availableParallelism(), samples.length);
  await Promise.all(Array.from({ length: threads }, thread));
  process.stderr.write('\n');
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}

function ask(worker: Worker, sample: Sample): Promise<SampleResult> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', ({ result, failure }: Answer) => {
      worker.off('error', reject);
      if (result) resolve(result);
      else reject(new Error(`${sample.name}: ${failure}`));
    });
    worker.postMessage(sample);
  });
}

try {
  await main();
} catch (error) {
  console.error(`eval: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
