import type { ObjectId } from '../../../core/ids.ts';
import type { Problem } from '../../../core/problem.ts';
import { foldPrompt } from '../../../core/prompt.ts';
import type {
  BeginReply,
  CompleteReply,
  CompleteWork,
  Dirty,
} from '../../../ports/session-store.ts';
import { endPending, publishMask } from './masks.ts';
import type { ObjectState, SessionState } from './session-state.ts';
import { isDirty, requireImage } from './session-state.ts';

/** L3. */
export function beginWork(state: SessionState, id: ObjectId, fence: number): BeginReply {
  const object = state.objects.get(id);
  const image = object === undefined ? undefined : state.images.get(object.imageId);
  if (object === undefined || image === undefined || !isDirty(object)) return { state: 'clean' };
  if (fence < object.run) return { state: 'stale' };
  object.run = fence;
  object.runRevision = object.rev;
  const prompt = foldPrompt(object.clicks.map((click) => click.part));
  const { rev: revision, changedAt, traceparent } = object;
  const { tenant } = state.facts;
  const work = { tenant, revision, prompt, image: image.facts, changedAt, traceparent };
  return { state: 'work', work };
}

/** L4. */
export function completeWork(state: SessionState, command: CompleteWork): CompleteReply {
  const object = state.objects.get(command.objectId);
  if (object === undefined) return { accepted: false, dirty: false };
  if (!mayEnd(object, command)) return { accepted: false, dirty: isDirty(object) };
  const { revision, outcome, now } = command;
  if (outcome.kind === 'answer') {
    state.answers.remember(object.imageId, outcome.prompt, outcome.answer);
    publishMask(state, object, revision, { ...outcome.answer, cached: false }, now);
  } else {
    publishFailure(state, object, revision, outcome.problem, now);
  }
  return { accepted: true, dirty: isDirty(object) };
}

/** A call ends once: the same completion, sent again after a retry of the object, is refused. */
function mayEnd(object: ObjectState, { revision, fence }: CompleteWork): boolean {
  const underWay = object.runRevision !== undefined && object.run === fence;
  return underWay && object.done < revision && revision <= object.rev;
}

function publishFailure(
  state: SessionState,
  object: ObjectState,
  revision: number,
  problem: Problem,
  now: number,
): void {
  const covers = endPending(object, revision, (click) => {
    click.status = 'failed';
    click.problem = problem;
  });
  object.problem = problem;
  const { objectId, imageId } = object;
  state.log.append('segment.failed', { objectId, imageId, revision, covers, problem }, now);
}

/** L7. */
export function dirtyWork(state: SessionState): Dirty {
  const objects = [...state.objects.values()].filter(isDirty);
  const images = [...state.images.values()].filter((image) => image.status === 'preparing');
  return {
    objects: objects.map(({ objectId, imageId }) => {
      return { objectId, image: requireImage(state, imageId).facts };
    }),
    images: images.map((image) => image.facts),
  };
}
