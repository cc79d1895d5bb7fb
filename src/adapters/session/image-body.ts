import type { Problem } from '../../core/problem.ts';
import type { ImageFacts } from '../../ports/session-store.ts';
import type { ImageBody, ImageStatus } from '../../protocol/bodies.ts';

/** What a session keeps of an image. */
export interface KeptImage {
  readonly facts: ImageFacts;
  readonly status: ImageStatus;
  readonly problem: Problem | undefined;
}

/** An image as callers see it (A9). */
export function imageBody({ facts, status, problem }: KeptImage): ImageBody {
  return {
    imageId: facts.imageId,
    ...(facts.name === undefined ? {} : { name: facts.name }),
    width: facts.width,
    height: facts.height,
    bytes: facts.bytes,
    contentType: facts.contentType,
    status,
    hasReference: facts.reference !== undefined,
    hasEmbedding: facts.embedding !== undefined,
    ...(problem === undefined ? {} : { problem }),
  };
}
