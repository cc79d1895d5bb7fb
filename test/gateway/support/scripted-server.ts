import { encodeMask, extentOfRle } from '../../../src/core/rle.ts';
import type {
  CallOptions,
  EncodeCall,
  FailureKind,
  FeatureServer,
  SegmentAnswer,
  SegmentCall,
} from '../../../src/ports/feature-server.ts';
import { FeatureServerError } from '../../../src/ports/feature-server.ts';
import type { FeatureServerInfo } from '../../../src/protocol/feature-server.ts';
import type { VirtualClock } from '../../sim/virtual-clock.ts';

export type Segmented = SegmentCall & CallOptions & { readonly at: number };
export type Encoded = EncodeCall & CallOptions & { readonly at: number };

/** What the next call of a kind meets instead of an answer. */
export type Fault = FeatureServerError | 'hang' | Error;

export const fault = (kind: FailureKind, retryAfterMs?: number): FeatureServerError =>
  new FeatureServerError(kind, `scripted ${kind}`, { retryAfterMs });

/** A feature server of virtual time that does as it is told, and remembers what it was asked. */
export class ScriptedServer implements FeatureServer {
  readonly segments: Segmented[] = [];
  readonly encodes: Encoded[] = [];
  /** Met by the next calls, one each; afterwards calls succeed. */
  readonly segmentFaults: Fault[] = [];
  readonly encodeFaults: Fault[] = [];
  readonly infoFaults: Error[] = [];
  segmentMs = 500;
  encodeMs = 200;
  infoMs = 0;
  /** Its process is not there: nobody can connect, and what it had in memory is gone. */
  isAway = false;
  /** Embeddings that it has; it does not look when absent. */
  embeddings: Set<string> | undefined;
  open = 0;
  mostOpen = 0;
  facts: FeatureServerInfo;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, concurrency: number) {
    this.#clock = clock;
    this.facts = {
      name: 'scripted',
      version: '1',
      models: ['scripted'],
      concurrency,
      encode: true,
      cancellable: false,
      maxImageBytes: 1_000_000,
    };
  }

  async info(): Promise<FeatureServerInfo> {
    if (this.infoMs > 0) await this.#clock.sleep(this.infoMs);
    if (this.isAway) throw fault('unreachable');
    const failure = this.infoFaults.shift();
    if (failure !== undefined) throw failure;
    return this.facts;
  }

  async encode(call: EncodeCall, options: CallOptions): Promise<{ embeddingId: string }> {
    this.encodes.push({ ...call, ...options, at: this.#clock.now() });
    await this.#meet(this.encodeMs, this.encodeFaults.shift());
    const embeddingId = `embedding ${this.encodes.length} of ${call.image.imageId}`;
    this.embeddings?.add(embeddingId);
    return { embeddingId };
  }

  async segment(call: SegmentCall, options: CallOptions): Promise<SegmentAnswer> {
    this.segments.push({ ...call, ...options, at: this.#clock.now() });
    const isMissing = this.embeddings !== undefined && !this.embeddings.has(call.embeddingId ?? '');
    if (isMissing && !this.isAway) throw fault('missing');
    await this.#meet(this.segmentMs, this.segmentFaults.shift());
    const { image, prompt } = call;
    const mask = new Uint8Array(image.width * image.height);
    for (const { x, y, label } of prompt.points) mask[y * image.width + x] = label;
    const rle = encodeMask(mask, image);
    return {
      mask: { format: 'coco_rle', ...rle },
      ...extentOfRle(rle),
      score: 0.5,
      model: 'scripted',
    };
  }

  /** Ends at once, with all that it knew. */
  leave(): void {
    this.isAway = true;
    this.embeddings?.clear();
  }

  async #meet(ms: number, met: Fault | undefined): Promise<void> {
    if (this.isAway) throw fault('unreachable');
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    try {
      if (met === 'hang') await new Promise(() => {});
      await this.#clock.sleep(ms);
      if (met instanceof Error) throw met;
      // It was killed meanwhile: the connection broke.
      if (this.isAway) throw fault('failed');
    } finally {
      this.open -= 1;
    }
  }
}
