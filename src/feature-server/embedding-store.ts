/** A prepared image: what a worker needs for any click on it, in memory that all workers share. */
export interface Embedding {
  readonly data: SharedArrayBuffer;
  readonly width: number;
  readonly height: number;
}

/** Memory that prepared images may take together by default: about 80 of them. */
export const DEFAULT_STORE_BYTES = 256 * 1024 * 1024;

interface Flight {
  readonly embedding: Promise<Embedding>;
  readonly abandon: AbortController;
  waiting: number;
}

/**
 * Prepared images by id, the least recently used forgotten first. An image that several calls want
 * at once is prepared once; the preparation is abandoned when the last of them has gone away.
 */
export class EmbeddingStore {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Embedding>();
  readonly #flights = new Map<string, Flight>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The prepared image, which thereby becomes the most recently used. */
  get(id: string): Embedding | undefined {
    const embedding = this.#kept.get(id);
    if (embedding) {
      this.#kept.delete(id);
      this.#kept.set(id, embedding);
    }
    return embedding;
  }

  /**
   * The prepared image, made by `make` unless it is kept or being made already. Rejects with the
   * signal's reason as soon as that aborts; `make` is told only when nobody else waits.
   */
  async getOrMake(
    id: string,
    make: (signal: AbortSignal) => Promise<Embedding>,
    signal: AbortSignal,
  ): Promise<Embedding> {
    const kept = this.get(id);
    if (kept) return kept;
    signal.throwIfAborted();
    const flight = this.#flights.get(id) ?? this.#start(id, make);
    flight.waiting++;
    const { promise: gone, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([flight.embedding, gone]);
    } finally {
      signal.removeEventListener('abort', leave);
      flight.waiting--;
      if (flight.waiting === 0) flight.abandon.abort();
    }
  }

  #start(id: string, make: (signal: AbortSignal) => Promise<Embedding>): Flight {
    const abandon = new AbortController();
    const embedding = make(abandon.signal)
      .then((made) => this.#keep(id, made))
      .finally(() => {
        if (this.#flights.get(id) === flight) this.#flights.delete(id);
      });
    const flight: Flight = { embedding, abandon, waiting: 0 };
    abandon.signal.addEventListener('abort', () => {
      // A newcomer must not join a preparation that is being given up.
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    });
    this.#flights.set(id, flight);
    // Its failure reaches whoever still waits; with nobody waiting it is nobody's.
    embedding.catch(() => undefined);
    return flight;
  }

  #keep(id: string, embedding: Embedding): Embedding {
    this.#drop(id);
    this.#kept.set(id, embedding);
    this.#bytes += embedding.data.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes || oldest === id) break;
      this.#drop(oldest);
    }
    return embedding;
  }

  #drop(id: string): void {
    this.#bytes -= this.#kept.get(id)?.data.byteLength ?? 0;
    this.#kept.delete(id);
  }
}
