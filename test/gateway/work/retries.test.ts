import { describe, expect, test } from 'vitest';
import type { FailureKind } from '../../../src/ports/feature-server.ts';
import { fault } from '../support/scripted-server.ts';
import { openService } from '../support/service.ts';

/** Plays one click against these faults; the calls and how the click ended. */
async function play(faults: readonly (Error | 'hang')[], seed = 1) {
  const service = openService({ seed });
  const { facts, image } = await service.readySession();
  service.server.segmentFaults.push(...faults);
  const { clickId } = await service.click(facts, image, 'left');
  await service.pass(60_000);
  const { status, problem } = await service.gateway.clicks.state(facts, clickId);
  return { service, facts, image, status, problem, calls: service.server.segments };
}

describe('calls that fail', () => {
  test.each<FailureKind>(['failed', 'overloaded', 'timeout'])(
    'B5 %s is retried once, after a random moment',
    async (kind) => {
      const gaps: number[] = [];
      for (let seed = 1; seed <= 20; seed += 1) {
        const { status, calls } = await play([fault(kind)], seed);
        expect(status).toBe('completed');
        expect(calls).toHaveLength(2);
        gaps.push((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0) - 500);
      }
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(300);
      expect(new Set(gaps).size).toBeGreaterThan(10);
    },
  );

  test.each<[FailureKind, string]>([
    ['failed', 'feature_server_failed'],
    ['overloaded', 'feature_server_failed'],
    ['timeout', 'feature_server_timeout'],
  ])('B5 %s twice ends the click with %s', async (kind, code) => {
    const { status, problem, calls, service, facts } = await play([fault(kind), fault(kind)]);
    expect(status).toBe('failed');
    expect(problem).toMatchObject({ code, retryable: true, detail: `scripted ${kind}` });
    expect(problem?.status).toBeUndefined();
    expect(calls).toHaveLength(2);
    expect(await service.logOf(facts.sessionId, 'segment.failed')).toHaveLength(1);
  });

  test('B5 rejected is never retried', async () => {
    const { status, problem, calls } = await play([fault('rejected')]);
    expect(status).toBe('failed');
    expect(problem).toMatchObject({ code: 'feature_server_rejected', retryable: false });
    expect(calls).toHaveLength(1);
  });

  test('B5 a server that says when to come back is left alone until then', async () => {
    const { status, calls } = await play([fault('overloaded', 3_000)]);
    expect(status).toBe('completed');
    const gap = (calls[1]?.at ?? 0) - (calls[0]?.at ?? 0);
    expect(gap).toBeGreaterThanOrEqual(3_500);
    expect(gap).toBeLessThanOrEqual(3_800);
  });

  test('B5 one that asks for more patience than a person has is not waited for', async () => {
    const { status, calls } = await play([fault('overloaded', 60_000)]);
    expect(status).toBe('failed');
    expect(calls).toHaveLength(1);
  });

  test('A2 what breaks inside shows no message of its own to callers', async () => {
    const bug = new TypeError('cannot read properties of http://10.0.0.1/secret');
    const { problem } = await play([bug, bug]);
    expect(problem?.code).toBe('feature_server_failed');
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  test('A21 a retry covers what was clicked meanwhile, too', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push(fault('overloaded', 2_000));
    const first = await service.click(facts, image, 'left');
    await service.pass(1_000);
    const second = await service.click(facts, image, 'left');
    await service.pass(10_000);
    const [completed] = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed?.payload.covers).toEqual([first.clickId, second.clickId]);
    expect(service.server.segments).toHaveLength(2);
  });

  test('B5 others are served while one waits for its retry', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push(fault('overloaded', 4_000));
    await service.click(facts, image, 'left');
    const other = await service.click(facts, image, 'right');
    await service.pass(1_100);
    const { status } = await service.gateway.clicks.state(facts, other.clickId);
    expect(status).toBe('completed');
  });

  test('B5 `missing` heals: encoded again, asked again with the new embedding, in the same place', async () => {
    const { service, status, calls, image } = await play([fault('missing')]);
    expect(status).toBe('completed');
    expect(service.server.encodes).toHaveLength(2);
    expect(calls.map(({ embeddingId }) => embeddingId)).toEqual([
      `embedding 1 of ${image}`,
      `embedding 2 of ${image}`,
    ]);
    const [encodedAt, askedAt] = [service.server.encodes[1]?.at ?? 0, calls[1]?.at ?? 0];
    expect(askedAt - encodedAt).toBe(service.server.encodeMs);
    expect(service.server.mostOpen).toBe(1);
  });

  test('B5 what was healed is remembered: the next click needs no encoding', async () => {
    const { service, facts, image } = await play([fault('missing')]);
    await service.click(facts, image, 'left');
    await service.pass(2_000);
    expect(service.server.segments.at(-1)?.embeddingId).toBe(`embedding 2 of ${image}`);
    expect(service.server.encodes).toHaveLength(2);
  });

  test('B5 a server that misses it again at once is not asked for ever', async () => {
    const missing = Array.from({ length: 20 }, () => fault('missing'));
    const { status, problem, calls, service } = await play(missing);
    expect(status).toBe('failed');
    expect(problem?.code).toBe('feature_server_failed');
    // Healed, then missed again, then retried like any other failure.
    expect(calls).toHaveLength(3);
    expect(service.server.encodes).toHaveLength(2);
  });

  test('B5 a preparation is retried once, too', async () => {
    const service = openService();
    const facts = await service.session();
    service.server.encodeFaults.push(fault('failed'));
    await service.addImage(facts);
    await service.pass(2_000);
    expect(service.server.encodes).toHaveLength(2);
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
    await service.pass(10_000);
    service.server.encodeFaults.push(fault('failed'), fault('failed'));
    await service.addImage(facts, 'dog');
    await service.pass(2_000);
    expect(service.server.encodes).toHaveLength(4);
    expect(await service.logOf(facts.sessionId, 'image.failed')).toHaveLength(1);
  });
});
