/** The fair queue and the control of bursts on a virtual clock, without a gateway around them. */
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../seeded-random.ts';
import { Load, PROMISE_MS } from './load.ts';
import { SharedProcessor } from './shared-processor.ts';
import { SmallWorld } from './small-world.ts';
import { Timeline } from './timeline.ts';

const WORLDS = 10_000;
const CHUNK = 2_500;
const TIMEOUT_MS = 120_000;
/** Calls a second that one place of the simulated server is good for. */
const PER_PLACE = 2;

const chunks = Array.from({ length: WORLDS / CHUNK }, (_, index) => index * CHUNK + 1);
const seeds = [1, 2, 3, 4, 5];

describe('small worlds of random people, faults and lost gateways', () => {
  test.each(chunks)(
    'A21 B6 L5 nobody starves, no place is idle, one token an object, the ceiling holds: from %i on',
    (first) => {
      let clicks = 0;
      for (let seed = first; seed < first + CHUNK; seed += 1) {
        const world = new SmallWorld(seed).play();
        expect(world.errors, `seed ${seed}`).toEqual([]);
        clicks += world.clicks;
      }
      expect(clicks).toBeGreaterThan(10 * CHUNK);
    },
    TIMEOUT_MS,
  );
});

interface Scene {
  readonly load: Load;
  readonly server: SharedProcessor;
  readonly time: Timeline;
}

function scene(seed: number, capacity: number, ceiling = capacity): Scene {
  const time = new Timeline();
  const random = new SeededRandom(seed);
  const server = new SharedProcessor(time, random, capacity);
  return { load: new Load(time, random, server, { ceiling, maxWaitMs: 2_000 }), server, time };
}

/** Calm people who together want `factor` times what the capacity is good for. */
function crowd({ load }: Scene, capacity: number, factor: number, until: number, sessions = 80) {
  const each = (capacity * PER_PLACE * factor) / sessions;
  for (let n = 0; n < sessions; n += 1) load.clicks(`calm ${n}`, 2, each, until);
}

const percentile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

describe.each(seeds)('overload of a server that shares its processor, seed %i', (seed) => {
  test.each([2, 5, 10])('keeps its goodput at %i times what it can do', (factor) => {
    const play = scene(seed, 4);
    crowd(play, 4, factor, 100_000);
    play.time.run(110_000);
    const { load, server } = play;
    expect(load.goodput(10_000, 100_000)).toBeGreaterThan(0.93 * 4 * PER_PLACE);
    const latencies = load.masks.map(({ latencyMs }) => latencyMs);
    expect(percentile(latencies, 0.99)).toBeLessThan(PROMISE_MS);
    expect(server.mostOpen).toBe(4);
  });

  test('stays near a capacity that is far below its ceiling', () => {
    const play = scene(seed, 2, 16);
    crowd(play, 2, 5, 100_000);
    play.time.run(110_000);
    expect(play.load.goodput(10_000, 100_000)).toBeGreaterThan(0.7 * 2 * PER_PLACE);
    expect(play.server.mostOpen).toBeLessThanOrEqual(6);
  });

  test('follows a capacity that falls from 4 to 1 and rises again', () => {
    const play = scene(seed, 4);
    crowd(play, 4, 2, 300_000);
    play.time.at(100_000, () => play.server.setCapacity(1));
    play.time.at(200_000, () => play.server.setCapacity(4));
    const limits: number[] = [];
    for (let at = 110_000; at < 200_000; at += 100) {
      play.time.at(at, () => limits.push(play.load.queue.load(at).limit));
    }
    play.time.run(310_000);
    const { load } = play;
    expect(load.goodput(20_000, 100_000)).toBeGreaterThan(0.95 * 4 * PER_PLACE);
    expect(load.goodput(100_000, 200_000)).toBeGreaterThan(0.7 * PER_PLACE);
    expect(load.goodput(220_000, 300_000)).toBeGreaterThan(0.95 * 4 * PER_PLACE);
    expect(percentile(limits, 0.8)).toBeLessThanOrEqual(2);
  });

  test('a person who asks for half of everything costs the others little, and less than a crowd', () => {
    const latencyBeside = (more: (play: Scene) => void) => {
      const play = scene(seed, 8);
      crowd(play, 8, 0.45, 200_000, 10);
      more(play);
      play.time.run(210_000);
      const calm = play.load.masks.filter(({ session }) => session.startsWith('calm'));
      return percentile(
        calm.map(({ latencyMs }) => latencyMs),
        0.95,
      );
    };
    const perSecond = 0.45 * 8 * PER_PLACE;
    const beside = latencyBeside(({ load }) => load.clicks('greedy', 10, perSecond, 200_000));
    const crowded = latencyBeside(({ load }) => {
      for (let n = 0; n < 10; n += 1) load.clicks(`more ${n}`, 10, perSecond / 10, 200_000);
    });
    expect(beside).toBeLessThan(1.35 * latencyBeside(() => {}));
    expect(beside).toBeLessThan(0.9 * crowded);
  });

  test('an object that is clicked ten times a second gets its share, no more and no less', () => {
    const play = scene(seed, 4);
    crowd(play, 4, 2, 200_000, 40);
    play.load.clicks('fast', 1, 10, 200_000);
    play.time.run(210_000);
    const countOf = (name: string) =>
      play.load.masks.filter(({ session }) => session === name).length;
    const calm = Array.from({ length: 40 }, (_, n) => countOf(`calm ${n}`));
    const mean = calm.reduce((sum, count) => sum + count, 0) / calm.length;
    expect(countOf('fast')).toBeGreaterThan(0.8 * mean);
    expect(countOf('fast')).toBeLessThan(2.1 * 200);
  });

  test('B5 retries a tenth at the most, and holds the ceiling, whatever fails', () => {
    const play = scene(seed, 4);
    const faults = new SeededRandom(seed);
    play.load.fault = () => {
      const burst = Math.floor(play.time.now / 5_000) % 3 === 0;
      if (faults.chance(burst ? 0.5 : 0.02)) return faults.pick(['busy', 'fail', 'hang'] as const);
      return undefined;
    };
    crowd(play, 4, 2, 100_000);
    play.time.run(110_000);
    const { load, server } = play;
    expect(load.retries).toBeLessThanOrEqual(0.1 * load.calls + 1);
    expect(load.retries).toBeGreaterThan(0);
    expect(server.mostOpen).toBeLessThanOrEqual(4);
    expect(load.queue.load(play.time.now)).toMatchObject({ waiting: 0, leased: 0 });
    expect(load.goodput(10_000, 100_000)).toBeGreaterThan(0.3 * 4 * PER_PLACE);
  });
});
