/** Objects as people see and change them (A16), and the whole session (A7). */
import { formatCursor } from '../../../core/cursor.ts';
import type { ImageId, ObjectId, SessionId } from '../../../core/ids.ts';
import type { SnapshotCut } from '../../../ports/session-store.ts';
import type { ObjectBody, ObjectPatch, Snapshot } from '../../../protocol/bodies.ts';
import { imageBody } from '../../session/image-body.ts';
import { script } from '../scripts.ts';
import { parseImage } from './images.ts';
import { pairs } from './pairs.ts';
import type { Reply, Written } from './refusal.ts';
import { done } from './refusal.ts';
import type { SessionSlot } from './session-slot.ts';
import { KEEP_REPLY_MS } from './session-slot.ts';

const OBJECT = script<Reply<[body: string]>>('session/object-1');
const PATCH_OBJECT = script<Written<[body: string]>>('session/patch-object-4');
const REMOVE_OBJECT = script<Written<[]>>('session/remove-object-6');
const RETRY_OBJECT = script<Written<[revision: number, image: string]>>('session/retry-object-2');
const SNAPSHOT = script<SnapshotReply | null>('session/snapshot-2');

type SnapshotReply = [
  epoch: number,
  last: number,
  expiresAt: string,
  facts: string,
  images: string[],
  objects: string[],
];

const notFound = (object: ObjectId) => ({ object_not_found: `There is no object ${object}` });

export async function findObject(
  slot: SessionSlot,
  session: SessionId,
  object: ObjectId,
): Promise<ObjectBody> {
  const reply = await slot.run(OBJECT, slot.keys(session, ['state']), [object]);
  const [, body] = done(reply, notFound(object));
  return JSON.parse(body) as ObjectBody;
}

export async function patchObject(
  slot: SessionSlot,
  session: SessionId,
  object: ObjectId,
  patch: ObjectPatch,
  now: number,
): Promise<ObjectBody> {
  const keys = [...slot.keys(session, ['state', 'log', 'bell']), slot.replyKey(session)];
  const text = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));
  const { label, color, metadata } = patch;
  const changes = [text(label), text(color), text(metadata)];
  const args = [now, slot.history, object, KEEP_REPLY_MS, ...changes];
  const [, body] = done(await slot.write(PATCH_OBJECT, keys, args), notFound(object));
  return JSON.parse(body) as ObjectBody;
}

export async function removeObject(
  slot: SessionSlot,
  session: SessionId,
  object: ObjectId,
  now: number,
): Promise<void> {
  const parts = ['state', 'log', 'bell', 'departed', 'tombstones'] as const;
  const keys = [...slot.keys(session, parts), slot.replyKey(session)];
  const args = [now, slot.history, object, KEEP_REPLY_MS];
  done(await slot.write(REMOVE_OBJECT, keys, args), notFound(object));
}

export async function retryObject(
  slot: SessionSlot,
  session: SessionId,
  object: ObjectId,
  now: number,
): Promise<{ readonly revision: number; readonly imageId: ImageId }> {
  const keys = [slot.key(session, 'state'), slot.replyKey(session)];
  const reply = await slot.write(RETRY_OBJECT, keys, [now, object, KEEP_REPLY_MS]);
  const conflict = `Object ${object} has not failed`;
  const [, revision, imageId] = done(reply, { ...notFound(object), conflict });
  return { revision, imageId: imageId as ImageId };
}

export async function snapshotCut(
  slot: SessionSlot,
  sessionId: SessionId,
): Promise<SnapshotCut | undefined> {
  const reply = await slot.run(SNAPSHOT, slot.keys(sessionId, ['state', 'log']), []);
  if (reply === null) return undefined;
  const [epoch, sequence, expiresAt, facts, images, objects] = reply;
  const position = { epoch, sequence };
  const snapshot = {
    sessionId,
    ...(JSON.parse(facts) as Pick<Snapshot, 'name' | 'metadata'>),
    cursor: formatCursor(position),
    expiresAt: new Date(Number(expiresAt)).toISOString(),
    images: pairs(images).map(([field, kept]) => imageBody(parseImage(field, kept))),
    objects: objects.map((body) => JSON.parse(body) as ObjectBody),
  };
  return { position, snapshot };
}
