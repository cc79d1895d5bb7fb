import type { Engine } from '../../../src/ports/engine.ts';

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
  const target: object = engine[port];
  const proxy = new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = member.bind(target) as Method;
      if (typeof name !== 'string' || !names.includes(name)) return method;
      return (...args: readonly unknown[]) => meddler(() => method(...args), name);
    },
  });
  return { ...engine, [port]: proxy };
}
