/** Every request about one session, by the name of what it does. All throw {@link MaskwireError}. */
import type {
  ClickAccepted,
  ClickBody,
  ClickState,
  ClickUndone,
  CreateSessionBody,
  ImageBody,
  ObjectBody,
  ObjectPatch,
  ObjectRetried,
  SessionCreated,
  Snapshot,
} from '../protocol/bodies.ts';
import { paths, QUERY } from '../protocol/routes.ts';
import type { Target } from './request.ts';
import { request, requestJson } from './request.ts';
import type { ImageUpload } from './upload-image.ts';
import { uploadImage } from './upload-image.ts';

/** COCO's own format, as far as it is fixed here (A16). */
export interface CocoDocument {
  readonly images: readonly {
    readonly id: number;
    readonly width: number;
    readonly height: number;
    readonly file_name: string;
  }[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  readonly annotations: readonly {
    readonly id: number;
    readonly image_id: number;
    readonly category_id: number;
    readonly segmentation: { readonly size: readonly [number, number]; readonly counts: string };
    readonly area: number;
    readonly bbox: readonly [number, number, number, number];
    readonly iscrowd: 0;
  }[];
}

/** Opens a session (A6). */
export function createSession(
  target: Target,
  body: CreateSessionBody = {},
): Promise<SessionCreated> {
  const idempotencyKey = target.environment.unique();
  return requestJson(target, paths.sessions, { method: 'POST', body, idempotencyKey });
}

/** The requests of one session. Holds no state; see `LiveSession` for one that follows along. */
export class SessionRequests {
  readonly #target: Target;
  readonly sessionId: string;

  constructor(target: Target, sessionId: string) {
    this.#target = target;
    this.sessionId = sessionId;
  }

  snapshot(): Promise<Snapshot> {
    return requestJson(this.#target, paths.session(this.sessionId));
  }

  /** Ends the session and forgets its data. */
  async delete(): Promise<void> {
    await request(this.#target, paths.session(this.sessionId), { method: 'DELETE' });
  }

  uploadImage(upload: ImageUpload): Promise<ImageBody> {
    return uploadImage(this.#target, this.sessionId, upload);
  }

  /** Where the bytes of an image are, for `<img>` and `fetch`. */
  imageUrl(imageId: string): string {
    return `${this.#target.base}${paths.image(this.sessionId, imageId)}`;
  }

  async removeImage(imageId: string): Promise<void> {
    await request(this.#target, paths.image(this.sessionId, imageId), { method: 'DELETE' });
  }

  /** Adds a click. The same key is the same click, however often it is sent. */
  click(body: ClickBody, idempotencyKey: string): Promise<ClickAccepted> {
    const path = paths.clicks(this.sessionId);
    return requestJson(this.#target, path, { method: 'POST', body, idempotencyKey });
  }

  /** The click and its outcome; waits up to `waitS` seconds for it to end (A17). */
  clickState(clickId: string, waitS = 0): Promise<ClickState> {
    const path = paths.click(this.sessionId, clickId);
    return requestJson(this.#target, waitS > 0 ? `${path}?${QUERY.wait}=${waitS}` : path);
  }

  undo(clickId: string): Promise<ClickUndone> {
    const path = paths.click(this.sessionId, clickId);
    return requestJson(this.#target, path, { method: 'DELETE' });
  }

  patchObject(objectId: string, body: ObjectPatch): Promise<ObjectBody> {
    const path = paths.object(this.sessionId, objectId);
    return requestJson(this.#target, path, { method: 'PATCH', body });
  }

  async removeObject(objectId: string): Promise<void> {
    await request(this.#target, paths.object(this.sessionId, objectId), { method: 'DELETE' });
  }

  /** Segments a failed object again. */
  retryObject(objectId: string): Promise<ObjectRetried> {
    const path = paths.objectRetry(this.sessionId, objectId);
    const idempotencyKey = this.#target.environment.unique();
    return requestJson(this.#target, path, { method: 'POST', idempotencyKey });
  }

  /** The newest mask as an 8-bit grey PNG, 0 and 255. */
  async maskPng(objectId: string): Promise<Blob> {
    const path = paths.mask(this.sessionId, objectId);
    const response = await request(this.#target, path, { accept: 'image/png' });
    return response.blob();
  }

  /** Everything that has a mask, as a COCO document. */
  exportCoco(): Promise<CocoDocument> {
    const path = `${paths.export(this.sessionId)}?${QUERY.format}=coco`;
    return requestJson(this.#target, path);
  }
}
