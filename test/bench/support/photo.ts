import sharp from 'sharp';
import type { Scene } from '../../../src/sample/scene.ts';
import { renderScene } from '../../../src/sample/scene.ts';

export interface Photo {
  readonly scene: Scene;
  readonly jpeg: Uint8Array;
  /** Pixels of the photo for each pixel of the scene. */
  readonly scale: number;
}

/** Rendered at most this wide and then enlarged: rendering 12 megapixels takes many seconds. */
const RENDERED_WIDTH = 1_155;

/**
 * The sample scene as a JPEG of about `megapixels`, within the 5 MiB that an upload may have. Another
 * `variant` is another file: the same one would be prepared only once.
 */
export async function renderPhoto(megapixels: number, variant = 0): Promise<Photo> {
  const width = Math.round(Math.sqrt((megapixels * 1e6 * 4) / 3));
  const scene = renderScene({ width: Math.min(width, RENDERED_WIDTH) });
  const raw = { width: scene.width, height: scene.height, channels: 4 as const };
  const jpeg = await sharp(scene.rgba, { raw })
    .resize({ width })
    .jpeg({ quality: 90 - variant })
    .toBuffer();
  return { scene, jpeg, scale: width / scene.width };
}

/** Clicks all over the scene, no two alike, so that no answer is remembered. */
export function* distinctPoints(scene: Scene): Generator<{ x: number; y: number; label: 1 }> {
  for (let round = 0; ; round += 1) {
    for (const object of scene.objects) {
      const x = Math.min(scene.width - 1, object.click.x + (round % 7) + Math.floor(round / 7) / 8);
      yield { x, y: object.click.y, label: 1 };
    }
  }
}
