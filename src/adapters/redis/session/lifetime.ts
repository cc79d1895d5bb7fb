/** How a session begins, is kept alive and ends (A6, A8, L8). */
import { randomUUID } from 'node:crypto';
import type { SessionId, Tenant } from '../../../core/ids.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { ImageFacts, OpenSession, SessionFacts } from '../../../ports/session-store.ts';
import { script } from '../scripts.ts';
import type { ExpiryIndex } from './expiry-index.ts';
import type { Written } from './refusal.ts';
import { done, isDone } from './refusal.ts';
import type { SessionSlot } from './session-slot.ts';
import { KEEP_REPLY_MS, SESSION_PARTS } from './session-slot.ts';

/** Keys outlive their session by one to two times this: it is closed by a gateway, not just gone. */
const KEPT_LONGER_MS = 60 * 60 * 1000;

const OPEN = script<Written<[epoch: string, expiresAt: string]>>('session/open-3');
const TOUCH = script<0 | 1 | 2>('session/touch-8');
const CLOSE = script<Written<string[]>>('session/close-9');

/** In the index before there is the session: one that were in no index would end unseen. */
export async function openSession(slot: SessionSlot, index: ExpiryIndex, command: OpenSession) {
  const { sessionId, tenant, subject, name, metadata, now } = command;
  const expiresAt = now + slot.settings.sessionTtlMs;
  const payload = { sessionId, name, metadata, expiresAt: new Date(expiresAt).toISOString() };
  await index.add(sessionId, expiresAt);
  const reply = await slot.write(OPEN, slot.keys(sessionId, ['state', 'log', 'bell']), [
    randomUUID(),
    now,
    expiresAt,
    expiresAt + 2 * KEPT_LONGER_MS,
    slot.history,
    JSON.stringify(payload),
    ...['tenant', tenant, 'subject', subject],
    ...['facts', JSON.stringify({ name, metadata })],
  ]);
  const [, epoch] = done(reply, { conflict: 'There is such a session already.' });
  return { position: { epoch: Number(epoch), sequence: 1 }, expiresAt };
}

export async function findSession(
  slot: SessionSlot,
  sessionId: SessionId,
): Promise<SessionFacts | undefined> {
  const state = slot.key(sessionId, 'state');
  const found = await slot.link.use(
    (client) => client.hmget(state, 'tenant', 'subject', 'expiresAt'),
    state,
  );
  const [tenant, subject, expiresAt] = found;
  if (tenant == null || subject == null || expiresAt == null) return undefined;
  return { sessionId, tenant: tenant as Tenant, subject, expiresAt: Number(expiresAt) };
}

export async function touchSession(
  slot: SessionSlot,
  index: ExpiryIndex,
  session: SessionId,
  now: number,
): Promise<boolean> {
  const expiresAt = now + slot.settings.sessionTtlMs;
  const touched = await slot.run(TOUCH, slot.keys(session, SESSION_PARTS), [
    expiresAt,
    expiresAt + KEPT_LONGER_MS,
    expiresAt + 2 * KEPT_LONGER_MS,
  ]);
  // Now and then, in case that the index lost it; the time that it has there may be too early.
  if (touched === 2) await index.add(session, expiresAt);
  return touched !== 0;
}

export async function closeSession(
  slot: SessionSlot,
  index: ExpiryIndex,
  session: SessionId,
  reason: 'deleted' | 'expired',
  now: number,
): Promise<readonly ImageFacts[] | undefined> {
  const keys = [...slot.keys(session, SESSION_PARTS), slot.replyKey(session)];
  const payload = JSON.stringify({ reason });
  const reply = await slot.write(CLOSE, keys, [now, slot.history, payload, KEEP_REPLY_MS]);
  await index.remove(session);
  if (!isDone(reply)) return undefined;
  const [, ...images] = reply;
  return images.map((facts) => JSON.parse(facts) as ImageFacts);
}

export const sessionNotFound = () =>
  new ProblemError('session_not_found', 'There is no such session.');
