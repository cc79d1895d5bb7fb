/** A feature server in this process whose answers a test decides. */
import { encodeMask, extentOfRle } from '../../src/core/rle.ts';
import type {
  CallOptions,
  EncodeCall,
  FeatureServer,
  SegmentAnswer,
  SegmentCall,
} from '../../src/ports/feature-server.ts';

type Answer = (call: SegmentCall, options: CallOptions) => Promise<SegmentAnswer>;

/** A rectangle of `width` × `height` at the first point of the prompt, or the box. */
export function rectangle({ image, prompt }: SegmentCall): SegmentAnswer {
  const { width, height } = image;
  const point = prompt.points[0] ?? { x: 0, y: 0 };
  const box = prompt.box ?? { x: Math.floor(point.x), y: Math.floor(point.y), width: 3, height: 2 };
  const mask = new Uint8Array(width * height);
  for (let y = box.y; y < Math.min(height, box.y + box.height); y++) {
    mask.fill(1, y * width + box.x, y * width + Math.min(width, box.x + box.width));
  }
  const rle = encodeMask(mask, image);
  return {
    mask: { format: 'coco_rle', ...rle },
    ...extentOfRle(rle),
    score: 0.9,
    model: 'test',
  };
}

/** Answers at once with {@link rectangle}, until told otherwise. */
export class ScriptedFeatures implements FeatureServer {
  readonly calls: { readonly call: SegmentCall; readonly options: CallOptions }[] = [];
  #answer: Answer = async (call) => rectangle(call);

  /** How calls are answered from now on. */
  answerWith(answer: Answer): void {
    this.#answer = answer;
  }

  /** Holds all calls until the result is called. */
  hold(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#answer = async (call) => {
      await gate.promise;
      return rectangle(call);
    };
    return () => {
      this.#answer = async (call) => rectangle(call);
      gate.resolve();
    };
  }

  async info() {
    return {
      name: 'scripted',
      version: '1',
      models: ['test'],
      concurrency: 2,
      encode: true,
      cancellable: true,
      maxImageBytes: 5 * 1024 * 1024,
    };
  }

  async encode({ image }: EncodeCall) {
    return { embeddingId: `emb-${image.imageId}` };
  }

  segment(call: SegmentCall, options: CallOptions): Promise<SegmentAnswer> {
    this.calls.push({ call, options });
    return this.#answer(call, options);
  }
}
