import type { ImageFacts } from '../ports/session-store.ts';
import type { Token } from '../ports/work-queue.ts';

/** Under which name a pool holds a token: equal for tokens of which there may be one only. */
export function keyOf(token: Token): string {
  if (token.kind === 'segment') return `segment ${token.sessionId} ${token.objectId}`;
  const { image, server, tenant } = token;
  // The tenant comes last because it is the only part that may contain a blank.
  const name = `${image.imageId} ${image.reference?.blobId ?? ''}`;
  return `prepare ${name}${server === undefined ? '' : `@${server}`} ${tenant}`;
}

/** What the token's call is about, if that is known. */
export function imageOf(token: Token): ImageFacts | undefined {
  return token.kind === 'prepare' ? token.image : token.after?.image;
}
