/** The objects of one photo as the page shows them: confirmed and pending clicks together. Pure. */
import type {
  Box,
  PendingClick,
  Point,
  Problem,
  SegmentCompletedPayload,
  SessionObject,
  SessionState,
} from '../client/index.ts';
import { colorOf } from './palette.ts';

export interface Dot extends Point {
  /** True until the click has ended. */
  readonly pending: boolean;
}

export interface ObjectView {
  readonly objectId: string;
  readonly color: string;
  /** 1, 2, 3 … as shown and as typed to select it. */
  readonly number: number;
  readonly label: string;
  readonly status: 'sending' | 'queued' | 'running' | 'ready' | 'failed';
  readonly dots: readonly Dot[];
  /** The newest box. */
  readonly box?: Box & { readonly pending: boolean };
  readonly result?: SegmentCompletedPayload;
  readonly problem?: Problem;
  readonly etaMs?: number;
}

interface Part {
  readonly points: readonly Point[];
  readonly box?: Box;
  readonly pending: boolean;
}

function marks(parts: readonly Part[]): Pick<ObjectView, 'dots' | 'box'> {
  const dots = parts.flatMap(({ points, pending }) =>
    points.map((point) => ({ ...point, pending })),
  );
  const boxed = parts.findLast((part) => part.box !== undefined);
  return boxed?.box === undefined
    ? { dots }
    : { dots, box: { ...boxed.box, pending: boxed.pending } };
}

function viewOf(
  objectId: string,
  object: SessionObject | undefined,
  pending: readonly PendingClick[],
  slot: number,
): ObjectView {
  const sending = pending.map((click) => ({ ...click, pending: true }));
  return {
    objectId,
    color: object?.color ?? colorOf(slot),
    number: slot + 1,
    label: object?.label ?? '',
    status: object === undefined || pending.length > 0 ? 'sending' : object.status,
    ...marks([...(object?.clicks ?? []), ...sending]),
    ...(object?.result === undefined ? {} : { result: object.result }),
    ...(object?.problem === undefined ? {} : { problem: object.problem }),
    ...(object?.queue === undefined ? {} : { etaMs: object.queue.etaMs }),
  };
}

/** Ids of all objects of the session, those that exist only as pending clicks last. */
export function objectIds(state: SessionState): readonly string[] {
  const known = state.objects.map((object): string => object.objectId);
  return [...new Set([...known, ...state.pending.map((click) => click.objectId)])];
}

/** What to show of one photo, in the order of the numbers. */
export function objectViews(
  state: SessionState,
  imageId: string | undefined,
  slots: ReadonlyMap<string, number>,
): readonly ObjectView[] {
  const views: ObjectView[] = [];
  for (const id of objectIds(state)) {
    const object = state.objects.find((candidate) => candidate.objectId === id);
    const pending = state.pending.filter((click) => click.objectId === id);
    const home = object?.imageId ?? pending[0]?.imageId;
    if (home === imageId) views.push(viewOf(id, object, pending, slots.get(id) ?? 0));
  }
  return views.sort((one, other) => one.number - other.number);
}
