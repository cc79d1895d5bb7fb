/** Photos: taking them in, sending them, and showing the one that is worked on. */
import type { LiveSession } from '../client/index.ts';
import { sampleScene } from './sample.ts';
import type { Sessions } from './sessions.ts';
import { withinLimit } from './shrink.ts';
import type { Photo, Studio } from './studio.ts';

const megabytes = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

const NOT_A_PICTURE = 'That file is not a picture that this browser can show.';

async function decode(blob: Blob): Promise<Photo> {
  const bitmap = await createImageBitmap(blob).catch((cause: unknown) => {
    throw new Error(NOT_A_PICTURE, { cause });
  });
  return { bitmap, width: bitmap.width, height: bitmap.height };
}

export class Photos {
  readonly #studio: Studio;
  readonly #sessions: Sessions;
  readonly #decoded = new Map<string, Promise<Photo>>();
  #showing: string | undefined;

  constructor(studio: Studio, sessions: Sessions) {
    this.#studio = studio;
    this.#sessions = sessions;
    studio.onDraw(() => this.#show());
  }

  /** Sends a photo and shows it; failures are said. */
  async add(file: Blob, name: string): Promise<void> {
    if (this.#studio.state.upload !== undefined) return;
    const before = this.#studio.state.photo;
    try {
      await this.#send(file, name);
    } catch (error) {
      this.#studio.update({ photo: before, view: undefined });
      this.#studio.messages.fail(error);
    } finally {
      this.#studio.update({ upload: undefined });
    }
  }

  /** The built-in sample. */
  async addSample(): Promise<void> {
    if (this.#studio.state.upload !== undefined) return;
    this.#studio.update({ upload: { text: 'Drawing the sample scene', part: 0 } });
    try {
      const scene = await sampleScene();
      this.#studio.update({ upload: undefined });
      await this.add(scene, 'sample-scene.jpg');
    } catch (error) {
      this.#studio.update({ upload: undefined });
      this.#studio.messages.fail(error);
    }
  }

  /** Works on another photo of the session. */
  choose(imageId: string): void {
    this.#studio.update({ imageId, selected: undefined, crosshair: undefined });
  }

  async remove(imageId: string): Promise<void> {
    await this.#studio.state.session?.requests.removeImage(imageId);
    this.#decoded.delete(imageId);
  }

  async #send(file: Blob, name: string): Promise<void> {
    const photo = await decode(file);
    this.#studio.update({ photo, view: undefined, upload: { text: `Sending ${name}`, part: 0 } });
    const session = await this.#sessions.ensure();
    // Unknown, the gateway itself says what is too large.
    const maxImageBytes = this.#studio.limits?.maxImageBytes ?? Number.POSITIVE_INFINITY;
    const image = await withinLimit(file, photo, maxImageBytes);
    if (image !== file) {
      const most = megabytes.format(maxImageBytes / 1024 ** 2);
      this.#studio.messages.say(`The photo is larger than ${most} MB, so a smaller copy was sent.`);
    }
    const body = await session.requests.uploadImage({
      image,
      name,
      onProgress: (part) => this.#studio.update({ upload: { text: `Sending ${name}`, part } }),
    });
    const { imageId } = body;
    const shown = image === file ? photo : await decode(image);
    this.#decoded.set(imageId, Promise.resolve({ ...shown, imageId }));
    this.#studio.update({ taken: imageId });
    this.choose(imageId);
  }

  /** Brings the chosen photo onto the stage, when it is not there yet. */
  #show(): void {
    const { session, imageId, photo, upload } = this.#studio.state;
    if (session === undefined || upload !== undefined) return;
    if (imageId === undefined || photo?.imageId === imageId || this.#showing === imageId) {
      if (imageId === undefined && photo !== undefined) this.#studio.update({ photo: undefined });
      return;
    }
    this.#showing = imageId;
    this.#fetch(session, imageId)
      .then((decoded) => {
        if (this.#studio.state.imageId !== imageId) return;
        this.#studio.update({ photo: decoded, view: undefined });
      })
      .catch((error: unknown) => this.#studio.messages.fail(error))
      .finally(() => {
        this.#showing = undefined;
      });
  }

  #fetch(session: LiveSession, imageId: string): Promise<Photo> {
    const known = this.#decoded.get(imageId);
    if (known !== undefined) return known;
    const photo = fetch(session.requests.imageUrl(imageId))
      .then((response) => {
        if (!response.ok) throw new Error('The photo could not be loaded.');
        return response.blob();
      })
      .then(decode)
      .then((decoded): Photo => ({ ...decoded, imageId }));
    this.#decoded.set(imageId, photo);
    photo.catch(() => this.#decoded.delete(imageId));
    return photo;
  }
}
