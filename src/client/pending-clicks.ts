/** Clicks that are shown before the log has them. Pure. */
import type { Cursor } from '../core/cursor.ts';
import { parseCursor } from '../core/cursor.ts';
import type { PendingClick, SessionState } from './session-state.ts';

/** Shows a click at once, before the gateway has answered. */
export function addPending(state: SessionState, click: PendingClick): SessionState {
  return { ...state, pending: [...state.pending, click] };
}

/** Takes a click back that the gateway refused or never got. */
export function dropPending(state: SessionState, clientRef: string): SessionState {
  const pending = state.pending.filter((click) => click.clientRef !== clientRef);
  return pending.length === state.pending.length ? state : { ...state, pending };
}

/** Notes that the gateway accepted a click at a position of the log. */
export function acceptPending(
  state: SessionState,
  clientRef: string,
  acceptedAt: Cursor,
): SessionState {
  const pending = state.pending.map((click) =>
    click.clientRef === clientRef ? { ...click, acceptedAt } : click,
  );
  return dropConfirmed({ ...state, pending });
}

/**
 * Leaves out clicks whose event this state already contains: its answer may come after its event,
 * and an event may never have been seen because a snapshot took its place.
 */
export function dropConfirmed(state: SessionState): SessionState {
  const { cursor } = state;
  if (cursor === undefined || state.pending.every((click) => click.acceptedAt === undefined)) {
    return state;
  }
  const pending = state.pending.filter(
    ({ acceptedAt }) => acceptedAt === undefined || !contains(cursor, acceptedAt),
  );
  return pending.length === state.pending.length ? state : { ...state, pending };
}

function contains(cursor: Cursor, other: Cursor): boolean {
  const at = parseCursor(cursor);
  const wanted = parseCursor(other);
  if (at === undefined || wanted === undefined || at.epoch !== wanted.epoch) return true;
  return at.sequence >= wanted.sequence;
}
