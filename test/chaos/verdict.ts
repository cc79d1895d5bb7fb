/** What the checkers share: the kinds of violations, and what they are looked for in. */
import type { Position } from '../../src/core/cursor.ts';
import { parseCursor } from '../../src/core/cursor.ts';
import type { AnyEnvelope, SessionHistory } from './history.ts';

export const VIOLATIONS = [
  /** An acknowledged click, or an event between two that a reader saw, is nowhere. */
  'lost',
  'repeated',
  'reordered',
  /** Something that nobody sent, or that was refused. */
  'unexpected',
  'cross-session',
  /** One cursor with two different values. */
  'forked cursor',
  /** An acknowledged click that nothing ended. */
  'not ended',
  'ended twice',
  'revision went down',
  /** The mask of a revision is not the one of its prompt. */
  'wrong mask',
  'calls above the ceiling',
  'bad answer',
  /** Not at rest, or not caught up, within the time given. */
  'unsettled',
] as const;

export type ViolationKind = (typeof VIOLATIONS)[number];

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

/** Everything in one session that anybody saw, by position; each cursor once. */
export interface Truth {
  readonly session: SessionHistory;
  readonly events: readonly AnyEnvelope[];
  /** The epoch that the log has at the end; only of this one is every event known. */
  readonly lastEpoch: number;
  readonly epochs: number;
}

export function positionOf(cursor: string): Position {
  return parseCursor(cursor) ?? { epoch: 0, sequence: 0 };
}
