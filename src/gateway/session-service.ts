import type { Cursor } from '../core/cursor.ts';
import { formatCursor } from '../core/cursor.ts';
import type { SessionId, Tenant } from '../core/ids.ts';
import { sessionId } from '../core/ids.ts';
import { ProblemError } from '../core/problem.ts';
import type { Engine } from '../ports/engine.ts';
import type { ImageFacts, SessionCommands, SessionFacts } from '../ports/session-store.ts';
import type { Clock, Random } from '../ports/system.ts';
import type { Metadata, Snapshot } from '../protocol/bodies.ts';
import { eachInTurn } from './each-in-turn.ts';
import { KnownSessions } from './known-sessions.ts';
import type { SessionWatch } from './session-watch.ts';
import { timestamp } from './stream/frames.ts';
import type { StreamService } from './stream/stream-service.ts';
import { blobHolder, contentKey } from './work/content.ts';

/** 128 random bits: an id that cannot be guessed, since it opens the session. */
const ID_BYTES = 16;

export interface CreateSession {
  readonly tenant: Tenant;
  readonly subject: string;
  readonly name?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Opens, finds and ends sessions (A6–A8). */
export class SessionService {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #streams: StreamService;
  readonly #watch: SessionWatch;
  readonly #known: KnownSessions;

  constructor(
    ports: { readonly engine: Engine; readonly clock: Clock; readonly random: Random },
    streams: StreamService,
    watch: SessionWatch,
    sessionTtlMs: number,
  ) {
    this.#engine = ports.engine;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#streams = streams;
    this.#watch = watch;
    this.#known = new KnownSessions(sessionTtlMs);
  }

  async create(
    input: CreateSession,
  ): Promise<{ sessionId: SessionId; cursor: Cursor; expiresAt: string }> {
    const id = sessionId(`ses_${this.#random.token(ID_BYTES)}`);
    const opened = await this.#engine.sessions.durably((sessions) =>
      sessions.open({ ...input, sessionId: id, now: this.#clock.now() }),
    );
    return {
      sessionId: id,
      cursor: formatCursor(opened.position),
      expiresAt: timestamp(opened.expiresAt),
    };
  }

  /**
   * Finds a session for a request on it, which keeps it alive. Rejects with `session_not_found`; not
   * always when it has been closed elsewhere in the last minute, which a command on it finds out.
   */
  async enter(id: SessionId): Promise<SessionFacts> {
    const known = this.#known.find(id, this.#clock.now());
    // Only one that there is: whoever guesses ids must not fill the list.
    const facts = known ?? (await this.#find(id));
    await Promise.all([this.#touch(facts), this.#watch.mark(id)]);
    return facts;
  }

  /** The same for requests that give no command: looks, whenever the session was last seen. */
  async look(id: SessionId): Promise<SessionFacts> {
    const facts = await this.#find(id);
    await this.#touch(facts);
    return facts;
  }

  async snapshot(id: SessionId): Promise<Snapshot> {
    return await this.#streams.snapshot(id);
  }

  /** Ends the session and its streams, and forgets its data (A8). */
  async remove(id: SessionId): Promise<void> {
    const { sessions } = this.#engine;
    const facts = await sessions.find(id);
    if (facts === undefined) throw sessionNotFound(id);
    await sessions.durably((commands) => this.#close(commands, facts, 'deleted'));
  }

  /** Ends what nobody used for the session's life time. */
  async expire(): Promise<void> {
    const { sessions } = this.#engine;
    for (const id of this.#streams.sessions) {
      if (await sessions.touch(id, this.#clock.now())) await this.#watch.mark(id);
    }
    await eachInTurn(await sessions.expired(this.#clock.now()), async (id) => {
      const facts = await sessions.find(id);
      // It may have been used while those before it were closed.
      const over = facts !== undefined && facts.expiresAt <= this.#clock.now();
      if (over) await this.#close(sessions, facts, 'expired');
    });
  }

  async #find(id: SessionId): Promise<SessionFacts> {
    const facts = await this.#engine.sessions.find(id);
    // What has expired is gone, even before the next clean-up has noticed it.
    if (facts !== undefined && facts.expiresAt > this.#clock.now()) return facts;
    this.#known.forget(id);
    throw sessionNotFound(id);
  }

  async #touch(facts: SessionFacts): Promise<void> {
    const now = this.#clock.now();
    if (this.#known.find(facts.sessionId, now) !== undefined) return;
    if (await this.#engine.sessions.touch(facts.sessionId, now)) this.#known.learn(facts, now);
  }

  async #close(
    sessions: SessionCommands,
    facts: SessionFacts,
    reason: 'deleted' | 'expired',
  ): Promise<void> {
    this.#known.forget(facts.sessionId);
    const images = await sessions.close(facts.sessionId, reason, this.#clock.now());
    for (const image of images ?? []) await forgetImage(this.#engine, facts, image);
  }
}

/** The session needs an image no more: its bytes and its preparation go with their last holder. */
export async function forgetImage(
  engine: Engine,
  facts: SessionFacts,
  image: ImageFacts,
): Promise<void> {
  await engine.images.leave(contentKey(facts.tenant, image), facts.sessionId);
  await engine.blobs.release(blobHolder(facts.sessionId, image));
}

function sessionNotFound(id: SessionId): ProblemError {
  return new ProblemError('session_not_found', `There is no session ${id}.`);
}
