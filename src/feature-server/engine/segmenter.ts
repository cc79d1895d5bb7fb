import type { Point, Prompt, Size } from '../../core/prompt.ts';
import { encodeRuns } from '../../core/rle.ts';
import { runsOfField } from './contour-runs.ts';
import type { PixelImage } from './pixel-image.ts';
import { pixelsOf } from './prepare.ts';

/** One object to outline in one prepared image. */
export interface SegmentTask {
  readonly imageId: string;
  readonly embedding: SharedArrayBuffer;
  readonly upright: Size;
  readonly prompt: Prompt;
}

/** Colour distance at which growth from a positive click stops. */
const TOLERANCE = 60;

/** Turns prompts into masks: for now by growing regions of like colour around the positive clicks. */
export class Segmenter {
  segment({ embedding, upright, prompt }: SegmentTask): { counts: string; score: number } {
    const image = pixelsOf(embedding);
    const values = new Float32Array(image.width * image.height).fill(-1);
    for (const point of prompt.points) {
      if (point.label === 1) grow(image, seedOf(point, image, upright), values);
    }
    const window = { x: 0, y: 0, ...upright };
    const runs = runsOfField({ values, width: image.width, height: image.height, window }, upright);
    return { counts: encodeRuns(runs), score: 0.5 };
  }
}

function seedOf(point: Point, image: PixelImage, upright: Size): number {
  const x = Math.floor((point.x * image.width) / upright.width);
  const y = Math.floor((point.y * image.height) / upright.height);
  return y * image.width + x;
}

function grow({ data, width, height }: PixelImage, seed: number, values: Float32Array): void {
  const stack = [seed];
  values[seed] = 1;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const next of [at - width, at + width, at - 1, at + 1]) {
      if (next < 0 || next >= width * height) continue;
      if (values[next] === 1 || distance(data, seed, next) > TOLERANCE) continue;
      values[next] = 1;
      stack.push(next);
    }
  }
}

function distance(data: Uint8Array, one: number, other: number): number {
  let sum = 0;
  for (let c = 0; c < 3; c++) {
    sum += Math.abs((data[one * 3 + c] as number) - (data[other * 3 + c] as number));
  }
  return sum;
}
