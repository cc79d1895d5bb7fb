import { encodeMask, extentOfRle } from '../../src/core/rle.ts';
import type {
  CallOptions,
  EncodeCall,
  FeatureServer,
  SegmentAnswer,
  SegmentCall,
} from '../../src/ports/feature-server.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';
import type { FeatureServerInfo } from '../../src/protocol/feature-server.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How often which fault happens to a call; 0 for each in a calm run. */
export interface Faults {
  hang: number;
  fail: number;
  late: number;
  busy: number;
  forget: number;
  reject: number;
  /** How many of its phases are such in which it is busy for everybody … */
  busyPhases: number;
  /** … or takes its time for everybody. */
  slowPhases: number;
}

export const CALM: Faults = {
  hang: 0,
  fail: 0,
  late: 0,
  busy: 0,
  forget: 0,
  reject: 0,
  busyPhases: 0,
  slowPhases: 0,
};

type Phase = 'calm' | 'busy' | 'slow';

/** Some calls long, and shorter than people's patience. */
const PHASE_MS = 2_000;
/** What a call takes in a slow phase, for what it takes in others. */
const SLOWDOWN = 4;

/** A feature server of virtual time: hangs, fails, answers at the last moment, forgets; counts what is open. */
export class FaultyFeatureServer implements FeatureServer {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #concurrency: number;
  readonly #embeddings = new Set<string>();
  #phase: Phase = 'calm';
  #phaseUntil = 0;
  faults: Faults;
  open = 0;
  mostOpen = 0;
  calls = 0;
  /** Ends the calls under way when its process does. */
  #gone = Promise.withResolvers<'gone'>();
  #isAway = false;

  constructor(clock: VirtualClock, random: SeededRandom, concurrency: number, faults: Faults) {
    this.#clock = clock;
    this.#random = random;
    this.#concurrency = concurrency;
    this.faults = faults;
  }

  async info(): Promise<FeatureServerInfo> {
    await this.#clock.sleep(this.#random.between(0, 50));
    this.#mustBeThere();
    return {
      name: 'simulated',
      version: '1',
      models: ['simulated'],
      concurrency: this.#concurrency,
      encode: true,
      cancellable: false,
      maxImageBytes: 1_000_000,
    };
  }

  encode(call: EncodeCall, options: CallOptions): Promise<{ embeddingId: string }> {
    return this.#serve(options, () => {
      const embeddingId = `emb-${call.image.imageId}`;
      this.#embeddings.add(embeddingId);
      return { embeddingId };
    });
  }

  segment(call: SegmentCall, options: CallOptions): Promise<SegmentAnswer> {
    return this.#serve(options, () => {
      const { embeddingId, image, prompt } = call;
      if (this.#random.chance(this.faults.forget)) this.#embeddings.clear();
      if (embeddingId === undefined || !this.#embeddings.has(embeddingId)) {
        throw new FeatureServerError('missing', 'forgotten');
      }
      const mask = new Uint8Array(image.width * image.height);
      for (const point of prompt.points) {
        mask[Math.floor(point.y) * image.width + Math.floor(point.x)] = point.label;
      }
      const rle = encodeMask(mask, image);
      return {
        mask: { format: 'coco_rle', ...rle },
        ...extentOfRle(rle),
        score: 0.5,
        model: 'simulated',
      };
    });
  }

  /** kill -9: what it had in memory is gone. */
  leave(): void {
    this.#isAway = true;
    this.#embeddings.clear();
    this.#gone.resolve('gone');
  }

  comeBack(): void {
    this.#isAway = false;
    this.#gone = Promise.withResolvers<'gone'>();
  }

  #mustBeThere(): void {
    if (this.#isAway) throw new FeatureServerError('unreachable', 'nobody is there');
  }

  async #serve<Result>(options: CallOptions, work: () => Result): Promise<Result> {
    this.#mustBeThere();
    this.calls += 1;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const phase = this.#presentPhase();
    const closed = new Promise<void>((resolve) => {
      options.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const expired = this.#clock.sleep(options.deadlineMs).then(() => 'expired' as const);
    try {
      // It gives a call up at the deadline that came with it: the caller may be stopped (L6).
      const answer = this.#delay(options.deadlineMs, phase);
      const ended = await Promise.race([answer, closed, expired, this.#gone.promise]);
      if (options.signal.aborted) throw options.signal.reason;
      if (ended === 'gone') throw new FeatureServerError('failed', 'gone');
      if (ended === 'expired') throw new FeatureServerError('timeout', 'gave up');
      const { fail, busy, reject } = this.faults;
      if (this.#random.chance(fail)) throw new FeatureServerError('failed', 'broken');
      if (phase === 'busy' || this.#random.chance(busy)) {
        throw new FeatureServerError('overloaded', 'busy', { retryAfterMs: 300 });
      }
      if (this.#random.chance(reject)) throw new FeatureServerError('rejected', 'no');
      return work();
    } finally {
      this.open -= 1;
    }
  }

  #presentPhase(): Phase {
    const now = this.#clock.now();
    if (now >= this.#phaseUntil) {
      const { busyPhases, slowPhases } = this.faults;
      this.#phaseUntil = now + PHASE_MS;
      if (this.#random.chance(busyPhases)) this.#phase = 'busy';
      else this.#phase = this.#random.chance(slowPhases) ? 'slow' : 'calm';
    }
    return this.#phase;
  }

  #delay(deadlineMs: number, phase: Phase): Promise<void> {
    if (this.#random.chance(this.faults.hang)) return new Promise(() => {});
    if (this.#random.chance(this.faults.late)) {
      return this.#clock.sleep(deadlineMs - this.#random.between(0, 60));
    }
    const ms = this.#random.between(20, 900);
    if (phase === 'busy') return this.#clock.sleep(5);
    return this.#clock.sleep(phase === 'slow' ? SLOWDOWN * ms : ms);
  }
}
