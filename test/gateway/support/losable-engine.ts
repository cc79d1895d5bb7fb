import { ProblemError } from '../../../src/core/problem.ts';
import type { Engine } from '../../../src/ports/engine.ts';

/** Whether the storage is away now. */
export interface Loss {
  now: boolean;
  /** Commands that were refused for it. */
  refused: number;
}

/** An engine of which everything but what rings by itself fails while it is lost. */
export function losable(loss: Loss): (engine: Engine) => Engine {
  const check = () => {
    if (!loss.now) return;
    loss.refused += 1;
    throw new ProblemError('storage_unavailable', 'gone');
  };
  const port = <Port extends object>(target: Port): Port =>
    new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function' || name === 'onAvailable' || name === 'pass') {
          return typeof member === 'function' ? member.bind(target) : member;
        }
        return async (...args: readonly unknown[]) => {
          check();
          return await Reflect.apply(member, target, args);
        };
      },
    });
  return (engine) => ({
    ...engine,
    sessions: port(engine.sessions),
    log: port(engine.log),
    queue: port(engine.queue),
    images: port(engine.images),
    watch: port(engine.watch),
    presence: port(engine.presence),
    ready: async () => {
      check();
      await engine.ready();
    },
  });
}
