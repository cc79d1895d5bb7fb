import type { Size } from '../core/prompt.ts';
import type { Embedding, EmbeddingStore } from './embedding-store.ts';
import { MAX_PREPARED_PIXELS, MODEL } from './engine/model.ts';
import { FeatureError, MissingError } from './feature-error.ts';
import { decodeImage } from './image-decoder.ts';
import { fetchImage } from './image-source.ts';
import type { EncodeCall, NamedImage, SegmentCall } from './requests.ts';
import type { WorkerPool } from './worker-pool.ts';

/** A mask in compressed COCO run lengths and the engine's confidence in it, 0–1. */
export interface Segmentation {
  readonly counts: string;
  readonly score: number;
}

/** The two use cases of a feature server: prepare an image, outline an object in it. */
export class SegmentationService {
  readonly #store: EmbeddingStore;
  readonly #pool: WorkerPool;

  constructor(store: EmbeddingStore, pool: WorkerPool) {
    this.#store = store;
    this.#pool = pool;
  }

  /**
   * Prepares an image unless that was done before.
   * @throws {MissingError} when the image is unknown and no url for it is given
   */
  async encode({ image }: EncodeCall, signal: AbortSignal): Promise<Embedding> {
    const embedding = await this.#store.getOrMake(
      image.id,
      (abandoned) => this.#prepare(image, abandoned),
      signal,
    );
    if (!sameSize(embedding, image)) {
      const actual = `${embedding.width} × ${embedding.height}`;
      throw new FeatureError(`image: is ${actual} upright, not ${image.width} × ${image.height}`, {
        status: 422,
      });
    }
    return embedding;
  }

  /** Outlines one object; prepares the image first if need be. */
  async segment(call: SegmentCall, signal: AbortSignal): Promise<Segmentation> {
    const embedding = await this.encode(call, signal);
    const { width, height } = embedding;
    return this.#pool.run(
      {
        kind: 'segment',
        imageId: call.image.id,
        embedding: embedding.data,
        upright: { width, height },
        prompt: call.prompt,
      },
      signal,
    );
  }

  async #prepare(image: NamedImage, signal: AbortSignal): Promise<Embedding> {
    if (image.url === undefined) throw new MissingError(['image']);
    const bytes = await fetchImage(image.url, image.id, signal);
    const { pixels, upright } = await decodeImage(bytes, MAX_PREPARED_PIXELS);
    const data = await this.#pool.run({ kind: 'prepare', pixels }, signal);
    return { data, ...upright };
  }
}

/** The name under which an embedding is told to callers: another model never takes it for its own. */
export function embeddingId(imageId: string): string {
  return `${MODEL}:${imageId}`;
}

function sameSize(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}
