import type { QueueCall, ReleaseReply } from '../../core/fair-queue.ts';
import type { Problem } from '../../core/problem.ts';
import { problemBody } from '../../core/problem.ts';
import type { Outcome, Work } from '../../ports/session-store.ts';
import type { Lease, Release, SegmentToken } from '../../ports/work-queue.ts';
import type { WorkContext } from './work-context.ts';

/** What clocks of gateways may differ by before one takes a click for newer than it is. */
const CLOCK_DIFFERENCE_MS = 500;

/** What has become of a claimed object. */
export type Ended =
  | Outcome
  /** At once. */
  | { readonly kind: 'again' }
  /** As soon as the server has the embedding. */
  | { readonly kind: 'healing' }
  /** Once more, or else the problem. */
  | { readonly kind: 'retry'; readonly at: number; readonly problem: Problem };

/** How a claimed object is given back: in the session first, then in the pool. */
export class SegmentEnd {
  readonly #context: WorkContext;
  readonly #lease: Lease;
  readonly #token: SegmentToken;
  readonly #work: Work;

  constructor(context: WorkContext, lease: Lease, token: SegmentToken, work: Work) {
    this.#context = context;
    this.#lease = lease;
    this.#token = token;
    this.#work = work;
  }

  async with(ended: Ended, call: QueueCall | undefined): Promise<void> {
    switch (ended.kind) {
      case 'again':
        await this.#release({ dirty: true, call });
        return;
      case 'healing':
        await this.#release({ dirty: true, healing: true, call });
        return;
      case 'retry': {
        const reply = await this.#release({ dirty: true, retryAt: ended.at, call });
        // The budget is spent, or there is no time left.
        if (reply === 'kept') await this.with({ kind: 'problem', problem: ended.problem }, call);
        return;
      }
      default:
        await this.#complete(ended, call);
    }
  }

  /** Ends the clicks that waited in vain; a newer one that nobody has enqueued yet waits on. */
  async overdue(): Promise<void> {
    const { settings, clock } = this.#context;
    const now = clock.now();
    const newest = this.#work.changedAt + settings.deadlineMs;
    if (newest > (this.#lease.deadlineAt ?? now) + CLOCK_DIFFERENCE_MS) {
      const deadlineAt = Math.min(newest, now + settings.deadlineMs);
      await this.#release({ dirty: true, deadlineAt });
      return;
    }
    await this.#complete({ kind: 'problem', problem: overdueProblem() }, undefined);
  }

  async #complete(outcome: Outcome, call: QueueCall | undefined): Promise<void> {
    const { engine, clock, metrics, promises } = this.#context;
    const { sessionId, objectId } = this.#token;
    const { revision, changedAt } = this.#work;
    const { fence } = this.#lease;
    const command = { objectId, revision, fence, outcome, now: clock.now() };
    const { accepted, dirty } = await engine.sessions.complete(sessionId, command);
    if (accepted && outcome.kind === 'answer') promises.meet(sessionId, objectId);
    if (accepted) {
      const how = outcome.kind === 'answer' ? 'completed' : 'failed';
      metrics.segmentEnded(how, clock.now() - changedAt);
    }
    await this.#release({ dirty, call });
  }

  #release(how: Omit<Release, 'now'>): Promise<ReleaseReply> {
    return this.#context.engine.queue.release(this.#lease, {
      ...how,
      now: this.#context.clock.now(),
    });
  }
}

/** Its turn came too late for anybody to want it. */
export function overdueProblem(): Problem {
  return problemBody('deadline_exceeded', 'Its turn did not come before its deadline.');
}
