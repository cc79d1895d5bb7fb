import type { ClickId, ImageId, ObjectId, SessionId } from '../../core/ids.ts';
import type { Problem } from '../../core/problem.ts';
import { ProblemError } from '../../core/problem.ts';
import type { GatewaySettings } from '../../gateway/settings.ts';
import type {
  AcceptClick,
  AddedImage,
  BeginReply,
  Changed,
  CompleteReply,
  CompleteWork,
  Dirty,
  ImageFacts,
  OpenSession,
  SessionCommands,
  SessionFacts,
  SessionStore,
  SnapshotCut,
} from '../../ports/session-store.ts';
import type { ClickState, ImageBody, ObjectBody, ObjectPatch } from '../../protocol/bodies.ts';
import { imageBody } from '../session/image-body.ts';
import { acceptClick } from './session/accept.ts';
import { addImage, removeImage, settleImage } from './session/images.ts';
import { patchObject, removeObject, retryObject } from './session/objects.ts';
import { newSession, requireClick, requireImage, requireObject } from './session/session-state.ts';
import { undoClick } from './session/undo.ts';
import { clickBody, objectBody, snapshotCut } from './session/views.ts';
import { beginWork, completeWork, dirtyWork } from './session/work.ts';
import type { SessionTable } from './session-table.ts';

/**
 * Sessions in the memory of one process. Commands run in one go, so that they are serialised and
 * atomic by nature; what is lost at a restart is everything.
 */
export class MemorySessionStore implements SessionStore {
  readonly #table: SessionTable;
  readonly #settings: GatewaySettings;

  constructor(table: SessionTable, settings: GatewaySettings) {
    this.#table = table;
    this.#settings = settings;
  }

  /** What is lost with the process is lost whole: there is nothing to wait for. */
  durably<Result>(run: (sessions: SessionCommands) => Promise<Result>): Promise<Result> {
    return run(this);
  }

  async open(command: OpenSession) {
    const { now, ...facts } = command;
    const { sessionId, name, metadata } = facts;
    if (this.#table.find(sessionId) !== undefined) {
      throw new ProblemError('conflict', 'There is such a session already.');
    }
    const epoch = this.#table.nextEpoch(now);
    const expiresAt = now + this.#settings.sessionTtlMs;
    const state = newSession(facts, epoch, this.#settings.historyEvents, expiresAt);
    this.#table.add(sessionId, state);
    const position = state.log.append(
      'session.opened',
      {
        sessionId,
        ...(name === undefined ? {} : { name }),
        ...(metadata === undefined ? {} : { metadata }),
        expiresAt: new Date(expiresAt).toISOString(),
      },
      now,
    );
    this.#table.announce(sessionId, state);
    return { position, expiresAt };
  }

  async find(session: SessionId): Promise<SessionFacts | undefined> {
    const state = this.#table.find(session);
    if (state === undefined) return undefined;
    const { sessionId, tenant, subject } = state.facts;
    return { sessionId, tenant, subject, expiresAt: state.expiresAt };
  }

  async touch(session: SessionId, now: number): Promise<boolean> {
    const state = this.#table.find(session);
    if (state === undefined) return false;
    state.expiresAt = now + this.#settings.sessionTtlMs;
    return true;
  }

  async snapshot(session: SessionId): Promise<SnapshotCut | undefined> {
    const state = this.#table.find(session);
    return state === undefined ? undefined : snapshotCut(state);
  }

  /** Listeners hear `session.closed`; a reader that catches up finds no session (A8). */
  async close(
    session: SessionId,
    reason: 'deleted' | 'expired',
    now: number,
  ): Promise<readonly ImageFacts[] | undefined> {
    const state = this.#table.find(session);
    if (state === undefined) return undefined;
    state.log.append('session.closed', { reason }, now);
    this.#table.delete(session);
    this.#table.announce(session, state);
    return [...state.images.values()].map((image) => image.facts);
  }

  async expired(now: number): Promise<readonly SessionId[]> {
    return [...this.#table].filter(([, state]) => state.expiresAt <= now).map(([id]) => id);
  }

  async addImage(session: SessionId, image: ImageFacts, now: number): Promise<AddedImage> {
    const { maxImages } = this.#settings;
    return this.#table.command(session, (state) => addImage(state, image, maxImages, now));
  }

  async settleImage(
    session: SessionId,
    image: ImageId,
    problem: Problem | undefined,
    now: number,
  ): Promise<void> {
    if (this.#table.find(session) === undefined) return;
    this.#table.command(session, (state) => settleImage(state, image, problem, now));
  }

  async image(
    session: SessionId,
    image: ImageId,
  ): Promise<ImageFacts & { readonly body: ImageBody }> {
    const found = requireImage(this.#table.require(session), image);
    return { ...found.facts, body: imageBody(found) };
  }

  async removeImage(session: SessionId, image: ImageId, now: number): Promise<ImageFacts> {
    return this.#table.command(session, (state) => removeImage(state, image, now));
  }

  async accept(session: SessionId, command: AcceptClick): Promise<Changed> {
    return this.#table.command(session, (state) => acceptClick(state, command, this.#settings));
  }

  async undo(session: SessionId, click: ClickId, now: number): Promise<Changed> {
    return this.#table.command(session, (state) => undoClick(state, click, now));
  }

  async click(
    session: SessionId,
    click: ClickId,
  ): Promise<ClickState & { readonly imageId: ImageId }> {
    const state = this.#table.require(session);
    return clickBody(state, requireClick(state, click));
  }

  async object(session: SessionId, object: ObjectId): Promise<ObjectBody> {
    return objectBody(requireObject(this.#table.require(session), object));
  }

  async patchObject(
    session: SessionId,
    object: ObjectId,
    patch: ObjectPatch,
    now: number,
  ): Promise<ObjectBody> {
    return this.#table.command(session, (state) => patchObject(state, object, patch, now));
  }

  async removeObject(session: SessionId, object: ObjectId, now: number): Promise<void> {
    this.#table.command(session, (state) => removeObject(state, object, now));
  }

  async retryObject(session: SessionId, object: ObjectId, now: number) {
    return this.#table.command(session, (state) => retryObject(state, object, now));
  }

  async begin(session: SessionId, object: ObjectId, fence: number): Promise<BeginReply> {
    const state = this.#table.find(session);
    return state === undefined ? { state: 'clean' } : beginWork(state, object, fence);
  }

  async complete(session: SessionId, command: CompleteWork): Promise<CompleteReply> {
    if (this.#table.find(session) === undefined) return { accepted: false, dirty: false };
    return this.#table.command(session, (state) => completeWork(state, command));
  }

  async dirty(session: SessionId): Promise<Dirty> {
    const state = this.#table.find(session);
    return state === undefined ? { objects: [], images: [] } : dirtyWork(state);
  }
}
