/** An engine of which sessions and log are Redis; what else it needs is in memory. */
import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import type { RedisConnections } from '../../src/adapters/redis/connections.ts';
import { RedisEventLog } from '../../src/adapters/redis/event-log.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { SessionSlot } from '../../src/adapters/redis/session/session-slot.ts';
import { RedisSessionStore } from '../../src/adapters/redis/session-store.ts';
import type { GatewaySettings } from '../../src/gateway/settings.ts';
import type { Engine } from '../../src/ports/engine.ts';
import { CONTRACT_SETTINGS } from '../contract/support.ts';
import type { RedisServer } from './redis-server.ts';
import { connect } from './support.ts';

export interface SessionEngine extends Engine {
  readonly connections: RedisConnections;
  readonly slot: SessionSlot;
}

let engines = 0;

/** Keys that no other test has. */
export function freshKeys(): RedisKeys {
  engines += 1;
  return new RedisKeys(`test-${engines}`);
}

/** Several with the same keys are several gateways on the same sessions. */
export async function openSessionEngine(
  server: RedisServer,
  keys: RedisKeys = freshKeys(),
  settings: GatewaySettings = CONTRACT_SETTINGS,
): Promise<SessionEngine> {
  const connections = await connect(server);
  const slot = new SessionSlot(connections.commands, keys, settings);
  return {
    ...openMemoryEngine({ settings }),
    sessions: new RedisSessionStore(slot),
    log: new RedisEventLog(slot, connections.subscriber),
    connections,
    slot,
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

/** Two gateways on the same sessions: each command is given to the one that had not the last. */
export async function openTwoGateways(
  server: RedisServer,
  settings: GatewaySettings = CONTRACT_SETTINGS,
): Promise<Engine> {
  const keys = freshKeys();
  const gateways = [
    await openSessionEngine(server, keys, settings),
    await openSessionEngine(server, keys, settings),
  ];
  return {
    ...openMemoryEngine({ settings }),
    sessions: inTurn(gateways.map((gateway) => gateway.sessions)),
    log: inTurn(gateways.map((gateway) => gateway.log)),
    [Symbol.asyncDispose]: async () => {
      for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
    },
  };
}

/** Something that gives each call to the next of them. */
function inTurn<Port extends object>(ports: readonly Port[]): Port {
  const [first] = ports;
  if (first === undefined) throw new Error('nobody to take turns');
  let calls = 0;
  return new Proxy(first, {
    get: (_, method) => {
      const port = ports[calls % ports.length] ?? first;
      calls += 1;
      const call: unknown = Reflect.get(port, method, port);
      return typeof call === 'function' ? call.bind(port) : call;
    },
  });
}
