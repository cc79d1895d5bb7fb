import type { Position } from '../../../core/cursor.ts';
import type { AcceptClick, Changed } from '../../../ports/session-store.ts';
import { checkInside } from '../../session/refusals.ts';
import type { ClickLimits } from './admission.ts';
import { checkInFlight, checkLimits, checkLoad } from './admission.ts';
import { createObject, renewPreparation } from './lifecycle.ts';
import { publishRemembered, rememberedAnswer } from './masks.ts';
import { earlierAnswer, rememberRequest } from './replay.ts';
import type { ClickState, ObjectState, SessionState } from './session-state.ts';
import { needOf, requireImage } from './session-state.ts';

/** L1. Everything is checked before anything is changed. */
export function acceptClick(
  state: SessionState,
  command: AcceptClick,
  limits: ClickLimits,
): Changed {
  const earlier = earlierAnswer(state, command);
  if (earlier !== undefined) return earlier;
  const image = requireImage(state, command.imageId);
  checkInside(command.part, image.facts);
  const present = state.objects.get(command.objectId);
  checkLimits(state, present, command, limits);
  const asked = present ?? { imageId: command.imageId, clicks: [] };
  const remembered = rememberedAnswer(state, asked, command.part);
  if (remembered === undefined) {
    checkInFlight(state, present, limits);
    checkLoad(present, command);
  }

  const object = present ?? createObject(state, command.objectId, command.imageId);
  const position = addClick(state, object, command);
  if (remembered === undefined) renewPreparation(state, object.imageId);
  else publishRemembered(state, object, remembered, command.now);
  const answer: Changed = {
    clickId: command.clickId,
    objectId: object.objectId,
    imageId: object.imageId,
    revision: object.rev,
    position,
    ...needOf(state, object.objectId),
    replayed: false,
  };
  rememberRequest(state, command, answer);
  return answer;
}

function addClick(state: SessionState, object: ObjectState, command: AcceptClick): Position {
  const { clickId, part, clientRef, now } = command;
  const { objectId, imageId } = object;
  object.rev += 1;
  object.changedAt = now;
  object.traceparent = command.traceparent;
  const revision = object.rev;
  const click: ClickState = {
    clickId,
    objectId,
    imageId,
    revision,
    part,
    clientRef,
    status: 'pending',
    completedAt: undefined,
    problem: undefined,
    departure: undefined,
  };
  object.clicks.push(click);
  state.clicks.set(clickId, click);
  return state.log.append(
    'click.accepted',
    {
      clickId,
      objectId,
      imageId,
      revision,
      points: part.points,
      ...(part.box === undefined ? {} : { box: part.box }),
      ...(clientRef === undefined ? {} : { clientRef }),
    },
    now,
  );
}
