import type { ImageId, SessionId, Tenant } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';

/** What is prepared: the content, and the reference image that goes with it, in one tenant. */
export interface ContentKey {
  readonly tenant: Tenant;
  readonly imageId: ImageId;
  readonly reference?: string | undefined;
}

export type Preparation =
  | { readonly state: 'preparing' }
  | { readonly state: 'ready'; readonly embeddingId?: string | undefined }
  | { readonly state: 'failed'; readonly problem: Problem };

/** Prepared once for every session of the tenant (A11); forgotten when no session holds it. */
export interface ImageRegistry {
  /**
   * The session needs this content from now on. Answers its preparation; `preparing` when nobody has
   * begun it, and again when an earlier one has failed and `renew` is set.
   */
  join(key: ContentKey, session: SessionId, renew: boolean): Promise<Preparation>;
  find(key: ContentKey): Promise<Preparation | undefined>;
  /** Records how the preparation ended; the sessions that hold the content. */
  settle(key: ContentKey, result: Preparation): Promise<readonly SessionId[]>;
  /** The session needs it no more. */
  leave(key: ContentKey, session: SessionId): Promise<void>;
}
