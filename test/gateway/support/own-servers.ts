import type { ServerId } from '../../../src/core/ids.ts';
import type { WorkQueue } from '../../../src/ports/work-queue.ts';

/** More than any test needs: gateways that hand work to and fro forever do so in no time at all. */
const MOST_COMMANDS = 20_000;

/**
 * A queue in memory as one gateway of several has it: it is told before each command what that one
 * knows, as the scripts of the pool in Redis are.
 */
export function withOwnServers(queue: WorkQueue): WorkQueue {
  let own: [readonly ServerId[], number | undefined] | undefined;
  let commands = 0;
  return new Proxy(queue, {
    get(_, name) {
      if (name === 'useServers') {
        return (servers: readonly ServerId[], most?: number) => {
          own = [servers, most];
        };
      }
      const command: unknown = Reflect.get(queue, name, queue);
      if (typeof command !== 'function') return command;
      return (...args: unknown[]) => {
        commands += 1;
        if (commands > MOST_COMMANDS) throw new Error('the queue is asked without end');
        if (own !== undefined) queue.useServers(...own);
        return command.apply(queue, args);
      };
    },
  });
}
