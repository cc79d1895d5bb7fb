/** Events and frames as a gateway would send them. */
import type { LoggedEvent, Passing } from '../../../src/client/transport.ts';
import type { Cursor } from '../../../src/core/cursor.ts';
import { clickId, imageId, objectId, sessionId } from '../../../src/core/ids.ts';
import { problemBody } from '../../../src/core/problem.ts';
import type { ImageBody, ObjectBody, Snapshot } from '../../../src/protocol/bodies.ts';
import type { LoggedPayloads, LoggedType } from '../../../src/protocol/events.ts';

export const SESSION = sessionId('ses_0123456789012345678901');
export const IMAGE = imageId(`sha256-${'a'.repeat(64)}`);
const EPOCH = 1_700_000_000_000;
export const at = (sequence: number): Cursor => `${EPOCH}-${sequence}`;

export function logged<Type extends LoggedType>(
  sequence: number,
  type: Type,
  payload: LoggedPayloads[Type],
): LoggedEvent {
  return {
    eventId: at(sequence),
    sequence,
    schemaVersion: 1,
    channel: `session:${SESSION}`,
    type,
    timestamp: '2026-01-01T00:00:00.000Z',
    payload,
  } as LoggedEvent;
}

export const passing = <Type extends Passing['type']>(
  type: Type,
  payload: Extract<Passing, { type: Type }>['payload'],
): Passing => ({ type, timestamp: '2026-01-01T00:00:00.000Z', payload }) as Passing;

export const image = (status: ImageBody['status'] = 'ready'): ImageBody => ({
  imageId: IMAGE,
  name: 'desk.jpg',
  width: 4,
  height: 3,
  bytes: 100,
  contentType: 'image/jpeg',
  status,
  hasReference: false,
  hasEmbedding: false,
});

export const accepted = (sequence: number, click: string, object: string, revision = 1) =>
  logged(sequence, 'click.accepted', {
    clickId: clickId(click),
    objectId: objectId(object),
    imageId: IMAGE,
    revision,
    points: [{ x: 1, y: 1, label: 1 }],
    clientRef: `ref-${click}`,
  });

export const completed = (
  sequence: number,
  object: string,
  revision: number,
  covers: readonly string[],
) =>
  logged(sequence, 'segment.completed', {
    objectId: objectId(object),
    imageId: IMAGE,
    revision,
    covers: covers.map(clickId),
    mask: { format: 'coco_rle', size: [3, 4], counts: '0<' },
    bounds: { x: 0, y: 0, width: 4, height: 3 },
    area: 12,
    score: 0.9,
    model: 'test',
    cached: false,
    timings: { queuedMs: 1, serverMs: 2, totalMs: 3 },
  });

export const failed = (
  sequence: number,
  object: string,
  revision: number,
  covers: readonly string[],
) =>
  logged(sequence, 'segment.failed', {
    objectId: objectId(object),
    imageId: IMAGE,
    revision,
    covers: covers.map(clickId),
    problem: problemBody('feature_server_failed', 'the engine fell over'),
  });

export const snapshot = (sequence: number, objects: readonly ObjectBody[] = []): Snapshot => ({
  sessionId: SESSION,
  cursor: at(sequence),
  expiresAt: '2026-01-02T00:00:00.000Z',
  images: [image()],
  objects,
  participants: [],
  service: { state: 'ok' },
  limits: {
    maxImages: 10,
    maxObjects: 10,
    maxPointsPerObject: 100,
    maxObjectsInFlight: 10,
    maxImageBytes: 5_242_880,
  },
});

export const opened = (heartbeatMs = 25_000): Passing =>
  passing('stream.opened', {
    cursor: at(9),
    replaying: false,
    heartbeatMs,
    service: { state: 'ok' },
  });
