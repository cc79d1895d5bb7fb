import type { ClickId, ImageId, ObjectId, SessionId } from '../../core/ids.ts';
import type { Problem } from '../../core/problem.ts';
import type {
  AcceptClick,
  CompleteWork,
  ImageFacts,
  OpenSession,
  SessionCommands,
  SessionStore,
} from '../../ports/session-store.ts';
import type { ObjectPatch } from '../../protocol/bodies.ts';
import type { Confirmations } from './confirmations.ts';
import { UNCONFIRMED } from './confirmations.ts';
import type { Clicks } from './session/clicks.ts';
import { acceptClick, clickState, gatherClicks, undoClick } from './session/clicks.ts';
import { ExpiryIndex } from './session/expiry-index.ts';
import { addImage, findImage, removeImage, settleImage } from './session/images.ts';
import { closeSession, findSession, openSession, touchSession } from './session/lifetime.ts';
import {
  findObject,
  patchObject,
  removeObject,
  retryObject,
  snapshotCut,
} from './session/objects.ts';
import type { SessionSlot } from './session/session-slot.ts';
import { beginWork, completeWork, dirtyWork } from './session/work.ts';

/**
 * Sessions in Redis: each command is one script in the session's slot, atomic and safe to be sent
 * twice. Any number of gateways may give commands on the same session.
 */
export class RedisSessionStore implements SessionStore {
  readonly #slot: SessionSlot;
  readonly #index: ExpiryIndex;
  readonly #confirmations: Confirmations;
  readonly #clicks: Clicks;

  constructor(
    slot: SessionSlot,
    confirmations: Confirmations = UNCONFIRMED,
    clicks = gatherClicks(slot),
  ) {
    this.#slot = slot;
    this.#index = new ExpiryIndex(slot);
    this.#confirmations = confirmations;
    this.#clicks = clicks;
  }

  /** Each change is confirmed as soon as it was made, while what follows from it goes on. */
  async durably<Result>(run: (sessions: SessionCommands) => Promise<Result>): Promise<Result> {
    if (this.#confirmations === UNCONFIRMED) return await run(this);
    const confirmed: Promise<void>[] = [];
    const slot = this.#slot.watched((key, replicationId) => {
      const change = this.#confirmations.confirm(key, replicationId);
      // Awaited below, unless what follows fails.
      change.catch(() => undefined);
      confirmed.push(change);
    });
    const result = await run(new RedisSessionStore(slot, UNCONFIRMED, this.#clicks));
    await Promise.all(confirmed);
    return result;
  }

  open(command: OpenSession) {
    return openSession(this.#slot, this.#index, command);
  }

  find(session: SessionId) {
    return findSession(this.#slot, session);
  }

  touch(session: SessionId, now: number) {
    return touchSession(this.#slot, this.#index, session, now);
  }

  snapshot(session: SessionId) {
    return snapshotCut(this.#slot, session);
  }

  close(session: SessionId, reason: 'deleted' | 'expired', now: number) {
    return closeSession(this.#slot, this.#index, session, reason, now);
  }

  expired(now: number) {
    return this.#index.expired(now);
  }

  addImage(session: SessionId, image: ImageFacts, now: number) {
    return addImage(this.#slot, session, image, now);
  }

  settleImage(session: SessionId, image: ImageId, problem: Problem | undefined, now: number) {
    return settleImage(this.#slot, session, image, problem, now);
  }

  image(session: SessionId, image: ImageId) {
    return findImage(this.#slot, session, image);
  }

  removeImage(session: SessionId, image: ImageId, now: number) {
    return removeImage(this.#slot, session, image, now);
  }

  accept(session: SessionId, command: AcceptClick) {
    return acceptClick(this.#slot, this.#clicks, session, command);
  }

  undo(session: SessionId, click: ClickId, now: number) {
    return undoClick(this.#slot, session, click, now);
  }

  click(session: SessionId, click: ClickId) {
    return clickState(this.#slot, session, click);
  }

  object(session: SessionId, object: ObjectId) {
    return findObject(this.#slot, session, object);
  }

  patchObject(session: SessionId, object: ObjectId, patch: ObjectPatch, now: number) {
    return patchObject(this.#slot, session, object, patch, now);
  }

  removeObject(session: SessionId, object: ObjectId, now: number) {
    return removeObject(this.#slot, session, object, now);
  }

  retryObject(session: SessionId, object: ObjectId, now: number) {
    return retryObject(this.#slot, session, object, now);
  }

  begin(session: SessionId, object: ObjectId, fence: number) {
    return beginWork(this.#slot, session, object, fence);
  }

  complete(session: SessionId, command: CompleteWork) {
    return completeWork(this.#slot, session, command);
  }

  dirty(session: SessionId) {
    return dirtyWork(this.#slot, session);
  }
}
