import type { ImageId } from '../core/ids.ts';
import { imageId } from '../core/ids.ts';
import { isStorageLost, ProblemError } from '../core/problem.ts';
import type { Blob } from '../ports/blob-store.ts';
import type { Engine } from '../ports/engine.ts';
import type {
  AddedImage,
  Companion,
  ImageFacts,
  SessionCommands,
  SessionFacts,
} from '../ports/session-store.ts';
import type { Clock } from '../ports/system.ts';
import { forgetImage } from './session-service.ts';
import { blobHolder, prepareToken } from './work/content.ts';
import { joinImage } from './work/join-image.ts';
import type { TurnCost } from './work/turn-cost.ts';

/** Bytes with the type that their content shows, named by their content (`sha256-<hex>`). */
export interface Upload extends Blob {
  readonly id: string;
}

export interface AddImage {
  readonly image: Upload & { readonly width: number; readonly height: number };
  readonly reference?: Upload | undefined;
  readonly embedding?: Upload | undefined;
  readonly name?: string | undefined;
}

/** Query of a signed blob URL. */
export interface SignedQuery {
  readonly expires: string;
  readonly signature: string;
  readonly tenant: string;
}

/** True when this gateway (or one of its siblings) made the URL and it has not expired. */
export type VerifyUrl = (blobId: string, query: SignedQuery) => boolean;

/** Takes images, has them prepared, and gives them back (A9–A11). */
export class ImageService {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #verifyUrl: VerifyUrl;
  readonly #turnCost: TurnCost;

  constructor(engine: Engine, clock: Clock, verifyUrl: VerifyUrl, turnCost: TurnCost) {
    this.#engine = engine;
    this.#clock = clock;
    this.#verifyUrl = verifyUrl;
    this.#turnCost = turnCost;
  }

  /** Adds an image and starts its preparation. Nothing of it stays when the session refuses it. */
  async add(session: SessionFacts, input: AddImage): Promise<AddedImage> {
    return await this.#engine.sessions.durably((sessions) => this.#add(sessions, session, input));
  }

  async find(session: SessionFacts, id: ImageId): Promise<{ facts: ImageFacts; blob: Blob }> {
    const facts = await this.#engine.sessions.image(session.sessionId, id);
    const blob = await this.#engine.blobs.get(id);
    if (blob === undefined) throw new ProblemError('image_not_found', `There is no image ${id}.`);
    return { facts, blob };
  }

  async remove(session: SessionFacts, id: ImageId): Promise<void> {
    await this.#engine.sessions.durably(async (sessions) => {
      const facts = await sessions.removeImage(session.sessionId, id, this.#clock.now());
      await forgetImage(this.#engine, session, facts);
    });
  }

  /** What a feature server fetches; `undefined` when the URL is not ours, too old, or the blob gone. */
  async fetchSigned(blobId: string, query: SignedQuery): Promise<Blob | undefined> {
    return this.#verifyUrl(blobId, query) ? await this.#engine.blobs.get(blobId) : undefined;
  }

  async #add(
    sessions: SessionCommands,
    session: SessionFacts,
    input: AddImage,
  ): Promise<AddedImage> {
    const facts = imageFacts(input);
    const known = await this.#known(session, facts.imageId);
    let kept = known !== undefined;
    let added: AddedImage;
    try {
      if (!kept) await this.#keepBlobs(session, facts, input);
      kept = true;
      added = await sessions.addImage(session.sessionId, facts, this.#clock.now());
    } catch (error) {
      // When the reply was lost, the session may have the image: then its bytes must stay.
      const unknown = kept && isStorageLost(error);
      if (known === undefined && !unknown) {
        await this.#engine.blobs.release(blobHolder(session.sessionId, facts));
      }
      throw error;
    }
    return added.added ? { ...added, image: await this.#prepare(session, facts, added) } : added;
  }

  async #known(session: SessionFacts, id: ImageId): Promise<ImageFacts | undefined> {
    try {
      return await this.#engine.sessions.image(session.sessionId, id);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'image_not_found') return undefined;
      throw error;
    }
  }

  async #keepBlobs(session: SessionFacts, facts: ImageFacts, input: AddImage): Promise<void> {
    const holder = blobHolder(session.sessionId, facts);
    for (const upload of [input.image, input.reference, input.embedding]) {
      if (upload !== undefined) await this.#engine.blobs.put(upload.id, upload, holder);
    }
  }

  async #prepare(session: SessionFacts, facts: ImageFacts, added: AddedImage) {
    const { sessions, queue } = this.#engine;
    const { sessionId } = session;
    const preparation = await joinImage(this.#engine, session, facts, true);
    if (preparation === undefined) return added.image;
    if (preparation.state !== 'ready') {
      const cost = this.#turnCost(session.tenant);
      await queue.enqueue(prepareToken(session, facts), { now: this.#clock.now(), cost });
      return added.image;
    }
    await sessions.settleImage(sessionId, facts.imageId, undefined, this.#clock.now());
    return { ...added.image, status: 'ready' as const };
  }
}

function imageFacts(input: AddImage): ImageFacts {
  const { image, reference, embedding, name } = input;
  return {
    imageId: imageId(image.id),
    name,
    width: image.width,
    height: image.height,
    bytes: image.bytes.length,
    contentType: image.contentType,
    reference: companion(reference),
    embedding: companion(embedding),
  };
}

function companion(upload: Upload | undefined): Companion | undefined {
  return upload && { blobId: upload.id, contentType: upload.contentType };
}
