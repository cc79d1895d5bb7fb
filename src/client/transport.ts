/** How frames reach the reader, whatever carries them. */
import type { Cursor } from '../core/cursor.ts';
import type { Envelope, LoggedType, PassingFrame, PassingType } from '../protocol/events.ts';
import type { Cancel } from './environment.ts';

/** A logged event of any type; narrow it by `type`. */
export type LoggedEvent = { [Type in LoggedType]: Envelope<Type> }[LoggedType];
/** A passing frame of any type; narrow it by `type`. */
export type Passing = { [Type in PassingType]: PassingFrame<Type> }[PassingType];
/** What a stream delivers. */
export type StreamFrame = LoggedEvent | Passing;

/** True for an entry of the log, of a known type or not; false for a passing frame. */
export const isLogged = (frame: StreamFrame): frame is LoggedEvent => 'eventId' in frame;

export interface TransportEvents {
  readonly frame: (frame: StreamFrame) => void;
  /** Nothing more will come. Called at most once, and not after the transport was cancelled. */
  readonly lost: () => void;
}

/** Reads on after a position (from a snapshot when there is none) until cancelled or lost. */
export type Transport = (after: Cursor | undefined, events: TransportEvents) => Cancel;
