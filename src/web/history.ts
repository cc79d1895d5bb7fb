/** What can be undone and redone. Pure: a history is replaced, never changed. */
import type { Box, Point, SessionState } from '../client/index.ts';
import { findObject } from '../client/index.ts';

/** A click that was sent from this page. */
export interface DoneClick {
  readonly clientRef: string;
  /** Known once the gateway has answered. */
  readonly clickId?: string;
  readonly objectId: string;
  readonly imageId: string;
  readonly points: readonly Point[];
  readonly box?: Box;
}

/** What brings back an object that was removed from this page: its clicks, posted again. */
export interface RemovedObject {
  readonly objectId: string;
  readonly imageId: string;
  readonly label?: string;
  /** Oldest first; of whoever made them. */
  readonly clicks: readonly Pick<DoneClick, 'points' | 'box'>[];
}

/** A click that was undone; redoing it posts it again. */
export interface UndoneClick extends Omit<DoneClick, 'clientRef' | 'clickId'> {
  /** Name of the object, which is lost when its last click is undone. */
  readonly label?: string;
}

export interface History {
  /** Oldest first. */
  readonly done: readonly (DoneClick | RemovedObject)[];
  /** The last one is redone first. */
  readonly undone: readonly UndoneClick[];
}

export const NO_HISTORY: History = { done: [], undone: [] };

/** Bounds what is kept in the browser's storage. */
const LONGEST = 500;

export const isClick = (done: DoneClick | RemovedObject): done is DoneClick => 'clientRef' in done;

/** A new click; what was undone before it cannot be redone any more. */
export const push = (history: History, click: DoneClick): History => ({
  done: [...history.done, click].slice(-LONGEST),
  undone: [],
});

/** A click that was redone. */
export const pushRedone = (history: History, click: DoneClick): History => ({
  done: [...history.done, click].slice(-LONGEST),
  undone: history.undone.slice(0, -1),
});

/** Notes the id that the gateway gave a click. */
export const confirm = (history: History, clientRef: string, clickId: string): History => ({
  ...history,
  done: history.done.map((done) =>
    isClick(done) && done.clientRef === clientRef ? { ...done, clickId } : done,
  ),
});

/** Forgets a click that the gateway refused. */
export const forget = (history: History, clientRef: string): History => ({
  ...history,
  done: history.done.filter((done) => !isClick(done) || done.clientRef !== clientRef),
});

/** Moves a click to the undone ones. */
export function pop(history: History, click: DoneClick, label: string | undefined): History {
  const { clientRef: _ref, clickId: _id, ...rest } = click;
  return {
    done: history.done.filter((candidate) => candidate !== click),
    undone: [...history.undone, label === undefined ? rest : { ...rest, label }].slice(-LONGEST),
  };
}

/** What to keep of an object that is about to be removed; nothing of one that does not exist. */
export function removalOf(state: SessionState, objectId: string): RemovedObject | undefined {
  const object = findObject(state, objectId);
  const sending = state.pending.filter((click) => click.objectId === objectId);
  const imageId = object?.imageId ?? sending[0]?.imageId;
  if (imageId === undefined) return undefined;
  const clicks = [...(object?.clicks ?? []), ...sending].map(({ points, box }) =>
    box === undefined ? { points } : { points, box },
  );
  const label = object?.label;
  return { objectId, imageId, clicks, ...(label === undefined ? {} : { label }) };
}

/** Notes that an object was removed, instead of everything that was done to it. */
export function remove(history: History, removed: RemovedObject): History {
  const { done, undone } = without(history, (click) => click.objectId === removed.objectId);
  return { done: [...done, removed].slice(-LONGEST), undone };
}

/** Notes that a removed object was brought back by these clicks; without any, that it never went. */
export const restored = (
  history: History,
  removed: RemovedObject,
  clicks: readonly DoneClick[],
): History => ({
  ...history,
  done: [...history.done.filter((done) => done !== removed), ...clicks].slice(-LONGEST),
});

/** Forgets everything about an object or image that is gone. */
export const without = (
  history: History,
  gone: (click: Pick<DoneClick, 'objectId' | 'imageId'>) => boolean,
): History => ({
  done: history.done.filter((click) => !gone(click)),
  undone: history.undone.filter((click) => !gone(click)),
});
