/** The session as callers see it. */
import { formatCursor } from '../../../core/cursor.ts';
import type { ImageId } from '../../../core/ids.ts';
import type { SnapshotCut } from '../../../ports/session-store.ts';
import type {
  ClickState as ClickBody,
  ClickStatus,
  ObjectBody,
  ObjectClick,
  ObjectStatus,
} from '../../../protocol/bodies.ts';
import type { SegmentCompletedPayload } from '../../../protocol/events.ts';
import { imageBody } from '../../session/image-body.ts';
import type { ClickState, ObjectState, SessionState } from './session-state.ts';
import { isDirty, isPending } from './session-state.ts';

/** A7, one entry of `objects`. */
export function objectBody(object: ObjectState): ObjectBody {
  const status = objectStatus(object);
  return {
    objectId: object.objectId,
    imageId: object.imageId,
    revision: object.rev,
    ...looks(object),
    status,
    clicks: object.clicks.map(clickEntry),
    ...(object.result === undefined ? {} : { result: object.result }),
    ...(status === 'failed' && object.problem !== undefined ? { problem: object.problem } : {}),
  };
}

/** What PATCH can change. */
export function looks({
  label,
  color,
  metadata,
}: Pick<ObjectState, 'label' | 'color' | 'metadata'>): Pick<
  ObjectBody,
  'label' | 'color' | 'metadata'
> {
  return {
    ...(label === undefined ? {} : { label }),
    ...(color === undefined ? {} : { color }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

export function objectStatus(object: ObjectState): ObjectStatus {
  if (isDirty(object)) return object.runRevision === undefined ? 'queued' : 'running';
  return object.problem === undefined ? 'ready' : 'failed';
}

function clickEntry(click: ClickState): ObjectClick {
  const { clickId, part, clientRef } = click;
  return {
    clickId,
    points: part.points,
    ...(part.box === undefined ? {} : { box: part.box }),
    ...(clientRef === undefined ? {} : { clientRef }),
    pending: isPending(click),
  };
}

/** A17, without `queue`, which the pool knows. */
export function clickBody(
  state: SessionState,
  click: ClickState,
): ClickBody & { readonly imageId: ImageId } {
  const { clickId, objectId, imageId, revision, problem } = click;
  const status = clickStatus(state, click);
  const result = status === 'completed' ? resultOf(state, click) : undefined;
  return {
    clickId,
    objectId,
    imageId,
    revision,
    status,
    ...(result === undefined ? {} : { result }),
    ...(status === 'failed' && problem !== undefined ? { problem } : {}),
  };
}

/** A click that came after the call under way began still waits for one of its own. */
function clickStatus(state: SessionState, click: ClickState): ClickStatus {
  if (click.status !== 'pending') return click.status;
  const runRevision = state.objects.get(click.objectId)?.runRevision;
  return runRevision !== undefined && click.revision <= runRevision ? 'running' : 'queued';
}

/**
 * The answer that covered the click while the log keeps it, so that masks are held once; afterwards
 * the newest mask of its object, which shows the click too; none when the object is gone as well.
 */
function resultOf(state: SessionState, click: ClickState): SegmentCompletedPayload | undefined {
  const event = click.completedAt === undefined ? undefined : state.log.at(click.completedAt);
  if (event?.type === 'segment.completed') return event.payload;
  return click.departure === undefined ? state.objects.get(click.objectId)?.result : undefined;
}

/** A7 and L11: commands are atomic, so that what is here is what the log says up to here. */
export function snapshotCut(state: SessionState): SnapshotCut {
  const { sessionId, name, metadata } = state.facts;
  const position = state.log.position;
  const snapshot = {
    sessionId,
    ...(name === undefined ? {} : { name }),
    ...(metadata === undefined ? {} : { metadata }),
    cursor: formatCursor(position),
    expiresAt: new Date(state.expiresAt).toISOString(),
    images: [...state.images.values()].map(imageBody),
    objects: [...state.objects.values()].map(objectBody),
  };
  return { position, snapshot };
}
