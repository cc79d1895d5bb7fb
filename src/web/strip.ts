/** The photos of a session, when there is more than one. */
import type { ImageBody, LiveSession } from '../client/index.ts';
import { byTestId, copyOf, find } from './dom.ts';
import type { Photos } from './photos.ts';
import type { Studio } from './studio.ts';

class Strip {
  readonly #studio: Studio;
  readonly #photos: Photos;
  readonly #nav = byTestId('strip', HTMLElement);
  readonly #thumbs = new Map<string, HTMLElement>();

  constructor(studio: Studio, photos: Photos) {
    this.#studio = studio;
    this.#photos = photos;
    studio.onDraw(() => this.#draw());
  }

  #draw(): void {
    const { session, imageId } = this.#studio.state;
    const images = session?.state.images ?? [];
    this.#nav.hidden = images.length < 2;
    const shown = session === undefined || images.length < 2 ? [] : images;
    this.#drop(new Set(shown.map((image): string => image.imageId)));
    for (const image of shown) {
      if (session === undefined) continue;
      const thumb = this.#thumbs.get(image.imageId) ?? this.#make(session, image);
      const show = find('[data-part="show"]', HTMLButtonElement, thumb);
      show.setAttribute('aria-current', String(image.imageId === imageId));
    }
  }

  #drop(kept: ReadonlySet<string>): void {
    for (const [id, thumb] of this.#thumbs) {
      if (kept.has(id)) continue;
      thumb.remove();
      this.#thumbs.delete(id);
    }
  }

  #make(session: LiveSession, { imageId, name = 'photo' }: ImageBody): HTMLElement {
    const thumb = copyOf('thumbnail');
    const show = find('[data-part="show"]', HTMLButtonElement, thumb);
    show.setAttribute('aria-label', `Show ${name}`);
    show.addEventListener('click', () => this.#photos.choose(imageId));
    find('img', HTMLImageElement, thumb).src = session.requests.imageUrl(imageId);
    const remove = find('[data-part="remove"]', HTMLButtonElement, thumb);
    remove.setAttribute('aria-label', `Remove ${name}`);
    remove.addEventListener('click', () => {
      this.#photos.remove(imageId).catch((error: unknown) => this.#studio.messages.fail(error));
    });
    this.#nav.append(thumb);
    this.#thumbs.set(imageId, thumb);
    return thumb;
  }
}

export function strip(studio: Studio, photos: Photos): void {
  new Strip(studio, photos);
}
