import { buildGraph } from './build-graph.ts';
import { packEmbedding } from './embedding.ts';
import { WORKING_SIDE } from './model.ts';
import type { PixelImage } from './pixel-image.ts';

/** Everything about an image that does not depend on clicks, in memory that threads can share. */
export function prepare(pixels: PixelImage): SharedArrayBuffer {
  const whole = { x: 0, y: 0, width: pixels.width, height: pixels.height };
  return packEmbedding({ pixels, graph: buildGraph(pixels, whole, WORKING_SIDE) });
}
