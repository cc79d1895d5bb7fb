import type { Box, Prompt, Size } from '../../core/prompt.ts';
import { buildGraph } from './build-graph.ts';
import { Decoder } from './decode-step.ts';
import type { PreparedImage } from './embedding.ts';
import type { Frame, FrameMask } from './frame.ts';
import { boxOn, clicksOn, holds, project } from './frame.ts';
import { GraphSpace } from './graph-space.ts';
import { Lru } from './lru.ts';
import { WORKING_SIDE } from './model.ts';
import { frameKey, runsOut, uprightWindow, zoomWindow } from './zoom.ts';

/** What a prompt has led to: a mask on a frame, and how sure the ranker is of it, 0–1. */
export interface DecodedState extends FrameMask {
  readonly score: number;
}

/** Zoomed frames that an image keeps at hand, each about 2 MB: one for every object of a session. */
const MAX_FRAMES = 12;

/** Decodes clicks on one image, on a finer frame where the object is small. */
export class ImageDecoder {
  readonly #pixels: PreparedImage['pixels'];
  readonly #upright: Size;
  readonly #whole: Frame;
  readonly #frames = new Lru<Frame>(MAX_FRAMES);

  constructor({ pixels, graph }: PreparedImage, upright: Size) {
    this.#pixels = pixels;
    this.#upright = upright;
    this.#whole = {
      decoder: new Decoder(new GraphSpace(graph)),
      window: { x: 0, y: 0, ...upright },
      crop: undefined,
    };
  }

  /** Answers the last point of a prompt, given what the points before it led to. */
  step(prompt: Prompt, before: DecodedState | undefined): DecodedState {
    const last = prompt.points.at(-1);
    const zoomed = before?.frame.crop && (!last || holds(before.frame, last));
    if (zoomed) {
      const state = this.#decode(before.frame, prompt, before);
      if (!runsOut(state, this.#pixels)) return state;
    }
    const coarse = this.#decode(this.#whole, prompt, before);
    const window = zoomWindow(coarse, this.#pixels);
    if (!window) return coarse;
    const frame = this.#frameOf(window);
    if (last && !holds(frame, last)) return coarse;
    const fine = this.#decode(frame, prompt, before);
    return runsOut(fine, this.#pixels) ? coarse : fine;
  }

  #decode(frame: Frame, prompt: Prompt, before: DecodedState | undefined): DecodedState {
    const { mask, score } = frame.decoder.step(
      clicksOn(frame, prompt.points),
      before && project(before, frame),
      prompt.box && boxOn(frame, prompt.box),
    );
    return { frame, mask, score };
  }

  #frameOf(crop: Box): Frame {
    const key = frameKey(crop);
    let frame = this.#frames.get(key);
    if (!frame) {
      const graph = buildGraph(this.#pixels, crop, WORKING_SIDE);
      frame = {
        decoder: new Decoder(new GraphSpace(graph)),
        window: uprightWindow(crop, this.#pixels, this.#upright),
        crop,
      };
      this.#frames.set(key, frame);
    }
    return frame;
  }
}
