import type { Box, Prompt, Size } from '../../core/prompt.ts';
import { promptKey } from '../../core/prompt.ts';
import { encodeRuns } from '../../core/rle.ts';
import { runsOfField } from './contour-runs.ts';
import type { GridClick } from './decode-input.ts';
import type { Decoded } from './decode-step.ts';
import { Decoder } from './decode-step.ts';
import { unpackEmbedding } from './embedding.ts';
import { GraphSpace } from './graph-space.ts';
import type { GridBox } from './grid-box.ts';
import { clipField, gridBoxOf } from './grid-box.ts';
import { Lru } from './lru.ts';
import { fieldOf } from './mask-field.ts';

/** One object to outline in one prepared image. */
export interface SegmentTask {
  readonly imageId: string;
  readonly embedding: SharedArrayBuffer;
  /** Size of the upright image, in whose pixels the prompt and the mask are. */
  readonly upright: Size;
  readonly prompt: Prompt;
}

/** Images whose graphs a thread keeps at hand. */
const MAX_DECODERS = 8;
/** Prompts whose masks a thread remembers, about 2 KB each: the next click goes on from there. */
const MAX_STATES = 2000;

/**
 * Turns prompts into masks, click by click. What it remembers only saves time: a mask depends on
 * image and prompt alone, and is found by replaying the prompt when it is not remembered.
 */
export class Segmenter {
  readonly #decoders = new Lru<Decoder>(MAX_DECODERS);
  readonly #states = new Lru<Decoded>(MAX_STATES);

  /** The mask at the upright image's own size, as compressed COCO run lengths. */
  segment({ imageId, embedding, upright, prompt }: SegmentTask): { counts: string; score: number } {
    const decoder = this.#decoderOf(imageId, embedding);
    const { graph } = decoder.space;
    const clicks = prompt.points.map(({ x, y, label }): GridClick => {
      const [u, v] = [(x * graph.width) / upright.width, (y * graph.height) / upright.height];
      return { x: u, y: v, label, region: decoder.space.regionAt(u, v) };
    });
    const box = prompt.box && gridBoxOf(graph, toGrid(prompt.box, graph, upright));
    const { mask, score } = this.#replay(imageId, decoder, prompt, clicks, box);
    const values = fieldOf(graph, mask, clicks);
    if (box) clipField(values, graph.width, box);
    const window = { x: 0, y: 0, ...upright };
    const runs = runsOfField({ values, width: graph.width, height: graph.height, window }, upright);
    return { counts: encodeRuns(runs), score };
  }

  #decoderOf(imageId: string, embedding: SharedArrayBuffer): Decoder {
    let decoder = this.#decoders.get(imageId);
    if (!decoder) {
      decoder = new Decoder(new GraphSpace(unpackEmbedding(embedding).graph));
      this.#decoders.set(imageId, decoder);
    }
    return decoder;
  }

  #replay(
    imageId: string,
    decoder: Decoder,
    prompt: Prompt,
    clicks: readonly GridClick[],
    box: GridBox | undefined,
  ): Decoded {
    const key = (length: number) =>
      `${imageId} ${promptKey({ ...prompt, points: prompt.points.slice(0, length) })}`;
    let length = clicks.length;
    let state = this.#states.get(key(length));
    while (!state && length > 0) state = this.#states.get(key(--length));
    while (!state || length < clicks.length) {
      if (state) length++;
      else length = box ? 0 : 1;
      state = decoder.step(clicks.slice(0, length), state?.mask, box);
      this.#states.set(key(length), state);
    }
    return state;
  }
}

function toGrid(box: Box, grid: Size, upright: Size): Box {
  const across = grid.width / upright.width;
  const down = grid.height / upright.height;
  return {
    x: box.x * across,
    y: box.y * down,
    width: box.width * across,
    height: box.height * down,
  };
}
