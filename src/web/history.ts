/** What can be undone and redone. Pure: a history is replaced, never changed. */
import type { Box, Point } from '../client/index.ts';

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

/** A click that was undone; redoing it posts it again. */
export interface UndoneClick extends Omit<DoneClick, 'clientRef' | 'clickId'> {
  /** Name of the object, which is lost when its last click is undone. */
  readonly label?: string;
}

export interface History {
  /** Oldest first. */
  readonly done: readonly DoneClick[];
  /** The last one is redone first. */
  readonly undone: readonly UndoneClick[];
}

export const NO_HISTORY: History = { done: [], undone: [] };

/** Bounds what is kept in the browser's storage. */
const LONGEST = 500;

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
  done: history.done.map((click) =>
    click.clientRef === clientRef ? { ...click, clickId } : click,
  ),
});

/** Forgets a click that the gateway refused. */
export const forget = (history: History, clientRef: string): History => ({
  ...history,
  done: history.done.filter((click) => click.clientRef !== clientRef),
});

/** Moves a click to the undone ones. */
export function pop(history: History, click: DoneClick, label: string | undefined): History {
  const { clientRef: _ref, clickId: _id, ...rest } = click;
  return {
    done: history.done.filter((candidate) => candidate !== click),
    undone: [...history.undone, label === undefined ? rest : { ...rest, label }].slice(-LONGEST),
  };
}

/** Forgets everything about an object or image that is gone. */
export const without = (
  history: History,
  gone: (click: Pick<DoneClick, 'objectId' | 'imageId'>) => boolean,
): History => ({
  done: history.done.filter((click) => !gone(click)),
  undone: history.undone.filter((click) => !gone(click)),
});
