import type { SessionId } from '../../core/ids.ts';
import { ProblemError } from '../../core/problem.ts';
import { Doorbell } from './doorbell.ts';
import type { SessionState } from './session/session-state.ts';

/** All sessions of the process, and who listens to them: shared by the store and the log. */
export class SessionTable {
  readonly doorbell = new Doorbell();
  readonly #sessions = new Map<SessionId, SessionState>();
  #lastEpoch = 0;

  /** Greater than every epoch before it, the time wherever possible. */
  nextEpoch(now: number): number {
    this.#lastEpoch = Math.max(this.#lastEpoch + 1, now);
    return this.#lastEpoch;
  }

  find(session: SessionId): SessionState | undefined {
    return this.#sessions.get(session);
  }

  /** @throws ProblemError `session_not_found` */
  require(session: SessionId): SessionState {
    const state = this.#sessions.get(session);
    if (state === undefined)
      throw new ProblemError('session_not_found', 'There is no such session.');
    return state;
  }

  add(session: SessionId, state: SessionState): void {
    this.#sessions.set(session, state);
  }

  delete(session: SessionId): void {
    this.#sessions.delete(session);
  }

  /** Runs a command to its end, then tells what it appended; nothing if it throws. */
  command<Result>(session: SessionId, run: (state: SessionState) => Result): Result {
    const state = this.require(session);
    const result = run(state);
    this.announce(session, state);
    return result;
  }

  announce(session: SessionId, state: SessionState): void {
    const events = state.log.takeUnannounced();
    if (events.length > 0) this.doorbell.ring(session, (listener) => listener.appended(events));
  }

  [Symbol.iterator](): IterableIterator<[SessionId, SessionState]> {
    return this.#sessions.entries();
  }

  clear(): void {
    this.#sessions.clear();
    this.doorbell.clear();
  }
}
