/** The images of a session (A9–A11). */
import type { ImageId, SessionId } from '../../../core/ids.ts';
import type { Problem } from '../../../core/problem.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { AddedImage, ImageFacts, SessionImage } from '../../../ports/session-store.ts';
import type { ImageBody, ImageStatus } from '../../../protocol/bodies.ts';
import { imageBody } from '../../session/image-body.ts';
import { limitReached } from '../../session/refusals.ts';
import { script } from '../scripts.ts';
import { sessionNotFound } from './lifetime.ts';
import type { Written } from './refusal.ts';
import { done } from './refusal.ts';
import type { SessionSlot } from './session-slot.ts';
import { KEEP_REPLY_MS, SESSION_PARTS } from './session-slot.ts';

const ADD_IMAGE =
  script<Written<[added: 0 | 1, field: string, facts: string]>>('session/add-image-4');
const SETTLE_IMAGE = script<null>('session/settle-image-3');
const REMOVE_IMAGE = script<Written<[facts: string]>>('session/remove-image-9');

const OTHER_COMPANIONS = 'The image is here with another reference or embedding.';

/** What `lib/images.lua` keeps of an image: its field `image`, and its facts. */
export function parseImage(field: string, facts: string) {
  const [size = '', , problem = ''] = field.split('\n');
  const status = size.split(' ')[2];
  return {
    facts: JSON.parse(facts) as ImageFacts,
    status: status as ImageStatus,
    problem: problem === '' ? undefined : (JSON.parse(problem) as Problem),
  };
}

/** The same, as far as those need it who make a call for it. */
export function sessionImage(field: string, facts: string): SessionImage {
  const { status, ...kept } = parseImage(field, facts);
  return { facts: kept.facts, status };
}

export async function addImage(
  slot: SessionSlot,
  session: SessionId,
  facts: ImageFacts,
  now: number,
): Promise<AddedImage> {
  const { maxImages } = slot.settings;
  const body = imageBody({ facts, status: 'preparing', problem: undefined });
  const companions = [facts.reference?.blobId ?? null, facts.embedding?.blobId ?? null];
  const keys = [...slot.keys(session, ['state', 'log', 'bell']), slot.replyKey(session)];
  const reply = await slot.write(ADD_IMAGE, keys, [
    now,
    slot.history,
    facts.imageId,
    facts.width,
    facts.height,
    JSON.stringify(companions),
    JSON.stringify(facts),
    JSON.stringify(body),
    maxImages,
    KEEP_REPLY_MS,
  ]);
  if (reply[0] === 'limit_reached') throw limitReached('maxImages', maxImages);
  const [, added, field, kept] = done(reply, { conflict: OTHER_COMPANIONS });
  return { added: added === 1, image: imageBody(parseImage(field, kept)) };
}

export async function settleImage(
  slot: SessionSlot,
  session: SessionId,
  image: ImageId,
  problem: Problem | undefined,
  now: number,
): Promise<void> {
  const keys = slot.keys(session, ['state', 'log', 'bell']);
  const text = problem === undefined ? '' : JSON.stringify(problem);
  await slot.run(SETTLE_IMAGE, keys, [now, slot.history, image, text]);
}

export async function findImage(
  slot: SessionSlot,
  session: SessionId,
  image: ImageId,
): Promise<ImageFacts & { readonly body: ImageBody }> {
  const state = slot.key(session, 'state');
  const [epoch, field, facts] = await slot.link.use((client) =>
    client.hmget(state, 'epoch', `image ${image}`, `facts ${image}`),
  );
  if (epoch == null) throw sessionNotFound();
  if (field == null || facts == null)
    throw new ProblemError('image_not_found', `There is no image ${image}.`);
  const found = parseImage(field, facts);
  return { ...found.facts, body: imageBody(found) };
}

export async function removeImage(
  slot: SessionSlot,
  session: SessionId,
  image: ImageId,
  now: number,
): Promise<ImageFacts> {
  const keys = [...slot.keys(session, SESSION_PARTS), slot.replyKey(session)];
  const reply = await slot.write(REMOVE_IMAGE, keys, [now, slot.history, image, KEEP_REPLY_MS]);
  const [, facts] = done(reply, { image_not_found: `There is no image ${image}.` });
  return JSON.parse(facts) as ImageFacts;
}
