import type { ServerId, SessionId } from '../../core/ids.ts';
import type { ContentKey, ImageRegistry, Preparation } from '../../ports/image-registry.ts';

interface Entry {
  readonly holders: Set<SessionId>;
  preparation: Preparation;
}

const PREPARING: Preparation = { state: 'preparing' };

// The tenant comes last because it is the only part that may contain a blank.
const textOf = ({ tenant, imageId, reference }: ContentKey) =>
  `${imageId} ${reference ?? ''} ${tenant}`;

/** Who holds which content, and how far its preparation is. An entry lives while it has a holder. */
export class MemoryImageRegistry implements ImageRegistry {
  readonly #entries = new Map<string, Entry>();

  async join(key: ContentKey, session: SessionId, renew: boolean): Promise<Preparation> {
    const present = this.#entries.get(textOf(key));
    const entry = present ?? { holders: new Set(), preparation: PREPARING };
    this.#entries.set(textOf(key), entry);
    entry.holders.add(session);
    if (renew && entry.preparation.state === 'failed') entry.preparation = PREPARING;
    return entry.preparation;
  }

  async find(key: ContentKey): Promise<Preparation | undefined> {
    return this.#entries.get(textOf(key))?.preparation;
  }

  /** Of content that everybody has left, nothing is recorded: nobody would ever forget it. */
  async settle(key: ContentKey, result: Preparation): Promise<readonly SessionId[]> {
    const entry = this.#entries.get(textOf(key));
    if (entry === undefined) return [];
    entry.preparation = merged(entry.preparation, result);
    return [...entry.holders];
  }

  async lose(key: ContentKey, server: ServerId, fence: string): Promise<Preparation | undefined> {
    const entry = this.#entries.get(textOf(key));
    if (entry?.preparation.state !== 'ready') return entry?.preparation;
    const { [server]: lost, ...others } = entry.preparation.embeddings ?? {};
    if (lost?.fence === fence) entry.preparation = { state: 'ready', embeddings: others };
    return entry.preparation;
  }

  async leave(key: ContentKey, session: SessionId): Promise<void> {
    const entry = this.#entries.get(textOf(key));
    entry?.holders.delete(session);
    if (entry?.holders.size === 0) this.#entries.delete(textOf(key));
  }
}

function merged(known: Preparation, result: Preparation): Preparation {
  if (known.state !== 'ready' || result.state !== 'ready') return result;
  return { state: 'ready', embeddings: { ...known.embeddings, ...result.embeddings } };
}
