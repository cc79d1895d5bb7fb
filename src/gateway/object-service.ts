import type { ObjectId } from '../core/ids.ts';
import type { Engine } from '../ports/engine.ts';
import type { SessionFacts } from '../ports/session-store.ts';
import type { Clock } from '../ports/system.ts';
import type { ObjectBody, ObjectPatch, ObjectRetried } from '../protocol/bodies.ts';
import type { WorkEntry } from './work/work-entry.ts';

/** What can be done with an object besides clicking on it (A16). */
export class ObjectService {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #work: WorkEntry;

  constructor(engine: Engine, clock: Clock, work: WorkEntry) {
    this.#engine = engine;
    this.#clock = clock;
    this.#work = work;
  }

  async get(session: SessionFacts, id: ObjectId): Promise<ObjectBody> {
    return await this.#engine.sessions.object(session.sessionId, id);
  }

  async patch(session: SessionFacts, id: ObjectId, patch: ObjectPatch): Promise<ObjectBody> {
    return await this.#engine.sessions.durably((sessions) =>
      sessions.patchObject(session.sessionId, id, patch, this.#clock.now()),
    );
  }

  async remove(session: SessionFacts, id: ObjectId): Promise<void> {
    await this.#engine.sessions.durably((sessions) =>
      sessions.removeObject(session.sessionId, id, this.#clock.now()),
    );
  }

  /** Segments a failed object again; `conflict` when it has not failed. */
  async retry(session: SessionFacts, id: ObjectId): Promise<ObjectRetried> {
    const { sessionId } = session;
    return await this.#engine.sessions.durably(async (sessions) => {
      const { revision, imageId } = await sessions.retryObject(sessionId, id, this.#clock.now());
      const { body, ...facts } = await sessions.image(sessionId, imageId);
      const queue = await this.#work.enqueue(session, id, { facts, status: body.status });
      return { objectId: id, revision, queue };
    });
  }
}
