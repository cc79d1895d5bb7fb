import type { ClickId } from '../../../core/ids.ts';
import type { Changed } from '../../../ports/session-store.ts';
import { buryObject, cancelClick, departClick, renewPreparation } from './lifecycle.ts';
import { publishRemembered, rememberedAnswer } from './masks.ts';
import { again } from './replay.ts';
import type { ObjectState, SessionState } from './session-state.ts';
import { isPending, needOf, requireClick, requireObject } from './session-state.ts';

/**
 * L2, A15. A click that left its prompt before, by an undo or with its object, appends nothing: the
 * first undo's answer again, or where its object ended.
 */
export function undoClick(state: SessionState, id: ClickId, now: number): Changed {
  const click = requireClick(state, id);
  if (click.departure !== undefined) return again(state, click.departure);
  const object = requireObject(state, click.objectId);
  const { clickId, objectId, imageId } = click;

  const wasPending = isPending(click);
  object.clicks = object.clicks.filter((other) => other !== click);
  object.rev += 1;
  object.changedAt = now;
  click.status = 'undone';
  const revision = object.rev;
  const position = state.log.append('click.undone', { clickId, objectId, revision }, now);
  if (wasPending) cancelClick(state, click, 'undone', now);
  departClick(state, click, revision, position);
  segmentAnew(state, object, now);
  const need = needOf(state, objectId);
  return { clickId, objectId, imageId, revision, position, ...need, replayed: false };
}

/** What is left of the object: nothing, a prompt answered before, or one that needs a call. */
function segmentAnew(state: SessionState, object: ObjectState, now: number): void {
  if (object.clicks.length === 0) {
    buryObject(state, object, now);
    return;
  }
  const remembered = rememberedAnswer(state, object);
  if (remembered === undefined) renewPreparation(state, object.imageId);
  else publishRemembered(state, object, remembered, now);
}
