import { describe, expect, test } from 'vitest';
import type { LogLevel } from '../../src/adapters/system/json-logger.ts';
import { createJsonLogger } from '../../src/adapters/system/json-logger.ts';
import { createMetrics } from '../../src/adapters/system/metrics.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { systemRandom } from '../../src/adapters/system/system-random.ts';
import { createTaskRunner } from '../../src/adapters/system/task-runner.ts';
import { ONLY_SERVER } from '../../src/core/burst/server-set.ts';

describe('json logger', () => {
  function logger(level?: LogLevel) {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    const log = createJsonLogger({ write, now: () => 0, ...(level && { level }) });
    return { log, lines, entry: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
  }

  test('writes one object a line, head first, and fields cannot replace it', () => {
    const { log, lines } = logger();
    log.info('hello\nworld', { level: 'fake', count: 2, big: 3n });
    expect(lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"hello\\nworld","count":2,"big":"3"}\n',
    ]);
  });

  test('A2 hides secrets by name, however deep', () => {
    const { log, entry } = logger();
    log.warn('x', { token: 'a', nested: { Authorization: 'b', ok: 1 }, url_signature: 'c' });
    expect(entry()).toMatchObject({
      token: '[hidden]',
      nested: { Authorization: '[hidden]', ok: 1 },
      url_signature: '[hidden]',
    });
  });

  test('an error is its message, a long text is cut, what JSON cannot hold does not throw', () => {
    const { log, entry } = logger();
    log.error('x', { error: new Error('broken'), text: 'y'.repeat(10_000) });
    expect(entry()['error']).toBe('broken');
    expect(String(entry()['text']).length).toBeLessThan(3_000);
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    log.error('circular', { loop });
    expect(entry()).toMatchObject({ level: 'error', message: 'circular' });
  });

  test.each<[LogLevel, number]>([
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ])('level %s writes %d of three', (level, count) => {
    const { log, lines } = logger(level);
    log.info('a');
    log.warn('b');
    log.error('c');
    expect(lines).toHaveLength(count);
  });
});

describe('task runner', () => {
  test('runs at most as many as it may, in order, and tells when it is idle', async () => {
    const runner = createTaskRunner(2);
    const started: number[] = [];
    const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
    for (const [index, gate] of gates.entries()) {
      runner.run(async () => {
        started.push(index);
        await gate.promise;
      });
    }
    expect(runner.active).toBe(3);
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    for (const gate of gates) gate.resolve();
    await runner.idle();
    expect({ started, active: runner.active }).toEqual({ started: [0, 1, 2], active: 0 });
  });

  test('is idle at once when nothing was run', async () => {
    await expect(createTaskRunner(1).idle()).resolves.toBeUndefined();
  });
});

test('A32 metrics are in base units, each gateway in a registry of its own', async () => {
  const metrics = createMetrics();
  metrics.clickAccepted('merged');
  metrics.clickRefused('overloaded');
  metrics.segmentEnded('completed', 420);
  metrics.featureCall('encode', 'ok', 1_500, ONLY_SERVER);
  metrics.featureServer(ONLY_SERVER, false);
  metrics.streamsOpen(1);
  metrics.streamReset('history_trimmed');
  metrics.streamFrames(3, 700);
  const { contentType, body } = await metrics.text();
  expect(contentType).toMatch(/^text\/plain/);
  for (const line of [
    'maskwire_clicks_accepted_total{how="merged"} 1',
    'maskwire_clicks_refused_total{code="overloaded"} 1',
    'maskwire_segment_duration_seconds_sum{outcome="completed"} 0.42',
    'maskwire_feature_call_duration_seconds_count{kind="encode",outcome="ok",server="default"} 1',
    'maskwire_feature_server_up{server="default"} 0',
    'maskwire_streams_open 1',
    'maskwire_stream_resets_total{reason="history_trimmed"} 1',
    'maskwire_stream_frames_total 3',
    'maskwire_stream_sent_bytes_total 700',
  ]) {
    expect(body.split('\n')).toContain(line);
  }
  expect((await createMetrics().text()).body).not.toContain('how="merged"');
});

test('a timer fires once, not when it was cancelled, and not at once when its span is long', async () => {
  const fired: string[] = [];
  const cancelled = systemClock.after(0, () => fired.push('cancelled'));
  cancelled.cancel();
  // Passed on as it is, Node would fire it after 1 ms.
  const distant = systemClock.after(2 ** 40, () => fired.push('distant'));
  await new Promise<void>((resolve) => {
    systemClock.after(5, () => {
      fired.push('fired');
      resolve();
    });
  });
  distant.cancel();
  expect(fired).toEqual(['fired']);
});

test('tokens are as long as asked and all different', () => {
  const tokens = Array.from({ length: 100 }, () => systemRandom.token(16));
  expect(new Set(tokens).size).toBe(100);
  expect(tokens.every((token) => /^[A-Za-z0-9_-]{22}$/.test(token))).toBe(true);
  expect(systemRandom.uniform()).toBeLessThan(1);
});
