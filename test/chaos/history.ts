/** What a run of the chaos suite records: everything that was sent, answered and read. */
import type { Cursor } from '../../src/core/cursor.ts';
import type { PromptPart, Size } from '../../src/core/prompt.ts';
import type { ClickStatus } from '../../src/protocol/bodies.ts';
import type { Envelope, LoggedType } from '../../src/protocol/events.ts';

/** An event of any type, such that `type` tells what its payload is. */
export type AnyEnvelope = { [Type in LoggedType]: Envelope<Type> }[LoggedType];

/** One thing that a reader saw, in the order of arrival. */
export type Seen =
  /** A connection was asked for from this position; without one, a snapshot comes first. */
  | { readonly kind: 'connected'; readonly from: Cursor | 'start' | undefined }
  | { readonly kind: 'event'; readonly id: string; readonly event: AnyEnvelope }
  | { readonly kind: 'snapshot'; readonly cursor: Cursor; readonly objects: readonly SeenObject[] }
  | { readonly kind: 'reset'; readonly reason: string }
  | { readonly kind: 'heartbeat'; readonly id: string };

/** What a snapshot says of an object. */
export interface SeenObject {
  readonly objectId: string;
  readonly revision: number;
  readonly clicks: readonly SeenClick[];
}

export interface SeenClick extends PromptPart {
  readonly clickId: string;
}

export interface ReaderHistory {
  readonly name: string;
  readonly seen: readonly Seen[];
}

/** What a 202 said. */
export interface ClickAnswer {
  readonly clickId: string;
  readonly objectId: string;
  readonly revision: number;
  readonly cursor: Cursor;
}

export interface SentClick extends PromptPart {
  /** Unique in the run; also its Idempotency-Key. */
  readonly clientRef: string;
  readonly imageId: string;
  readonly objectId: string;
  /** One for every 202 that came, replays included. */
  readonly answers: readonly ClickAnswer[];
  /** The code of the refusal that ended it, when no attempt before had an unknown outcome. */
  readonly refusedWith?: string | undefined;
}

export interface SessionHistory {
  readonly sessionId: string;
  readonly image: Size & { readonly imageId: string };
  readonly clicks: readonly SentClick[];
  readonly readers: readonly ReaderHistory[];
  /** The whole log as it is kept at the end. */
  readonly log: readonly AnyEnvelope[];
  /** What the session says at the end of each acknowledged click; absent: it does not know it. */
  readonly statuses: ReadonlyMap<string, ClickStatus>;
}

export interface RunHistory {
  readonly sessions: readonly SessionHistory[];
  /** Calls that may be open at the feature server at once, and the most that were. */
  readonly ceiling: number;
  readonly mostOpenCalls: number;
  /** What was open each time that there was more than may be. */
  readonly callsAbove: readonly string[];
  /** Answers that no fault excuses, such as a 500. */
  readonly badAnswers: readonly string[];
  /** What had not come to rest within its time. */
  readonly unsettled: readonly string[];
}
