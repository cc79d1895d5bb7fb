import type { ImageId, SessionId } from '../../core/ids.ts';
import { ProblemError } from '../../core/problem.ts';
import type { Engine } from '../../ports/engine.ts';
import type { Preparation } from '../../ports/image-registry.ts';
import type { ImageFacts, SessionStore } from '../../ports/session-store.ts';
import type { Payer } from './content.ts';
import { contentKey } from './content.ts';

/**
 * Holds the content for the session and tells how far its preparation is. `undefined`, and nothing is
 * held, when the session has given the image up meanwhile: nobody would ever let go of it again.
 */
export async function joinImage(
  engine: Engine,
  { sessionId, tenant }: Payer,
  image: ImageFacts,
  renew: boolean,
): Promise<Preparation | undefined> {
  const key = contentKey(tenant, image);
  const preparation = await engine.images.join(key, sessionId, renew);
  // Of content that is ready, a look at every click would cost more than a holder too many.
  if (preparation.state === 'ready') return preparation;
  if (await hasImage(engine.sessions, sessionId, image.imageId)) return preparation;
  await engine.images.leave(key, sessionId);
  return undefined;
}

async function hasImage(sessions: SessionStore, session: SessionId, id: ImageId): Promise<boolean> {
  try {
    await sessions.image(session, id);
    return true;
  } catch (error) {
    if (error instanceof ProblemError && GONE.has(error.code)) return false;
    throw error;
  }
}

const GONE: ReadonlySet<string> = new Set(['image_not_found', 'session_not_found']);
