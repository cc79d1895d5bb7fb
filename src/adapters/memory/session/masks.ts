/** How the clicks of an object are ended by an answer, fresh or remembered. */
import type { ClickId } from '../../../core/ids.ts';
import type { PromptPart } from '../../../core/prompt.ts';
import { foldPrompt } from '../../../core/prompt.ts';
import type { Answer } from '../../../ports/session-store.ts';
import type { SegmentCompletedPayload } from '../../../protocol/events.ts';
import type { RememberedAnswer } from './remembered-answers.ts';
import type { ClickState, ObjectState, SessionState } from './session-state.ts';
import { isPending } from './session-state.ts';

/** Ends the object's pending clicks up to this revision; which ones, oldest first (L4). */
export function endPending(
  object: ObjectState,
  revision: number,
  end: (click: ClickState) => void,
): readonly ClickId[] {
  const covered = object.clicks.filter((click) => isPending(click) && click.revision <= revision);
  for (const click of covered) end(click);
  object.done = revision;
  object.runRevision = undefined;
  return covered.map((click) => click.clickId);
}

/** Publishes an answer as the object's mask. */
export function publishMask(
  state: SessionState,
  object: ObjectState,
  revision: number,
  answer: Answer & { readonly cached: boolean },
  now: number,
): void {
  const sequence = state.log.position.sequence + 1;
  const covers = endPending(object, revision, (click) => {
    click.status = 'completed';
    click.completedAt = sequence;
  });
  const { mask, bounds, area, score, model, cached, timings } = answer;
  const payload: SegmentCompletedPayload = {
    objectId: object.objectId,
    imageId: object.imageId,
    revision,
    covers,
    mask,
    bounds,
    area,
    score,
    model,
    cached,
    timings,
  };
  object.result = payload;
  object.problem = undefined;
  state.log.append('segment.completed', payload, now);
}

const NO_TIME = { queuedMs: 0, serverMs: 0, totalMs: 0 } as const;

/** Answers the present prompt without a call; a call under way is abandoned (L4). */
export function publishRemembered(
  state: SessionState,
  object: ObjectState,
  answer: RememberedAnswer,
  now: number,
): void {
  publishMask(state, object, object.rev, { ...answer, cached: true, timings: NO_TIME }, now);
}

/** The answer to the object's present prompt, if one was given before. */
export function rememberedAnswer(
  state: SessionState,
  object: Pick<ObjectState, 'imageId' | 'clicks'>,
  next?: PromptPart,
): RememberedAnswer | undefined {
  const parts = object.clicks.map((click) => click.part);
  const prompt = foldPrompt(next === undefined ? parts : [...parts, next]);
  return state.answers.find(object.imageId, prompt);
}
