import type { ImageId, ServerId, SessionId, Tenant } from '../core/ids.ts';
import type { Problem, ProblemCode } from '../core/problem.ts';

/** What is prepared: the content, and the reference image that goes with it, in one tenant. */
export interface ContentKey {
  readonly tenant: Tenant;
  readonly imageId: ImageId;
  readonly reference?: string | undefined;
}

/**
 * What one server has of a content: its embedding, or why it could not make one. `fence` is that of the
 * lease under which it was made, and tells one made anew from the one before, whatever it is called.
 */
export type Embedding =
  | { readonly fence: string; readonly id: string }
  | {
      readonly fence: string;
      readonly failed: { readonly code: ProblemCode; readonly detail: string };
    };

type Embeddings = Readonly<Partial<Record<ServerId, Embedding>>>;

export type Preparation =
  | { readonly state: 'preparing' }
  /** By server; none for content that needs none. */
  | { readonly state: 'ready'; readonly embeddings?: Embeddings | undefined }
  | { readonly state: 'failed'; readonly problem: Problem };

/** Prepared once for every session of the tenant (A11); forgotten when no session holds it. */
export interface ImageRegistry {
  /**
   * The session needs this content from now on. Answers its preparation; `preparing` when nobody has
   * begun it, and again when an earlier one has failed and `renew` is set.
   */
  join(key: ContentKey, session: SessionId, renew: boolean): Promise<Preparation>;
  find(key: ContentKey): Promise<Preparation | undefined>;
  /**
   * Records how the preparation ended; the sessions that hold the content. To what is ready embeddings
   * of more servers are added.
   */
  settle(key: ContentKey, result: Preparation): Promise<readonly SessionId[]>;
  /**
   * The server does not have that embedding any more; nothing is forgotten when it has another one by
   * now. Answers as {@link find} does, afterwards.
   */
  lose(key: ContentKey, server: ServerId, fence: string): Promise<Preparation | undefined>;
  /** The session needs it no more. */
  leave(key: ContentKey, session: SessionId): Promise<void>;
}
