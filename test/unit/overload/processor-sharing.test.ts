import { describe, expect, test } from 'vitest';
import { ProcessorSharing, throughputShare } from '../../bench/overload/stub/processor-sharing.ts';
import { ServiceTimes } from '../../bench/overload/stub/service-times.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';

describe('a server that shares itself among its calls', () => {
  test('loses a part of its throughput with each further multiple of its capacity', () => {
    expect(throughputShare(0, 4, 0.35)).toBe(1);
    expect(throughputShare(4, 4, 0.35)).toBe(1);
    expect(throughputShare(8, 4, 0.35)).toBeCloseTo(0.65);
    expect(throughputShare(12, 4, 0.35)).toBeCloseTo(0.4225);
    expect(throughputShare(4_000, 4, 0.35)).toBe(0.05);
  });

  test('works on as many calls as it has places without slowing down', () => {
    const server = new ProcessorSharing<string>(2, 0.35);
    server.add('a', 500, 0);
    server.add('b', 300, 100);
    expect(server.nextEnd()).toBe(400);
    expect(server.finished(400)).toEqual(['b']);
    expect(server.nextEnd()).toBe(500);
    expect(server.finished(500)).toEqual(['a']);
    expect(server.nextEnd()).toBeUndefined();
  });

  test('takes twice as long for twice as many, and the penalty more', () => {
    const fair = new ProcessorSharing<string>(1, 0);
    fair.add('a', 500, 0);
    fair.add('b', 500, 0);
    expect(fair.nextEnd()).toBe(1000);
    const slowed = new ProcessorSharing<string>(1, 0.35);
    slowed.add('a', 500, 0);
    slowed.add('b', 500, 0);
    expect(slowed.nextEnd()).toBeCloseTo(1000 / 0.65);
  });

  test('gives the rest its speed back when a call is gone', () => {
    const server = new ProcessorSharing<string>(1, 0);
    server.add('a', 500, 0);
    server.add('b', 500, 0);
    server.remove('b', 200);
    expect(server.nextEnd()).toBe(600);
  });

  test('takes a change of its capacity at once', () => {
    const server = new ProcessorSharing<string>(2, 0);
    server.add('a', 500, 0);
    server.add('b', 500, 0);
    server.setCapacity(1, 250);
    expect(server.nextEnd()).toBe(750);
    server.setCapacity(2, 500);
    expect(server.nextEnd()).toBe(625);
    expect(server.finished(625)).toEqual(['a', 'b']);
  });
});

describe('service times', () => {
  test('have the mean and the spread that were asked for, in every deck', () => {
    const times = new ServiceTimes(500, 0.25, new SeededRandom(1));
    for (let deck = 0; deck < 3; deck += 1) {
      const drawn = Array.from({ length: 64 }, () => times.next());
      const mean = drawn.reduce((sum, time) => sum + time, 0) / 64;
      const variance = drawn.reduce((sum, time) => sum + (time - mean) ** 2, 0) / 64;
      expect(mean).toBeCloseTo(500, 6);
      expect(Math.sqrt(variance) / mean).toBeCloseTo(0.25, 1);
    }
  });

  test('are dealt in another order by another seed', () => {
    const first = new ServiceTimes(500, 0.25, new SeededRandom(1));
    const second = new ServiceTimes(500, 0.25, new SeededRandom(2));
    const draw = (times: ServiceTimes) => Array.from({ length: 64 }, () => times.next());
    const [one, other] = [draw(first), draw(second)];
    expect(one).not.toEqual(other);
    expect(one.toSorted()).toEqual(other.toSorted());
  });
});
