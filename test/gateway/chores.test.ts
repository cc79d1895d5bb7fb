import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../src/core/problem.ts';
import { Chores } from '../../src/gateway/chores.ts';
import { eachInTurn } from '../../src/gateway/each-in-turn.ts';
import { ServiceMonitor } from '../../src/gateway/work/service-monitor.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

describe('chores', () => {
  function opened(run: (clock: VirtualClock) => Promise<void>) {
    const clock = new VirtualClock();
    const errors: unknown[] = [];
    const log = {
      info() {},
      warn() {},
      error: (_: string, fields?: unknown) => errors.push(fields),
    };
    const chores = new Chores(clock, log, [{ name: 'chore', everyMs: 100, run: () => run(clock) }]);
    chores.start();
    return { clock, chores, errors };
  }

  test('L7 a chore that takes longer than its span never overlaps itself', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const { clock } = opened(async (time) => {
      running += 1;
      runs += 1;
      most = Math.max(most, running);
      await time.sleep(250);
      running -= 1;
    });
    await clock.run(3_500);
    expect(most).toBe(1);
    expect(runs).toBe(10);
  });

  test('L7 a chore that fails is reported and comes again', async () => {
    let runs = 0;
    const { clock, errors } = opened(async () => {
      runs += 1;
      if (runs % 2 === 1) throw new Error(`run ${runs}`);
    });
    await clock.run(450);
    expect(runs).toBe(4);
    expect(errors).toEqual([
      { chore: 'chore', error: 'run 1' },
      { chore: 'chore', error: 'run 3' },
    ]);
  });

  test('A25 none comes after the stop, not even from one under way', async () => {
    let runs = 0;
    const { clock, chores } = opened(async (time) => {
      runs += 1;
      await time.sleep(50);
    });
    await clock.run(110);
    chores.stop();
    await clock.run(1_000);
    expect(runs).toBe(1);
  });
});

describe('visiting each in turn', () => {
  test('L7 what fails for one is told when all have had their turn', async () => {
    const visited: number[] = [];
    const visits = eachInTurn([1, 2, 3], async (item) => {
      visited.push(item);
      if (item < 3) throw new Error(`no ${item}`);
    });
    await expect(visits).rejects.toThrow('2 failed, the first with: no 1');
    expect(visited).toEqual([1, 2, 3]);
  });

  test('L7 lost storage is lost for all: the pass ends there', async () => {
    const visited: number[] = [];
    const visits = eachInTurn([1, 2], async (item) => {
      visited.push(item);
      throw new ProblemError('storage_unavailable', 'away');
    });
    await expect(visits).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(visited).toEqual([1]);
  });
});

describe('judging the feature server', () => {
  test('A22 it is what the pool says, repeats are no news', () => {
    const told: string[] = [];
    const monitor = new ServiceMonitor({
      changed: (state) => told.push(state),
      serverChanged: () => {},
    });
    for (const health of ['ok', 'degraded', 'degraded', 'down', 'ok'] as const) {
      monitor.learn([health]);
    }
    expect(told).toEqual(['degraded', 'down', 'ok']);
  });

  test('A22 one that cannot be reached is down whatever others say, until it answers', () => {
    const told: string[] = [];
    const monitor = new ServiceMonitor({
      changed: (state) => told.push(state),
      serverChanged: () => {},
    });
    monitor.unreachable();
    monitor.learn(['degraded']);
    expect(monitor.state).toBe('down');
    monitor.reached();
    expect(told).toEqual(['down', 'degraded']);
  });
});
