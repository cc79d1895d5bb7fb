import type { Engine } from '../../../src/ports/engine.ts';
import type { SessionCommands } from '../../../src/ports/session-store.ts';

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** Stands between a caller and a port: may act before or after `call`, fail, or not call at all. */
export type Meddler = (call: () => Promise<unknown>, name: string) => Promise<unknown>;

type PortName = 'sessions' | 'log' | 'queue' | 'images' | 'blobs';

/** The engine with a meddler in front of the named methods of a port. */
export function meddle(
  engine: Engine,
  port: PortName,
  names: readonly string[],
  meddler: Meddler,
): Engine {
  return { ...engine, [port]: meddled(engine[port], names, meddler) };
}

function meddled<Port extends object>(
  target: Port,
  names: readonly string[],
  meddler: Meddler,
): Port {
  return new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = member.bind(target) as Method;
      const called = name === 'durably' ? within(method, names, meddler) : method;
      if (typeof name !== 'string' || !names.includes(name)) return called;
      return (...args: readonly unknown[]) => meddler(() => called(...args), name);
    },
  });
}

/** What is done inside of `durably` goes through the meddler, too. */
function within(durably: Method, names: readonly string[], meddler: Meddler): Method {
  return (run) =>
    durably((sessions: SessionCommands) => (run as Run)(meddled(sessions, names, meddler)));
}

type Run = (sessions: SessionCommands) => Promise<unknown>;
