/** The public face of the client SDK, for browsers and Node. */
export type { Cursor } from '../core/cursor.ts';
export type { Problem, ProblemCode } from '../core/problem.ts';
export type { Box, Point } from '../core/prompt.ts';
export type {
  ClickAccepted,
  ClickState,
  ClickUndone,
  CreateSessionBody,
  ImageBody,
  Limits,
  ObjectBody,
  ObjectClick,
  ObjectPatch,
  SessionCreated,
  Snapshot,
} from '../protocol/bodies.ts';
export type { Envelope, SegmentCompletedPayload, ServiceStatus } from '../protocol/events.ts';
export type { CocoRle } from '../protocol/mask.ts';
export { applyEvent } from './apply-event.ts';
export type { Connection, ConnectionEvent, ConnectionName, Via } from './connection.ts';
export type { Environment } from './environment.ts';
export { EventStream } from './event-stream.ts';
export type { Click, Listener, SentClick } from './live-session.ts';
export { LiveSession } from './live-session.ts';
export type { ClientOptions } from './maskwire-client.ts';
export { MaskwireClient } from './maskwire-client.ts';
export type { ErrorCode } from './maskwire-error.ts';
export { MaskwireError } from './maskwire-error.ts';
export { isAway } from './outage.ts';
export type { CocoDocument } from './session-requests.ts';
export { SessionRequests } from './session-requests.ts';
export type { PendingClick, SessionObject, SessionState } from './session-state.ts';
export { emptyState, findClick, findObject, fromSnapshot } from './session-state.ts';
export { systemEnvironment } from './system-environment.ts';
export type { LoggedEvent, StreamFrame, Transport } from './transport.ts';
export type { ImageUpload } from './upload-image.ts';
