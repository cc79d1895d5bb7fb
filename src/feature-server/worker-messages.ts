/** What the HTTP thread and the engine's threads say to each other. */
import type { Prompt, Size } from '../core/prompt.ts';
import type { PixelImage } from './engine/pixel-image.ts';

/** Make an embedding of an image. */
export interface PrepareJob {
  readonly kind: 'prepare';
  readonly pixels: PixelImage;
}

/** Make a mask; `embedding` is shared memory, so any thread can take any image. */
export interface SegmentJob {
  readonly kind: 'segment';
  readonly imageId: string;
  readonly embedding: SharedArrayBuffer;
  readonly upright: Size;
  readonly prompt: Prompt;
}

/** A piece of the engine's work. */
export type Job = PrepareJob | SegmentJob;

/** What comes of each kind of job. */
export interface JobResults {
  readonly prepare: SharedArrayBuffer;
  readonly segment: { readonly counts: string; readonly score: number };
}

/** A worker's answer to the one job that it has. */
export type JobAnswer =
  | { readonly ok: true; readonly result: JobResults[keyof JobResults] }
  | { readonly ok: false; readonly message: string };
