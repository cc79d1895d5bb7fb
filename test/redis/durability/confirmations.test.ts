/** How a primary is asked whether its replica has everything (L14). */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { within } from '../../contract/support.ts';
import { eventually } from '../../support/eventually.ts';
import type { Pair } from './replicated-pair.ts';
import {
  BOUND_MS,
  clientOf,
  confirmationsOf,
  confirming,
  LAG_MS,
  startPair,
} from './replicated-pair.ts';

/** How often the server was given each command; by scripts, too. */
async function callsOf(client: Redis): Promise<{ readonly wait: number; readonly set: number }> {
  const stats = await client.info('commandstats');
  const calls = (name: string) =>
    Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
  return { wait: calls('wait'), set: calls('set') };
}

describe('L14 replicated', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  it('L14 confirms a hundred changes with few WAITs', async () => {
    await using confirmations = confirmationsOf(pair.primary);
    await using client = clientOf(pair.primary);
    const id = await confirming(client, confirmations);
    const before = await callsOf(client);
    const changes = Array.from({ length: 100 }, (_, n) => confirmations.confirm(`key-${n}`, id));
    await within('the confirmations', Promise.all(changes), BOUND_MS);
    // The first goes alone, the others share the next one.
    const after = await callsOf(client);
    expect(after.wait - before.wait).toBe(2);
    // From Redis 7.2 on, a WAIT without a write of its connection's own asks nobody.
    expect(after.set - before.set).toBe(2);
    expect(await client.keys('key-*')).toEqual([]);
  });

  it('L14 has a bound on those who wait', async () => {
    await using confirmations = confirmationsOf(pair.primary);
    await eventually('readiness', () => confirmations.check());
    pair.replica.freeze();
    try {
      const all = Promise.allSettled(
        Array.from({ length: 10_002 }, () => confirmations.confirm('key', 'x')),
      );
      const reasons = (await within('the answers', all, BOUND_MS)).map(
        (outcome) => outcome.status === 'rejected' && String(outcome.reason.message),
      );
      expect(reasons.filter((text) => /fast enough/.test(String(text)))).toHaveLength(2);
    } finally {
      pair.replica.thaw();
    }
  });

  it('L14 goes on when its connection is lost under a WAIT', async () => {
    await using confirmations = confirmationsOf(pair.primary);
    await using client = clientOf(pair.primary);
    const id = await confirming(client, confirmations);
    pair.link.set({ latencyMs: LAG_MS * 3 });
    try {
      const confirmed = confirmations.confirm('key', id);
      confirmed.catch(() => undefined);
      const blocked = async () => {
        const list = String(await client.client('LIST'));
        const line = list.split('\n').find((text) => / name=maskwire-sync .*flags=b/.test(text));
        if (line === undefined) throw new Error('nobody waits');
        return Number(/^id=(\d+)/.exec(line)?.[1]);
      };
      const victim = await eventually('a WAIT', blocked);
      expect(await client.client('KILL', 'ID', victim)).toBe(1);
      // In time for its deadline, or not on a machine that is busy.
      await within(
        'an answer',
        confirmed.catch(() => undefined),
        BOUND_MS,
      );
      await expect(confirming(client, confirmations)).resolves.toBe(id);
    } finally {
      pair.link.set({});
    }
  });
});
