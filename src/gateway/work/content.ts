import type { ServerId, SessionId, Tenant } from '../../core/ids.ts';
import type { ContentKey } from '../../ports/image-registry.ts';
import type { ImageFacts } from '../../ports/session-store.ts';
import type { PrepareToken, SegmentToken } from '../../ports/work-queue.ts';

/** Whose turn something takes. */
export interface Payer {
  readonly sessionId: SessionId;
  readonly tenant: Tenant;
}

/** What is prepared once for all sessions of a tenant: the image together with its reference. */
export function contentKey(tenant: Tenant, image: ImageFacts): ContentKey {
  return { tenant, imageId: image.imageId, reference: image.reference?.blobId };
}

/** For a `server`, when the image is ready and that one has no embedding of it. */
export function prepareToken(
  { sessionId, tenant }: Payer,
  image: ImageFacts,
  server?: ServerId,
): PrepareToken {
  const token = { kind: 'prepare', sessionId, tenant, image } as const;
  return server === undefined ? token : { ...token, server };
}

/** The token of a dirty object; it waits for its image's preparation, if that is under way. */
export function segmentToken(
  payer: Payer,
  objectId: SegmentToken['objectId'],
  image: ImageFacts,
  server?: ServerId,
): SegmentToken {
  const { sessionId } = payer;
  return { kind: 'segment', sessionId, objectId, after: prepareToken(payer, image, server) };
}

/**
 * Under which name a session holds the blobs of one of its images. With the companions, so that a
 * refused upload of the same image with others lets go of nothing but what it brought.
 */
export function blobHolder(session: SessionId, image: ImageFacts): string {
  const { imageId, reference, embedding } = image;
  return [session, imageId, reference?.blobId ?? '', embedding?.blobId ?? ''].join('/');
}
