import { readFile } from 'node:fs/promises';
import type { Point } from '../../src/core/prompt.ts';
import { decodeRle, maskOfRuns } from '../../src/core/rle.ts';
import { MAX_PREPARED_PIXELS } from '../../src/feature-server/engine/model.ts';
import { prepare } from '../../src/feature-server/engine/prepare.ts';
import { Segmenter } from '../../src/feature-server/engine/segmenter.ts';
import { decodeImage } from '../../src/feature-server/image-decoder.ts';
import { intersectionOverUnion, nextClick } from './click-protocol.ts';
import type { Sample } from './dataset.ts';
import { readTruth } from './dataset.ts';

/** Clicks after which an object counts as not found. */
export const MAX_CLICKS = 20;
/** The best quality that is asked for; nobody clicks on after it. */
const STOP_AT = 0.9;

/** What one object took. */
export interface SampleResult {
  readonly name: string;
  /** After each click; the protocol stops at {@link STOP_AT}, but not before the tenth. */
  readonly iou: readonly number[];
  readonly clickMs: readonly number[];
  readonly prepareMs: number;
}

/** Clicks that are always made, since the mean quality after ten is reported. */
const ALWAYS = 10;

/** Plays the click protocol on one object. */
export async function runSample(sample: Sample): Promise<SampleResult> {
  const truth = await readTruth(sample.mask);
  const bytes = await readFile(sample.image);
  const prepareStart = performance.now();
  const { pixels, upright } = await decodeImage(bytes, MAX_PREPARED_PIXELS);
  const embedding = prepare(pixels);
  const prepareMs = performance.now() - prepareStart;
  if (upright.width !== truth.width || upright.height !== truth.height) {
    throw new Error(`${sample.name}: image and mask differ in size`);
  }
  const segmenter = new Segmenter();
  const points: Point[] = [];
  const iou: number[] = [];
  const clickMs: number[] = [];
  let mask: Uint8Array = new Uint8Array(truth.values.length);
  while (points.length < MAX_CLICKS && !((iou.at(-1) ?? 0) >= STOP_AT && points.length >= ALWAYS)) {
    points.push(nextClick(truth, mask, points));
    const start = performance.now();
    const { counts } = segmenter.segment({
      imageId: sample.name,
      embedding,
      upright,
      prompt: { points },
    });
    clickMs.push(performance.now() - start);
    mask = maskOfRuns(decodeRle({ size: [truth.height, truth.width], counts }), truth);
    iou.push(intersectionOverUnion(truth, mask));
  }
  return { name: sample.name, iou, clickMs, prepareMs };
}
