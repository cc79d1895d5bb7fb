import PQueue from 'p-queue';
import type { TaskRunner } from '../../ports/system.ts';

/**
 * Runs tasks on p-queue, at most `concurrency` at once, first come, first served. Which task comes
 * first was decided by whoever claimed it; nothing in here is replaced or dropped.
 */
export function createTaskRunner(concurrency: number): TaskRunner {
  const queue = new PQueue({ concurrency });
  return {
    run(task) {
      // A task handles its own failures; what escapes one is a bug, and must surface as such.
      void queue.add(task);
    },
    get active() {
      return queue.pending + queue.size;
    },
    idle: () => queue.onIdle(),
  };
}
