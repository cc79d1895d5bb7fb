/** Gateways that know different feature servers, as while a list is changed by restarts one by one. */
import { describe, expect, test } from 'vitest';
import type { SessionFacts } from '../../../src/ports/session-store.ts';
import type { Service } from '../support/service.ts';
import { openService } from '../support/service.ts';

const IMAGES = ['cat', 'dog', 'fox', 'owl', 'bee', 'elk'];

/** A gateway of each list, the first being the one that people talk to; servers keep embeddings. */
function open([first, ...others]: readonly (readonly number[])[], concurrency = 2) {
  const prepare = (server: Service['server']) => {
    server.embeddings = new Set();
  };
  const service = openService({ servers: 3, concurrency, knows: first ?? [], prepare });
  const more = others.map((list) => service.spawnWith(list));
  for (const gateway of more) gateway.start();
  return { service, more };
}

/** A session with each image, and clicks on each. */
async function clickAll(service: Service, names = IMAGES): Promise<readonly SessionFacts[]> {
  const sessions: SessionFacts[] = [];
  for (const name of names) {
    const { facts, image } = await service.readySession(name);
    for (const object of ['left', 'right']) await service.click(facts, image, object);
    sessions.push(facts);
  }
  return sessions;
}

async function endings(service: Service, sessions: readonly SessionFacts[]) {
  const [completed, failed] = [[], []] as [unknown[], unknown[]];
  for (const { sessionId } of sessions) {
    completed.push(...(await service.logOf(sessionId, 'segment.completed')));
    failed.push(...(await service.logOf(sessionId, 'segment.failed')));
  }
  return { completed: completed.length, failed: failed.length };
}

describe('gateways with different lists of feature servers', () => {
  test.each([
    { what: 'adds one', lists: [[0], [0, 1]] },
    { what: 'takes one away', lists: [[0, 1], [0]] },
    {
      what: 'changes one of two',
      lists: [
        [0, 1],
        [1, 2],
      ],
    },
    { what: 'changes the only one', lists: [[0], [1]] },
  ])(
    'B6 a list that $what: every click is answered, each embedding made once a server',
    async ({ lists }) => {
      const { service } = open(lists);
      const sessions = await clickAll(service);
      await service.pass(8_000);
      expect(await endings(service, sessions)).toEqual({ completed: 12, failed: 0 });
      expect(service.logged).toEqual([]);
      for (const { server } of service.servers) {
        expect(server.mostOpen).toBeLessThanOrEqual(2);
        const encoded = server.encodes.map(({ image }) => image.imageId);
        expect(new Set(encoded).size).toBe(encoded.length);
      }
    },
  );

  test('B5 a gateway that is full has its embeddings made by none that does not know its server', async () => {
    const { service } = open([[0], [1]], 1);
    const sessions = await clickAll(service, ['cat', 'dog']);
    await service.pass(4_000);
    expect(await endings(service, sessions)).toEqual({ completed: 4, failed: 0 });
    const [, other] = service.servers;
    // It has made those that it was asked for, and they were used.
    expect(other?.server.encodes.length).toBeGreaterThan(0);
    expect(other?.server.segments.length).toBeGreaterThan(0);
    expect(service.logged).toEqual([]);
  });

  test('B5 what waits for a server whose last gateway has left is ranked anew', async () => {
    const { service, more } = open([[0], [1]], 1);
    const sessions = await clickAll(service, ['cat', 'dog', 'fox']);
    await service.pass(100);
    for (const gateway of more) await Promise.all([gateway.drain(), service.pass(3_000)]);
    const [first, second] = service.servers.map(({ server }) => server);
    const before = second?.segments.length;
    await service.pass(8_000);
    expect(await endings(service, sessions)).toEqual({ completed: 6, failed: 0 });
    expect(first?.segments.length).toBeGreaterThan(0);
    expect(second?.segments.length).toBe(before);
    expect(service.logged).toEqual([]);
  });
});
