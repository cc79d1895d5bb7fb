/** An answer that was given once and is given again (A4). */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type KeyState =
  /** This caller runs the request now, and must `keep` or `abandon`. */
  | { readonly state: 'fresh' }
  | { readonly state: 'running' }
  | { readonly state: 'kept'; readonly answer: KeptAnswer }
  /** The key came with other content before. */
  | { readonly state: 'reused' };

/** Keys of requests that create something. `scope` joins subject, method and path. */
export interface IdempotencyStore {
  /** Takes the key if it is free. A runner that dies frees it after a minute. */
  begin(scope: string, key: string, fingerprint: string, now: number): Promise<KeyState>;
  keep(
    scope: string,
    key: string,
    fingerprint: string,
    answer: KeptAnswer,
    now: number,
  ): Promise<void>;
  /** The request was refused: the key may be used again, with the same or other content. */
  abandon(scope: string, key: string): Promise<void>;
  /** Looks without taking: `fresh` when nothing is kept. */
  peek(scope: string, key: string, fingerprint: string, now: number): Promise<KeyState>;
}
