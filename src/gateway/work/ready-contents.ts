import type { ContentKey, Preparation } from '../../ports/image-registry.ts';
import type { Clock } from '../../ports/system.ts';

/** After this the registry is asked again: its answer may have been lost, or made anew elsewhere. */
const KNOWN_MS = 10_000;
/** Bounds the memory; a gateway that works on more contents at once asks for each again. */
const MAX_KNOWN = 1_000;

type Ready = Preparation & { readonly state: 'ready' };

interface Known {
  readonly preparation: Ready;
  readonly until: number;
}

/**
 * Contents that were ready a moment ago, so that not every click and every call asks the registry for
 * them. What is ready stays ready while a session holds it; if it was lost with the storage, calls
 * still find the embedding, or heal it when the feature server misses it (B5).
 */
export class ReadyContents {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `undefined` when nobody knows; the registry does. */
  find(key: ContentKey): Ready | undefined {
    const known = this.#known.get(nameOf(key));
    return known !== undefined && this.#clock.now() < known.until ? known.preparation : undefined;
  }

  /** The registry knows better. */
  forget(key: ContentKey): void {
    this.#known.delete(nameOf(key));
  }

  /** Takes what the registry has said; anything but `ready` is asked for anew every time. */
  learn(key: ContentKey, preparation: Preparation | undefined): void {
    const name = nameOf(key);
    this.#known.delete(name);
    if (preparation?.state !== 'ready') return;
    this.#known.set(name, { preparation, until: this.#clock.now() + KNOWN_MS });
    if (this.#known.size <= MAX_KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}

// The tenant comes last because it is the only part that may contain a blank.
function nameOf({ tenant, imageId, reference }: ContentKey): string {
  return `${imageId} ${reference ?? ''} ${tenant}`;
}
