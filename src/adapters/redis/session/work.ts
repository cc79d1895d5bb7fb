/** Calls of the feature server, as a session sees them (L3, L4, L7). */
import type { ObjectId, SessionId, Tenant } from '../../../core/ids.ts';
import type { Prompt } from '../../../core/prompt.ts';
import { promptKey } from '../../../core/prompt.ts';
import type {
  BeginReply,
  CompleteReply,
  CompleteWork,
  Dirty,
  ImageFacts,
  Outcome,
} from '../../../ports/session-store.ts';
import { script } from '../scripts.ts';
import { pairs } from './pairs.ts';
import type { SessionPart, SessionSlot } from './session-slot.ts';

type WorkReply = [
  state: 'work',
  tenant: string,
  revision: number,
  prompt: string,
  image: string,
  changedAt: string,
  traceparent: string,
];

const BEGIN = script<WorkReply | [state: 'clean' | 'stale']>('session/begin-1');
const COMPLETE = script<[accepted: 0 | 1, dirty: 0 | 1]>('session/complete-5');
const COMPLETE_KEYS: readonly SessionPart[] = ['state', 'log', 'bell', 'answers', 'answers-order'];
const DIRTY = script<[objects: string[], images: string[]]>('session/dirty-1');

export async function beginWork(
  slot: SessionSlot,
  session: SessionId,
  object: ObjectId,
  fence: number,
): Promise<BeginReply> {
  const reply = await slot.run(BEGIN, slot.keys(session, ['state']), [object, fence]);
  if (reply[0] !== 'work') return { state: reply[0] };
  const [state, tenant, revision, prompt, image, changedAt, traceparent] = reply;
  const work = {
    tenant: tenant as Tenant,
    revision,
    prompt: JSON.parse(prompt) as Prompt,
    image: JSON.parse(image) as ImageFacts,
    changedAt: Number(changedAt),
    traceparent: traceparent === '' ? undefined : traceparent,
  };
  return { state, work };
}

export async function completeWork(
  slot: SessionSlot,
  session: SessionId,
  command: CompleteWork,
): Promise<CompleteReply> {
  const { objectId, revision, fence, outcome, now } = command;
  const [accepted, dirty] = await slot.run(COMPLETE, slot.keys(session, COMPLETE_KEYS), [
    ...[now, slot.history, objectId, revision, fence],
    ...outcomeTexts(outcome),
  ]);
  return { accepted: accepted === 1, dirty: dirty === 1 };
}

/** Prompt key, answer, course, problem: members of JSON objects, so that scripts need not read them. */
function outcomeTexts(outcome: Outcome): readonly string[] {
  if (outcome.kind === 'problem') return ['', '', '', JSON.stringify(outcome.problem)];
  const { mask, bounds, area, score, model, timings } = outcome.answer;
  const members = (value: object) => JSON.stringify(value).slice(1, -1);
  return [
    promptKey(outcome.prompt),
    members({ mask, bounds, area, score, model }),
    members({ cached: false, timings }),
    '',
  ];
}

export async function dirtyWork(slot: SessionSlot, session: SessionId): Promise<Dirty> {
  const [dirty, images] = await slot.run(DIRTY, slot.keys(session, ['state']), []);
  const objects = pairs(dirty).map(([objectId, facts]) => {
    return { objectId: objectId as ObjectId, image: JSON.parse(facts) as ImageFacts };
  });
  return { objects, images: images.map((facts) => JSON.parse(facts) as ImageFacts) };
}
