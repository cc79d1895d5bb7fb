/** Gateways that acknowledge what a replica has. */
import { openRedisEngine } from '../../../src/adapters/redis/engine.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import type { AcceptClick, Changed } from '../../../src/ports/session-store.ts';
import type { Scene } from '../../contract/support.ts';
import { CONTRACT_SETTINGS, freshSessionId, NOW, TENANT } from '../../contract/support.ts';
import { eventually } from '../../support/eventually.ts';
import { silent } from '../support.ts';

/** Once it can confirm. */
export async function openReplicated(
  url: string,
  prefix: string,
  settings = CONTRACT_SETTINGS,
): Promise<Engine> {
  const options = { url, prefix, settings, log: silent };
  const engine = await openRedisEngine({ ...options, durability: 'replicated' });
  await durable(engine);
  return engine;
}

/** Resolves when a change has been made durable. */
export async function durable(engine: Engine): Promise<void> {
  await eventually('readiness', () => engine.durable());
  const session = { tenant: TENANT, subject: 'suite', now: NOW };
  await eventually('a durable change', () =>
    engine.sessions.durably((all) => all.open({ ...session, sessionId: freshSessionId() })),
  );
}

/** A click of which somebody is told that it was taken. */
export function promised(scene: Scene, command: AcceptClick): Promise<Changed> {
  return scene.sessions.durably((sessions) => sessions.accept(scene.session, command));
}
