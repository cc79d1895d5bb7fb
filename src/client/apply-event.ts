/** How each event and frame changes a session's state. Pure. */
import type { ImageBody, ObjectStatus } from '../protocol/bodies.ts';
import type {
  ClickAcceptedPayload,
  ObjectUpdatedPayload,
  SegmentCompletedPayload,
  SegmentFailedPayload,
} from '../protocol/events.ts';
import { dropConfirmed } from './pending-clicks.ts';
import type { SessionObject, SessionState } from './session-state.ts';
import { fromSnapshot } from './session-state.ts';
import type { LoggedEvent, Passing, StreamFrame } from './transport.ts';
import { isLogged } from './transport.ts';

type Change = (object: SessionObject) => SessionObject;

function changeObject(state: SessionState, objectId: string, change: Change): SessionState {
  const at = state.objects.findIndex((object) => object.objectId === objectId);
  const object = state.objects[at];
  return object === undefined
    ? state
    : { ...state, objects: state.objects.with(at, change(object)) };
}

function putImage(state: SessionState, image: ImageBody): SessionState {
  const at = state.images.findIndex((known) => known.imageId === image.imageId);
  const images = at < 0 ? [...state.images, image] : state.images.with(at, image);
  return { ...state, images };
}

function acceptClick(state: SessionState, payload: ClickAcceptedPayload): SessionState {
  const { clickId, objectId, imageId, revision, points, box, clientRef } = payload;
  const click = {
    clickId,
    points,
    pending: true,
    ...(box === undefined ? {} : { box }),
    ...(clientRef === undefined ? {} : { clientRef }),
  };
  const pending = state.pending.filter(
    (waiting) => clientRef === undefined || waiting.clientRef !== clientRef,
  );
  if (state.objects.every((object) => object.objectId !== objectId)) {
    const made: SessionObject = { objectId, imageId, revision, status: 'queued', clicks: [click] };
    return { ...state, pending, objects: [...state.objects, made] };
  }
  return changeObject({ ...state, pending }, objectId, ({ problem: _, ...object }) => ({
    ...object,
    revision,
    status: object.status === 'running' ? 'running' : 'queued',
    clicks: [...object.clicks, click],
  }));
}

const dropClick = (object: SessionObject, clickId: string): SessionObject => ({
  ...object,
  clicks: object.clicks.filter((click) => click.clickId !== clickId),
});

/** An answer ends the clicks it covers; the object itself only if nothing newer was asked. */
function settle(
  object: SessionObject,
  answer: SegmentCompletedPayload | SegmentFailedPayload,
  status: ObjectStatus,
): SessionObject {
  const covered = new Set(answer.covers);
  const { queue: _queue, problem: _problem, ...rest } = object;
  return {
    ...rest,
    status: answer.revision >= object.revision ? status : 'queued',
    clicks: object.clicks.map((click) =>
      covered.has(click.clickId) ? { ...click, pending: false } : click,
    ),
  };
}

function updateObject(object: SessionObject, payload: ObjectUpdatedPayload): SessionObject {
  const { label: _label, color: _color, metadata: _metadata, ...rest } = object;
  const { label, color, metadata } = payload;
  return {
    ...rest,
    ...(label === undefined ? {} : { label }),
    ...(color === undefined ? {} : { color }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function applyLogged(state: SessionState, event: LoggedEvent): SessionState {
  switch (event.type) {
    case 'session.opened': {
      const { name, metadata, expiresAt } = event.payload;
      return {
        ...state,
        expiresAt,
        ...(name === undefined ? {} : { name }),
        ...(metadata === undefined ? {} : { metadata }),
      };
    }
    case 'session.closed':
      return { ...state, closed: event.payload.reason, pending: [] };
    case 'image.added':
    case 'image.ready':
    case 'image.failed':
      return putImage(state, event.payload);
    case 'image.removed': {
      const { imageId } = event.payload;
      return {
        ...state,
        images: state.images.filter((image) => image.imageId !== imageId),
        objects: state.objects.filter((object) => object.imageId !== imageId),
      };
    }
    case 'click.accepted':
      return acceptClick(state, event.payload);
    case 'click.undone': {
      const { objectId, clickId, revision } = event.payload;
      return changeObject(state, objectId, ({ problem: _, ...object }) => ({
        ...dropClick(object, clickId),
        revision,
        status: object.status === 'running' ? 'running' : 'queued',
      }));
    }
    case 'click.cancelled': {
      const { objectId, clickId } = event.payload;
      return changeObject(state, objectId, (object) => dropClick(object, clickId));
    }
    case 'segment.completed': {
      const result = event.payload;
      return changeObject(state, result.objectId, (object) => ({
        ...settle(object, result, 'ready'),
        result,
      }));
    }
    case 'segment.failed': {
      const answer = event.payload;
      return changeObject(state, answer.objectId, (object) => ({
        ...settle(object, answer, 'failed'),
        ...(answer.revision >= object.revision ? { problem: answer.problem } : {}),
      }));
    }
    case 'object.updated': {
      const update = event.payload;
      return changeObject(state, update.objectId, (object) => updateObject(object, update));
    }
    case 'object.removed': {
      const { objectId } = event.payload;
      const objects = state.objects.filter((object) => object.objectId !== objectId);
      return { ...state, objects };
    }
    default:
      // Readers ignore what they do not know (A19).
      return state;
  }
}

function applyPassing(state: SessionState, frame: Passing): SessionState {
  switch (frame.type) {
    case 'stream.opened':
      // What was heard on a connection before may be over since.
      return { ...state, service: frame.payload.service };
    case 'session.snapshot':
      return fromSnapshot(frame.payload, state);
    case 'queue.updated': {
      const { objectId, position, etaMs } = frame.payload;
      return changeObject(state, objectId, (object) => ({ ...object, queue: { position, etaMs } }));
    }
    case 'segment.started':
      return changeObject(state, frame.payload.objectId, ({ queue: _, ...object }) => ({
        ...object,
        status: object.status === 'queued' ? 'running' : object.status,
      }));
    case 'presence.updated':
      return { ...state, participants: frame.payload.participants };
    case 'service.updated':
      return { ...state, service: frame.payload };
    default:
      return state;
  }
}

/**
 * The state after a frame. Events must come in order and once, as a stream delivers them; unknown
 * types change nothing but the cursor.
 */
export function applyEvent(state: SessionState, frame: StreamFrame): SessionState {
  if (!isLogged(frame)) return applyPassing(state, frame);
  return dropConfirmed({ ...applyLogged(state, frame), cursor: frame.eventId });
}
