import type { Prompt, Size } from '../../core/prompt.ts';
import { promptKey } from '../../core/prompt.ts';
import { boundedText } from './bounded-text.ts';
import { unpackEmbedding } from './embedding.ts';
import { boxOn, clicksOn } from './frame.ts';
import { clipField } from './grid-box.ts';
import type { DecodedState } from './image-decoder.ts';
import { ImageDecoder } from './image-decoder.ts';
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

/** Images whose graphs a thread keeps at hand, zoomed ones included. */
const MAX_DECODERS = 6;
/** Prompts whose masks a thread remembers for an image: the next click goes on from there. */
const MAX_STATES = 500;

interface Remembered {
  readonly decoder: ImageDecoder;
  readonly states: Lru<DecodedState>;
}

/**
 * Turns prompts into masks, click by click. What it remembers only saves time: a mask depends on
 * image and prompt alone, and is found by replaying the prompt when it is not remembered.
 */
export class Segmenter {
  readonly #images = new Lru<Remembered>(MAX_DECODERS);

  /** The mask at the upright image's own size, as compressed COCO run lengths. */
  segment({ imageId, embedding, upright, prompt }: SegmentTask): { counts: string; score: number } {
    const { frame, mask, score } = replay(this.#recall(imageId, embedding, upright), prompt);
    const { graph } = frame.decoder.space;
    const values = fieldOf(graph, mask, clicksOn(frame, prompt.points));
    if (prompt.box) clipField(values, graph.width, boxOn(frame, prompt.box));
    const { width, height } = graph;
    const counts = boundedText({ values, width, height, window: frame.window }, upright);
    return { counts, score };
  }

  #recall(imageId: string, embedding: SharedArrayBuffer, upright: Size): Remembered {
    const key = `${imageId} ${upright.width}×${upright.height}`;
    let known = this.#images.get(key);
    if (!known) {
      const decoder = new ImageDecoder(unpackEmbedding(embedding), upright);
      known = { decoder, states: new Lru(MAX_STATES) };
      this.#images.set(key, known);
    }
    return known;
  }
}

/** Goes on from the longest part of the prompt that is remembered, click by click. */
function replay({ decoder, states }: Remembered, prompt: Prompt): DecodedState {
  const part = (length: number): Prompt => ({ ...prompt, points: prompt.points.slice(0, length) });
  let length = prompt.points.length;
  let state = states.get(promptKey(part(length)));
  while (!state && length > 0) state = states.get(promptKey(part(--length)));
  while (!state || length < prompt.points.length) {
    if (state) length++;
    else length = prompt.box ? 0 : 1;
    state = decoder.step(part(length), state);
    states.set(promptKey(part(length)), state);
  }
  return state;
}
