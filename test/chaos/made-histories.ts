/** Histories made by hand for the tests of the checks: a session with two clicks, a mask for each. */
import type { Cursor } from '../../src/core/cursor.ts';
import { clickId, imageId, objectId, sessionId } from '../../src/core/ids.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { LoggedPayloads, LoggedType } from '../../src/protocol/events.ts';
import { checkRun } from './check.ts';
import { expectedMask } from './expected-mask.ts';
import type { AnyEnvelope, RunHistory, Seen, SentClick, SessionHistory } from './history.ts';
import type { ViolationKind } from './verdict.ts';

const SESSION = 'ses_suite';
const IMAGE = { imageId: 'sha256-image', width: 48, height: 36 };
const OBJECT = 'object-1';

export function event<Type extends LoggedType>(
  sequence: number,
  type: Type,
  payload: LoggedPayloads[Type],
  epoch = 1,
): AnyEnvelope {
  return {
    eventId: `${epoch}-${sequence}`,
    sequence,
    schemaVersion: 1,
    channel: `session:${sessionId(SESSION)}`,
    type,
    timestamp: '2026-01-01T00:00:00.000Z',
    payload,
  } as unknown as AnyEnvelope;
}

export const inOther = (each: AnyEnvelope): AnyEnvelope => ({
  ...each,
  channel: `session:${sessionId('ses_other')}`,
});

export const ids = { objectId: objectId(OBJECT), imageId: imageId(IMAGE.imageId) };
export const pointAt = (x: number) => ({ x, y: 1, label: 1 as const });

/** The click `name`, whose only point lies at `revision`. */
export const accepted = (sequence: number, name: string, revision: number, epoch = 1) =>
  event(
    sequence,
    'click.accepted',
    {
      ...ids,
      clickId: clickId(`clk_${name}`),
      revision,
      points: [pointAt(revision)],
      clientRef: name,
    },
    epoch,
  );

export function completed(
  sequence: number,
  revision: number,
  names: readonly string[],
  prompt: Prompt = {
    points: Array.from({ length: revision }, (_, index) => pointAt(index + 1)),
  },
  epoch = 1,
) {
  return event(
    sequence,
    'segment.completed',
    {
      ...ids,
      revision,
      covers: names.map((name) => clickId(`clk_${name}`)),
      mask: { format: 'coco_rle', ...expectedMask(IMAGE, prompt) },
      bounds: null,
      area: 0,
      score: 1,
      model: 'suite',
      cached: false,
      timings: { queuedMs: 0, serverMs: 0, totalMs: 0 },
    },
    epoch,
  );
}

export const sent = (name: string, revision: number, cursor: Cursor): SentClick => ({
  clientRef: name,
  imageId: IMAGE.imageId,
  objectId: OBJECT,
  points: [pointAt(revision)],
  answers: [{ clickId: `clk_${name}`, objectId: OBJECT, revision, cursor }],
});

export const opened = event(1, 'session.opened', {
  sessionId: sessionId(SESSION),
  expiresAt: '2026-01-02T00:00:00.000Z',
});
/** Two clicks, a mask for each. */
export const LOG = [
  opened,
  accepted(2, 'a', 1),
  completed(3, 1, ['a']),
  accepted(4, 'b', 2),
  completed(5, 2, ['b']),
];
export const CLICKS = [sent('a', 1, '1-2'), sent('b', 2, '1-4')];

export const start: Seen = { kind: 'connected', from: 'start' };
export const from = (cursor: Cursor): Seen => ({ kind: 'connected', from: cursor });
export const read = (...events: readonly AnyEnvelope[]): Seen[] =>
  events.map((each) => ({ kind: 'event', id: each.eventId, event: each }));
export const heartbeat = (id: string): Seen => ({ kind: 'heartbeat', id });
export const reset: Seen = { kind: 'reset', reason: 'epoch_changed' };
export const snapshot = (cursor: Cursor, revision = 0): Seen => ({
  kind: 'snapshot',
  cursor,
  objects:
    revision === 0
      ? []
      : [
          {
            objectId: OBJECT,
            revision,
            clicks: Array.from({ length: revision }, (_, index) => ({
              clickId: `clk_${'abc'[index]}`,
              points: [pointAt(index + 1)],
            })),
          },
        ],
});

export function session(
  change: Partial<SessionHistory> = {},
  seen?: readonly Seen[],
): SessionHistory {
  const log = change.log ?? LOG;
  return {
    sessionId: SESSION,
    image: IMAGE,
    clicks: CLICKS,
    log,
    readers: [{ name: 'reader', seen: seen ?? [start, ...read(...log)] }],
    statuses: new Map(CLICKS.map(({ clientRef }) => [`clk_${clientRef}`, 'completed'])),
    ...change,
  };
}

export function kindsOf(
  sessions: readonly SessionHistory[],
  change: Partial<RunHistory> = {},
): readonly ViolationKind[] {
  const calm = { ceiling: 4, mostOpenCalls: 4, callsAbove: [], badAnswers: [], unsettled: [] };
  return checkRun({ sessions, ...calm, ...change }).violations.map(({ kind }) => kind);
}
