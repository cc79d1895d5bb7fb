import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { SessionStore } from '../../src/ports/session-store.ts';
import { paths } from '../../src/protocol/routes.ts';
import { openSession, startGateway } from '../support/http-gateway.ts';
import { openStream } from '../support/http-reader.ts';

const READERS = 150;
const MOST = 64;

test('A18 readers that come back together are served some at a time, all of them', async () => {
  const held = Promise.withResolvers<void>();
  let looking = 0;
  let most = 0;
  await using gateway = await startGateway({
    engine: (engine) => {
      const { sessions } = engine;
      const find: typeof sessions.find = async (id) => {
        looking += 1;
        most = Math.max(most, looking);
        await held.promise;
        looking -= 1;
        return await sessions.find(id);
      };
      const get = (target: SessionStore, name: string | symbol) =>
        name === 'find' ? find : Reflect.get(target, name).bind(target);
      return { ...engine, sessions: new Proxy(sessions, { get }) };
    },
  });
  const { sessionId, cursor } = await openSession(gateway);
  const url = `${gateway.url}${paths.events(sessionId)}?after=${cursor}`;
  const opening = Array.from({ length: READERS }, () => openStream(url));
  while (looking < MOST) await turn();
  // Others are answered meanwhile; and each of these comes after what has arrived before it.
  for (let index = 0; index < 5; index += 1) {
    expect((await fetch(`${gateway.url}${paths.health}`)).status).toBe(200);
  }
  held.resolve();
  const streams = await Promise.all(opening);
  try {
    await Promise.all(streams.map((stream) => stream.named('stream.opened')));
    expect(most).toBe(MOST);
  } finally {
    await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
  }
});
